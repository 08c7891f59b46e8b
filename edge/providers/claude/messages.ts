/**
 * Claude over HTTP: the request's bytes as they came, the answer's bytes as they come, one retry at most.
 * The only retry loop in the system; clients are told not to add their own (`x-should-retry: false`).
 */
import { RouterError } from '../../../shared/errors.ts'
import { isContent, type StreamEvent } from '../../../shared/events.ts'
import type { Log } from '../../../shared/log.ts'
import { messageResponseSchema } from '../../../shared/messages.ts'
import { createDeadline } from '../../fallback/deadline.ts'
import { type RouterRequest, wantsStream } from '../../request.ts'
import type { ClaudeConfig } from '../../settings/core-settings.ts'
import type { Target } from '../../target.ts'
import { type Answer, type AnswerChunk, type Fetch, fetchOrUnavailable, type Provider } from '../provider.ts'
import { claudeRequestHeaders, visibleHeaders } from './headers.ts'
import { claudeRequestBody } from './request-body.ts'
import { readClaudeStream } from './stream.ts'
import {
  isWorthRetrying,
  ownError,
  readUpstreamError,
  retryWaitMs,
  statusOfErrorType,
  type UpstreamError,
} from './upstream-errors.ts'

export type ClaudeProviderOptions = {
  readonly config: ClaudeConfig
  readonly fetch: Fetch
  readonly log: Log
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly sleep: (milliseconds: number) => Promise<void>
}

/** A stream is committed this long after its first event even if nothing but pings has followed. */
const LONGEST_HOLD_MS = 5_000
const SHORTEST_JITTER_MS = 250
const LONGEST_JITTER_MS = 2_000

type Outcome =
  | { readonly ok: true; readonly answer: Answer }
  | { readonly ok: false; readonly upstreamError: UpstreamError }

/** Returns the provider. A missing key is an error of each request, not of the start: local answers need none. */
export function createClaudeProvider(options: ClaudeProviderOptions): Provider {
  const { config, log, now, random, sleep } = options
  const jitterMs = () => SHORTEST_JITTER_MS + random() * (LONGEST_JITTER_MS - SHORTEST_JITTER_MS)

  return {
    name: 'claude',
    async open(request, target, { isFallback, onAttempt }) {
      const headers = claudeRequestHeaders(config, request)
      const body = claudeRequestBody(request, target, isFallback)
      for (let attempt = 1; ; attempt++) {
        const mayRetry = attempt <= config.maxRetries
        onAttempt()
        const outcome = await attemptOnce(options, request, target, headers, body).catch((error) => {
          const known = RouterError.from(error)
          // Only a request that never reached Claude is sent again: a broken answer has been paid for.
          if (!mayRetry || known.code !== 'unavailable') throw known
          return undefined
        })
        if (outcome?.ok) return outcome.answer
        const wait =
          outcome === undefined ? jitterMs() : retryWaitMs(outcome.upstreamError, now(), jitterMs())
        if (mayRetry && wait !== undefined && !request.signal.aborted) {
          await sleep(wait)
          continue
        }
        if (outcome === undefined) throw new RouterError('cancelled', 'The client closed the connection.')
        return refused(
          outcome.upstreamError,
          target,
          attempt,
          config.keySource === 'router',
          log,
          request.id,
          now(),
        )
      }
    },
  }
}

