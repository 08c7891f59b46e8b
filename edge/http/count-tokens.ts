/**
 * `POST /v1/messages/count_tokens`: Claude's own count where Claude can be asked, else an estimate, marked as one.
 */
import { clientSignal } from './answer.ts'
import type { AppContext, AppDependencies } from './context.ts'
import { createRequestCounter } from './count-request.ts'
import { readJsonBytes } from './read-body.ts'
import { checkBody, createRouterRequest } from './read-request.ts'

/** Marks a count that is not Claude's. */
export const ESTIMATE_HEADERS = { 'x-router-estimate': 'true' } as const

/** Returns the handler. */
export function createCountTokensHandler(
  dependencies: AppDependencies,
): (context: AppContext) => Promise<Response> {
  const { config } = dependencies
  const countRequest = createRequestCounter(dependencies)
  return async (context) => {
    const { body, text, value } = checkBody(await readJsonBytes(context.req.raw, config.maxBodyBytes))
    const request = createRouterRequest(
      context,
      // The endpoint takes the same body without max_tokens.
      { body, text, value: withMaxTokens(value) },
      clientSignal(context).signal,
    )
    const count = await countRequest(request)
    if ('bytes' in count) return new Response(count.bytes, count)
    return context.json({ input_tokens: count.estimate, estimated: true }, 200, ESTIMATE_HEADERS)
  }
}

function withMaxTokens(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return { max_tokens: 1, ...value }
}
