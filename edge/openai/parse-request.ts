/**
 * Checks the body of a request in either of OpenAI's formats, and tells one of the other format where it belongs. Knows no format.
 */
import type * as z from 'zod/mini'
import { RouterError } from '../../shared/errors.ts'
import { describeIssue } from '../../shared/messages.ts'
import { property } from './property.ts'

export type Formats = {
  /** The member that holds the conversation, here and in the other format. */
  readonly conversation: string
  readonly elsewhere: string
  /** What to do with a body of the other format. */
  readonly advice: string
}

/**
 * Returns the body as its schema reads it.
 * @throws {RouterError} `invalid_request` that names the field, such as `messages.0.role: must be "system", …`
 */
export function parseRequest<T>(
  schema: z.ZodMiniType<T>,
  value: unknown,
  { conversation, elsewhere, advice }: Formats,
): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const isOther = property(value, elsewhere) !== undefined && property(value, conversation) === undefined
  throw new RouterError(
    'invalid_request',
    issue?.path[0] === conversation && isOther
      ? `${conversation}: is missing. ${advice}`
      : describeIssue(issue),
  )
}
