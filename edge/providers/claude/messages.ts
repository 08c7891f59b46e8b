/**
 * Claude over HTTP: the request's bytes as they came, the answer's bytes as they come, one retry at most.
 * The only retry loop in the system; clients are told not to add their own (`x-should-retry: false`).
 */
import { errorTypeMeaning, RouterError } from '../../../shared/errors.ts'
import { createMessageFold, type MessageFold } from '../../../shared/events.ts'
import type { Log } from '../../../shared/log.ts'
import { readMessage, type Usage } from '../../../shared/messages.ts'
import { replayAnswer } from '../../cache/replay.ts'
import { commitAtContent } from '../../fallback/commit.ts'
import { createDeadline } from '../../fallback/deadline.ts'
import { causeOf, causeOfStatus } from '../../fallback/failure.ts'
import { isMarked, type PromptCache } from '../../prompt-cache/prompt-cache.ts'
import { type RouterRequest, wantsStream } from '../../request.ts'
import type { ClaudeConfig } from '../../settings/core-settings.ts'
import type { Target } from '../../target.ts'
import { type Answer, type Fetch, fetchOrUnavailable, type Provider } from '../provider.ts'
import { claudeRequestHeaders, visibleHeaders } from './headers.ts'
import { claudeChanges, claudeRequestBody } from './request-body.ts'
import { readClaudeStream } from './stream.ts'
import {
  isAnthropic,
  isWorthRetrying,
  notAnAnswer,
  ownError,
  readUpstreamError,
  refusesMarks,
  retryWaitMs,
  type UpstreamError,
  visibleBody,
} from './upstream-errors.ts'

