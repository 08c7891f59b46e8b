/**
 * `POST /v1/router/requests/:id/feedback`: what somebody thinks of an answer, kept with its receipt.
 */
import * as z from 'zod/mini'
import { RouterError } from '../../shared/errors.ts'
import { parseJsonBody } from '../../shared/json.ts'
import { FEEDBACK } from '../ledger/receipt-record.ts'
import type { AppContext, AppDependencies } from './context.ts'
import { ledgerOf, reading, scopeOf } from './ledger-access.ts'
import { readJsonBytes } from './read-body.ts'
import { noReceipt } from './receipts.ts'

const MAX_BYTES = 4_096
export const feedbackSchema = z.object({ feedback: z.enum(FEEDBACK) })

/** Returns the handler. */
export function createFeedbackHandler(
  dependencies: AppDependencies,
): (context: AppContext) => Promise<Response> {
  return async (context) => {
    const { value } = parseJsonBody(await readJsonBytes(context.req.raw, MAX_BYTES))
    const parsed = feedbackSchema.safeParse(value)
    if (!parsed.success)
      throw new RouterError('invalid_request', `feedback must be one of ${FEEDBACK.join(', ')}.`)
    const { feedback } = parsed.data
    const id = context.req.param('id') ?? ''
    const given = ledgerOf(dependencies).giveFeedback(scopeOf(context, undefined), id, feedback)
    if (!(await reading(dependencies, context, given))) throw noReceipt()
    return context.json({ id, feedback })
  }
}
