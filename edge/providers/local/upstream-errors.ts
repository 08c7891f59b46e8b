/**
 * What a local server's failure means: for the client, for the next target and for the server's health. Only our own
 * container's words reach a client; another server's may hold anything. Does not decide what to do about it.
 */
import * as z from 'zod/mini'
import { RouterError, readRetryAfterMs } from '../../../shared/errors.ts'
import type { ErrorEvent } from '../../fallback/commit.ts'
import { discardBody } from '../provider.ts'

const errorSchema = z.looseObject({
  error: z.looseObject({ message: z.string(), type: z.catch(z.optional(z.string()), undefined) }),
})
const LONGEST_REASON = 300
/** What a restart of the container's model takes, where an answer that had begun was lost to it. */
const RESTART_MS = 2_000
/** Of the request, not of the server: 413 and 422 are how other servers say 400. */
const REQUEST_FAULTS: ReadonlySet<number> = new Set([400, 413, 422])

/** Says whether the response is our own container's, which tells its load in each of them. */
export function isFromContainer(response: Response): boolean {
  return response.headers.has('x-queue-depth')
}

/**
 * Reads a response that is no answer, and closes it.
 * @param within waits for its body under the request's deadline
 * @param now milliseconds since the epoch
 */
export async function errorOfResponse(
  response: Response,
  within: (work: Promise<unknown>) => Promise<unknown>,
  now: number,
): Promise<RouterError> {
  const { status } = response
  const retryAfterMs = readRetryAfterMs(response.headers, now)
  const own = await ownError(response, within)
  if (status === 409 && own !== undefined)
    return new RouterError(own.type === 'low_confidence' ? 'low_confidence' : 'declined', own.reason)
  if (REQUEST_FAULTS.has(status)) return unsupported(own?.reason)
  // 529 is what Anthropic's own API says when it is full; servers that imitate it say the same.
  if (status === 429 || status === 529)
    return new RouterError('overloaded', 'The local model is busy.', { retryAfterMs: retryAfterMs ?? 1_000 })
  if (status === 503) return new RouterError('unavailable', 'The local model is not ready.', { retryAfterMs })
  if (status === 401 || status === 403)
    return new RouterError('unavailable', 'The local model refuses the router.')
  return new RouterError('upstream', 'The local model failed.')
}

/** Returns what an error event within an answer means. */
export function errorOfEvent({ error }: ErrorEvent, fromContainer: boolean): RouterError {
  if (fromContainer && (error.code === 'declined' || error.code === 'low_confidence'))
    return new RouterError(error.code, presentable(error.message))
  if (fromContainer && error.type === 'invalid_request_error') return unsupported(presentable(error.message))
  if (fromContainer && error.code === 'unavailable')
    return new RouterError('unavailable', 'The local model is being restarted.', { retryAfterMs: RESTART_MS })
  if (fromContainer && error.type === 'overloaded_error')
    return new RouterError('overloaded', 'The local model is busy.', { retryAfterMs: 1_000 })
  return new RouterError('upstream', 'The local model failed while it was answering.')
}

function unsupported(reason: string | undefined): RouterError {
  return new RouterError(
    'unsupported',
    reason ?? 'The local model’s server does not take this request. Change its parameters, or ask Claude.',
  )
}

async function ownError(
  response: Response,
  within: (work: Promise<unknown>) => Promise<unknown>,
): Promise<{ readonly type: string | undefined; readonly reason: string } | undefined> {
  if (!isFromContainer(response)) {
    discardBody(response)
    return undefined
  }
  const parsed = errorSchema.safeParse(await within(response.json()).catch(() => undefined))
  if (!parsed.success) return undefined
  const { type, message } = parsed.data.error
  return { type, reason: presentable(message) }
}

function presentable(message: string): string {
  return message.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, LONGEST_REASON)
}
