/**
 * What Claude's errors mean: which are passed on verbatim, which are tried again, which are the operator's fault
 * and must not look like the client's.
 */
import * as z from 'zod/mini'
import { knownErrorType, RouterError, readRetryAfterMs } from '../../../shared/errors.ts'

const errorBodySchema = z.looseObject({
  type: z.literal('error'),
  error: z.looseObject({ type: z.string(), message: z.string() }),
  request_id: z.optional(z.string()),
})

const RETRIED_STATUSES = new Set([408, 409, 429, 500, 502, 503, 504, 529])
/** A wait longer than this is the client's to decide. */
const LONGEST_WAIT_MS = 5_000
/** SDKs obey any Retry-After, an hour included. */
const LONGEST_CLIENT_WAIT_MS = 60_000

export type UpstreamError = {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Uint8Array
  readonly type: string | undefined
  /** Of the body; the header's own goes its own way. */
  readonly requestId: string | undefined
}

/** Reads an upstream error's body; `type` is undefined where it is not Anthropic's shape (a proxy's HTML, say). */
export function readUpstreamError(status: number, headers: Headers, bytes: Uint8Array): UpstreamError {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    value = undefined
  }
  const parsed = errorBodySchema.safeParse(value)
  const { data } = parsed
  return { status, headers, bytes, type: data?.error.type, requestId: data?.request_id }
}

/**
 * Says how long to wait before the same request may be tried again, in ms, or undefined if it must not be.
 * A 429 without Retry-After is a spending limit: waiting does not lift it.
 */
export function retryWaitMs(upstreamError: UpstreamError, now: number, jitterMs: number): number | undefined {
  if (!RETRIED_STATUSES.has(upstreamError.status)) return undefined
  if (upstreamError.headers.get('x-should-retry') === 'false') return undefined
  const asked = readRetryAfterMs(upstreamError.headers, now)
  if (asked === undefined) return upstreamError.status === 429 ? undefined : jitterMs
  return asked <= LONGEST_WAIT_MS ? Math.max(asked, 1) : undefined
}

/**
 * Says whether the client may try again after the time that Claude asks for. Those that no waiting mends, and those
 * that would make an SDK sleep for longer than anybody waits, are not worth it.
 */
export function isWorthRetrying(upstreamError: UpstreamError, now: number): boolean {
  if (upstreamError.headers.get('x-should-retry') === 'false') return false
  const asked = readRetryAfterMs(upstreamError.headers, now)
  return asked === undefined ? upstreamError.status !== 429 : asked <= LONGEST_CLIENT_WAIT_MS
}

/** Says whether a request was refused because something in it is marked for the prompt cache. */
export function refusesMarks({ status, bytes }: UpstreamError): boolean {
  return (status === 400 || status === 422) && new TextDecoder().decode(bytes).includes('cache_control')
}

/** Says whether the address is one of Anthropic's own, whose error texts are written for its customers. */
export function isAnthropic(baseUrl: string): boolean {
  return /(^|\.)anthropic\.com$/.test(new URL(baseUrl).hostname)
}

/** Returns the error of an answer that is none of Claude's. */
export function notAnAnswer(): RouterError {
  return new RouterError(
    'upstream',
    'Claude could not be reached properly: something else answered in its place.',
  )
}

/** Returns what stands in the place of an error whose text is not for clients. A type that Anthropic does not document is replaced as well. */
export function ownWords(type: string): { readonly type: string; readonly message: string } {
  if (type === 'overloaded_error') return { type, message: 'Overloaded. Try again later.' }
  const known = knownErrorType(type)
  return { type: known, message: 'Claude failed to answer. Try again later.' }
}

/**
 * Returns the error's body as clients may see it: verbatim, but for the 5xx texts of servers that only speak Anthropic's
 * protocol, which may hold host names and the like. Type and request id stay.
 */
export function visibleBody(
  { status, bytes, type, requestId }: UpstreamError,
  fromAnthropic: boolean,
): Uint8Array {
  if (fromAnthropic || status < 500 || type === undefined) return bytes
  const body = {
    type: 'error',
    error: ownWords(type),
    ...(requestId === undefined ? {} : { request_id: requestId }),
  }
  return new TextEncoder().encode(JSON.stringify(body))
}

/**
 * Turns an upstream error that must not reach the client at all into an error of ours, or returns undefined where the
 * client gets `visibleBody`.
 * @param ownKey the credential is the operator's, so its trouble is not the client's
 */
export function ownError(upstreamError: UpstreamError, ownKey: boolean): RouterError | undefined {
  const { status } = upstreamError
  if (ownKey && (status === 401 || status === 403))
    return new RouterError(
      'upstream',
      "Claude refused the router's own credential. The operator must check ANTHROPIC_API_KEY.",
    )
  if (ownKey && status === 402)
    return new RouterError(
      'billing',
      "The router's account at Anthropic has no credit left. The operator must add some.",
    )
  if (upstreamError.type !== undefined && status >= 400 && status < 600) return undefined
  if (status === 529 || status === 503)
    return new RouterError('overloaded', 'Claude is overloaded. Try again later.')
  if (status === 504 || status === 408) return new RouterError('timeout', 'Claude did not answer in time.')
  return notAnAnswer()
}