async function attemptOnce(
  { config, fetch }: ClaudeProviderOptions,
  request: RouterRequest,
  target: Target,
  requestHeaders: Record<string, string>,
  body: Uint8Array | string,
): Promise<Outcome> {
  const deadline = createDeadline(request.signal, config.deadlines.totalMs)
  try {
    // A whole answer's headers come when it has been written, minutes later where it is long.
    const { headersMs, totalMs } = config.deadlines
    deadline.stage(wantsStream(request) ? headersMs : totalMs, 'Claude did not begin to answer')
    const response = await deadline.within(
      fetchOrUnavailable(
        fetch,
        `${config.baseUrl}/v1/messages${request.query}`,
        {
          method: 'POST',
          headers: requestHeaders,
          body,
          signal: deadline.signal,
        },
        'Claude',
      ),
    )
    const headers = visibleHeaders(response.headers)
    if (!response.ok || response.body === null) {
      const bytes = await deadline.within(readAll(response))
      deadline.done()
      return { ok: false, upstreamError: readUpstreamError(response.status, response.headers, bytes) }
    }
    if (!wantsStream(request)) {
      const bytes = await deadline.within(readAll(response))
      deadline.done()
      const message = messageResponseSchema.safeParse(parseJson(bytes))
      if (!message.success) return { ok: false, upstreamError: notAnAnswer(response.headers) }
      const answerBody = { kind: 'non_streaming', bytes, message: message.data } as const
      return { ok: true, answer: { target, status: response.status, headers, body: answerBody } }
    }
    if (!/^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '')) {
      response.body.cancel().catch(() => {})
      deadline.done()
      return { ok: false, upstreamError: notAnAnswer(response.headers) }
    }
    const { idleMs, firstContentMs } = config.deadlines
    deadline.stage(firstContentMs, 'Claude did not begin to answer')
    const chunks = readClaudeStream(response.body, deadline, idleMs)
    const held = await holdUntilContent(chunks)
    if (held.upstreamError) {
      await chunks.return(undefined)
      const bytes = new TextEncoder().encode(JSON.stringify(held.upstreamError))
      const status = statusOfErrorType(held.upstreamError.error.type)
      return { ok: false, upstreamError: readUpstreamError(status, response.headers, bytes) }
    }
    const answerBody = { kind: 'stream', chunks: continueWith(held, chunks) } as const
    return { ok: true, answer: { target, status: response.status, headers, body: answerBody } }
  } catch (error) {
    deadline.cancel()
    throw error
  }
}

type Held = {
  readonly chunks: readonly AnswerChunk[]
  /** A read that was begun and not awaited. */
  readonly pending: Promise<IteratorResult<AnswerChunk>> | undefined
  readonly upstreamError: Extract<StreamEvent, { type: 'error' }> | undefined
}

/** Holds the beginning back until something readable comes, so that an early error can still become a retry. */
async function holdUntilContent(chunks: AsyncIterator<AnswerChunk>): Promise<Held> {
  const held: AnswerChunk[] = []
  let hold: Promise<'held'> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    for (;;) {
      const next = chunks.next()
      next.catch(() => {})
      // Each read is within the deadline already; waiting within it here would hide why a read failed.
      const first = await (hold === undefined ? next : Promise.race([next, hold]))
      if (first === 'held') return { chunks: held, pending: next, upstreamError: undefined }
      if (first.done) return { chunks: held, pending: undefined, upstreamError: undefined }
      held.push(first.value)
      const error = first.value.events.find((event) => event.type === 'error')
      if (error) return { chunks: held, pending: undefined, upstreamError: error }
      if (first.value.events.some((event) => isContent(event) || event.type === 'message_stop'))
        return { chunks: held, pending: undefined, upstreamError: undefined }
      hold ??= new Promise((resolve) => {
        timer = setTimeout(() => resolve('held'), LONGEST_HOLD_MS)
      })
    }
  } finally {
    if (timer !== undefined) clearTimeout(timer)
  }
}

async function* continueWith(held: Held, chunks: AsyncGenerator<AnswerChunk>): AsyncGenerator<AnswerChunk> {
  try {
    yield* held.chunks
    const pending = await held.pending
    if (pending && !pending.done) yield pending.value
    yield* chunks
  } finally {
    await chunks.return(undefined)
  }
}

function refused(
  upstreamError: UpstreamError,
  target: Target,
  attempts: number,
  ownKey: boolean,
  log: Log,
  requestId: string,
  now: number,
): Answer {
  const own = ownError(upstreamError, ownKey)
  if (own !== undefined) {
    if (own.code !== 'overloaded' && own.code !== 'timeout')
      log(
        '[Router] Claude refuses the router',
        { requestId, status: upstreamError.status, hint: own.message },
        'error',
      )
    throw own
  }
  const headers = { ...visibleHeaders(upstreamError.headers), 'content-type': 'application/json' }
  if (attempts > 1 || !isWorthRetrying(upstreamError, now))
    Object.assign(headers, { 'x-should-retry': 'false' })
  return {
    target,
    status: upstreamError.status,
    headers,
    body: { kind: 'non_streaming', bytes: upstreamError.bytes, message: undefined },
  }
}

function notAnAnswer(headers: Headers): UpstreamError {
  return { status: 502, headers, bytes: new Uint8Array(), type: undefined }
}

async function readAll(response: Response): Promise<Uint8Array> {
  try {
    return new Uint8Array(await response.arrayBuffer())
  } catch (cause) {
    throw new RouterError('upstream', 'The connection to Claude broke while it was answering.', { cause })
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}