export type ClaudeProviderOptions = {
  readonly config: ClaudeConfig
  readonly promptCache: PromptCache
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
  const { config, promptCache, now, random, sleep } = options
  const jitterMs = () => SHORTEST_JITTER_MS + random() * (LONGEST_JITTER_MS - SHORTEST_JITTER_MS)

  return {
    name: 'claude',
    async open(request, target, { isFallback, onAttempt, onFailedAttempt }) {
      const headers = claudeRequestHeaders(config, request)
      const changes = claudeChanges(request, target, isFallback)
      let cachedPrompt = promptCache.consider(request, target.model, changes)
      let body = claudeRequestBody(request, changes, cachedPrompt.facts.marked)
      for (let attempt = 1; ; attempt++) {
        const mayRetry = attempt <= config.maxRetries
        onAttempt()
        const told = createMessageFold()
        const outcome = await attemptOnce(options, request, target, headers, body, told).catch((error) => {
          const known = RouterError.from(error)
          onFailedAttempt({ cause: causeOf(known), ...spent(told, target, usedWithoutTelling(known)) })
          // Only a request that never reached Claude is sent again: a broken answer has been paid for.
          if (mayRetry && known.code === 'unavailable') return undefined
          cachedPrompt.abandoned()
          throw known
        })
        if (outcome?.ok) {
          // Told here, as it holds for an answer that nobody gets as well: another target may have been faster.
          cachedPrompt.begun()
          return { ...outcome.answer, cachedPrompt }
        }
        if (outcome !== undefined)
          onFailedAttempt({
            cause: causeOfStatus(outcome.upstreamError.status),
            ...spent(told, target, NOTHING),
          })
        if (outcome !== undefined && isMarked(cachedPrompt.facts) && refusesMarks(outcome.upstreamError)) {
          // The client has asked for no mark: it must not notice that its server knows none.
          cachedPrompt = cachedPrompt.refused()
          body = claudeRequestBody(request, changes)
          attempt--
          continue
        }
        const wait =
          outcome === undefined ? jitterMs() : retryWaitMs(outcome.upstreamError, now(), jitterMs())
        if (mayRetry && wait !== undefined && !request.signal.aborted) {
          await sleep(wait)
          // Meanwhile the client, or the other one of a hedged request, may have made it pointless.
          if (!request.signal.aborted) continue
        }
        cachedPrompt.abandoned()
        if (outcome === undefined) throw new RouterError('cancelled', 'The client closed the connection.')
        return { ...passedOn(options, outcome.upstreamError, { request, target, attempt }), cachedPrompt }
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
  told: MessageFold,
): Promise<Outcome> {
  const deadline = createDeadline(request.signal, config.deadlines.totalMs)
  try {
    const isStream = wantsStream(request)
    // The headers of a non-streaming answer come when it has been written, minutes later where it is long.
    const { headersMs, totalMs } = config.deadlines
    deadline.stage(isStream ? headersMs : totalMs, 'Claude did not begin to answer')
    const ask = async () => {
      const response = await fetchOrUnavailable(
        fetch,
        `${config.baseUrl}/v1/messages${request.query}`,
        {
          method: 'POST',
          headers: requestHeaders,
          // No body lies in shared memory, which some platforms' types of a request body leave out.
          body: body as string | Uint8Array<ArrayBuffer>,
          signal: deadline.signal,
        },
        'Claude',
      )
      // What is no stream has one limit for all of it, and is waited for once.
      return { response, whole: isStream ? undefined : await readAll(response) }
    }
    const { response, whole } = await deadline.within(ask())
    const headers = visibleHeaders(response.headers)
    if (!response.ok || response.body === null) {
      const bytes = whole ?? (await deadline.within(readAll(response)))
      deadline.done()
      return { ok: false, upstreamError: readUpstreamError(response.status, response.headers, bytes) }
    }
    const streams = /^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '')
    if (!isStream || !streams) {
      const bytes = whole ?? (await deadline.within(readAll(response)))
      deadline.done()
      const message = readMessage(parseJson(bytes))
      // What was answered has been paid for: it is not asked for again.
      if (message === undefined) throw notAnAnswer()
      const direct = { kind: 'non_streaming', bytes, message } as const
      // A server that does not stream has answered all the same.
      const answerBody = wantsStream(request) ? replayAnswer(message, true) : direct
      return { ok: true, answer: { target, status: response.status, headers, body: answerBody } }
    }
    const { idleMs, firstContentMs } = config.deadlines
    deadline.stage(firstContentMs, 'Claude did not begin to answer')
    const commitment = await commitAtContent(
      readClaudeStream(response.body, deadline, idleMs, isAnthropic(config.baseUrl)),
      {
        // Asked for what is held back only, the beginning of an answer that may come to nothing.
        eventsOf: ({ events }) => {
          for (const event of events) told.add(event)
          return events
        },
        acceptsEmpty: () => true,
        longestHoldMs: LONGEST_HOLD_MS,
        abort: deadline.cancel,
      },
    )
    if (!commitment.committed) {
      const bytes = new TextEncoder().encode(JSON.stringify(commitment.error))
      const status = errorTypeMeaning(commitment.error.error.type).status
      return { ok: false, upstreamError: readUpstreamError(status, response.headers, bytes) }
    }
    const answerBody = { kind: 'stream', chunks: commitment.pieces, begun: told.message() } as const
    return { ok: true, answer: { target, status: response.status, headers, body: answerBody } }
  } catch (error) {
    deadline.cancel()
    throw error
  }
}

/** Claude charges nothing for an error. */
const NOTHING: Usage = {}

/** What was cut off after it had been sent may have been read and paid for; what never arrived has not. */
function usedWithoutTelling({ code }: RouterError): Usage | undefined {
  return code === 'unavailable' ? NOTHING : undefined
}

/** Returns the model and the tokens that a failed attempt told of, or `untold` where it told of none. */
function spent(told: MessageFold, target: Target, untold: Usage | undefined) {
  const message = told.message()
  return { model: message?.model ?? target.model, usage: message?.usage ?? untold }
}

type Attempt = { readonly request: RouterRequest; readonly target: Target; readonly attempt: number }

/** Returns the upstream's error as an answer. @throws {RouterError} an own one where its words are not for the client */
function passedOn(
  { config, log, now }: ClaudeProviderOptions,
  upstreamError: UpstreamError,
  { request, target, attempt }: Attempt,
): Answer {
  const own = ownError(upstreamError, config.keySource !== 'client')
  if (own !== undefined) {
    if (own.code !== 'overloaded' && own.code !== 'timeout')
      log(
        '[Router] Claude refuses the router',
        { requestId: request.id, status: upstreamError.status, hint: own.message },
        'error',
      )
    throw own
  }
  const headers = { ...visibleHeaders(upstreamError.headers), 'content-type': 'application/json' }
  if (attempt > 1 || !isWorthRetrying(upstreamError, now()))
    Object.assign(headers, { 'x-should-retry': 'false' })
  return {
    target,
    status: upstreamError.status,
    headers,
    body: {
      kind: 'non_streaming',
      bytes: visibleBody(upstreamError, isAnthropic(config.baseUrl)),
      message: undefined,
    },
  }
}

async function readAll(response: Response): Promise<Uint8Array> {
  try {
    return new Uint8Array(await response.arrayBuffer())
  } catch (cause) {
    throw new RouterError('upstream', 'The connection to Claude broke while it was answering.', { cause })
  }
}

const decoder = new TextDecoder()

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes))
  } catch {
    return undefined
  }
}
