/**
 * The local model over HTTP: one attempt, never retried here (Claude is the retry). Several servers are used least
 * expected wait first, equals in turn. The stream is the only primitive: a whole answer is collected from it.
 */
import { RouterError, readRetryAfterMs } from '../../../shared/errors.ts'
import { collect, isContent, type KnownEvent, type StreamEvent } from '../../../shared/events.ts'
import type { Log } from '../../../shared/log.ts'
import { createSseDecoder, encodeSseEvent } from '../../../shared/sse.ts'
import { createDeadline, type Deadline } from '../../fallback/deadline.ts'
import { type RouterRequest, wantsStream } from '../../request.ts'
import { LOCAL_MODEL } from '../../routing/models.ts'
import type { Deadlines } from '../../settings/core-settings.ts'
import type { Target } from '../../target.ts'
import {
  type AnswerChunk,
  discardBody,
  type Fetch,
  fetchOrUnavailable,
  type Provider,
  readChunk,
} from '../provider.ts'
import type { LocalHealth } from './health.ts'
import type { LocalProtocol } from './protocol.ts'

export type LocalProviderOptions = {
  readonly servers: readonly LocalHealth[]
  readonly protocol: LocalProtocol
  readonly secret: string | undefined
  readonly deadlines: Deadlines
  readonly fetch: Fetch
  readonly log: Log
  readonly now: () => number
}

/** Returns the provider over one or more servers. */
export function createLocalProvider(options: LocalProviderOptions): Provider {
  const chooseServer = createServerChoice(options.servers)
  return {
    name: 'local',
    async open(request, target, { isLast, onAttempt }) {
      const server = chooseServer(request)
      const limits = isLast ? patient(options.deadlines) : options.deadlines
      const deadline = createDeadline(request.signal, limits.totalMs)
      try {
        onAttempt()
        const answered = await ask({ ...options, deadlines: limits }, server, request, target, deadline)
        const held = await holdUntilContent(answered)
        server.succeeded()
        const answer = { target, status: 200, headers: {} }
        const live = watch(continueWith(held, answered), server, request, deadline)
        if (wantsStream(request)) return { ...answer, body: { kind: 'stream', chunks: encode(live) } }
        const events: StreamEvent[] = []
        const message = await collect(request.logprobs ? keepIn(events, live) : live)
        const bytes = new TextEncoder().encode(JSON.stringify(message))
        return { ...answer, body: { kind: 'non_streaming', bytes, message, events } }
      } catch (error) {
        const known = RouterError.from(error)
        deadline.cancel()
        server.failed(known, request.waitUntil)
        throw known
      }
    },
  }
}

/** Short limits exist so that another target can take over; where there is none, patience is all that helps. */
function patient(deadlines: Deadlines): Deadlines {
  const { headersMs, firstContentMs, idleMs } = deadlines
  return {
    ...deadlines,
    headersMs: Math.max(headersMs, idleMs),
    firstContentMs: Math.max(firstContentMs, idleMs),
  }
}

/**
 * Returns a choice among servers: the least expected wait, and of those that expect the same (servers of other makes
 * say nothing of it) the one that was asked longest ago.
 * @throws {RouterError} the choice throws a server's reason if none may be asked
 */
function createServerChoice(servers: readonly LocalHealth[]): (request: RouterRequest) => LocalHealth {
  const turns = new Map<LocalHealth, number>()
  let turn = 0
  return (request) => {
    const reasons = servers.map((server) => server.unavailableReason(request.waitUntil))
    const open = servers.filter((_, index) => reasons[index] === undefined)
    open.sort(
      (left, right) =>
        left.expectedWaitMs() - right.expectedWaitMs() || (turns.get(left) ?? 0) - (turns.get(right) ?? 0),
    )
    const best = open[0]
    if (best === undefined)
      throw (
        reasons.find((error) => error !== undefined) ??
        new RouterError('unavailable', 'No local model is configured.')
      )
    turns.set(best, ++turn)
    return best
  }
}

async function ask(
  { protocol, secret, deadlines, fetch, log, now }: LocalProviderOptions,
  server: LocalHealth,
  request: RouterRequest,
  target: Target,
  deadline: Deadline,
): Promise<AsyncGenerator<StreamEvent>> {
  deadline.stage(deadlines.headersMs, 'The local model did not begin to answer')
  const model = target.model === LOCAL_MODEL ? (server.model()?.name ?? target.model) : target.model
  const response = await deadline.within(
    fetchOrUnavailable(
      fetch,
      `${server.url}${protocol.path}`,
      {
        method: 'POST',
        headers: {
          ...traceHeaders(request),
          ...protocol.headers(secret),
          'content-type': 'application/json',
          accept: 'text/event-stream',
          // The container sends headers when the request has its slot: waiting longer than for them is in vain.
          'x-deadline-ms': String(Math.min(deadlines.headersMs, deadlines.firstContentMs)),
          'x-router-request-id': request.id,
          ...(request.logprobs ? { 'x-logprobs': '1' } : {}),
        },
        body: JSON.stringify(protocol.body(request.view, model, request.logprobs)),
        signal: deadline.signal,
      },
      'The local model',
    ),
  )
  server.noteLoad(response.headers)
  if (!response.ok || response.body === null) {
    discardBody(response)
    throw httpError(response, log, now())
  }
  if (!/^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '')) {
    discardBody(response)
    throw new RouterError('upstream', 'Something else answered in place of the local model.')
  }
  deadline.stage(deadlines.firstContentMs, 'The local model wrote nothing')
  return readEvents(response.body, protocol, model, request.id, deadline, deadlines.idleMs)
}

async function* readEvents(
  body: ReadableStream<Uint8Array>,
  protocol: LocalProtocol,
  model: string,
  requestId: string,
  deadline: Deadline,
  idleMs: number,
): AsyncGenerator<StreamEvent> {
  const reader = body.getReader()
  const decoder = createSseDecoder()
  const translator = protocol.createReader(model, requestId)
  let started = false
  try {
    for (;;) {
      const { done, value } = await deadline.within(readChunk(reader, 'the local model'))
      const events = done ? translator.end() : decoder.push(value).flatMap((frame) => translator.push(frame))
      for (const event of events) {
        if (event.type === 'error')
          throw new RouterError('upstream', 'The local model failed while it was answering.')
        started ||= isContent(event)
        if (started) deadline.stage(idleMs, 'The local model wrote nothing more')
        yield event
        if (event.type === 'message_stop') return
      }
      if (done) throw new RouterError('upstream', 'The local model ended its answer before it was complete.')
    }
  } finally {
    reader.cancel().catch(() => {})
    deadline.cancel()
  }
}

type Held = { readonly events: readonly StreamEvent[] }

/** @throws {RouterError} `upstream` if the answer ends without a word */
async function holdUntilContent(events: AsyncIterator<StreamEvent>): Promise<Held> {
  const held: StreamEvent[] = []
  for (;;) {
    const next = await events.next()
    if (next.done || next.value.type === 'message_stop')
      throw new RouterError('upstream', 'The local model gave an empty answer.')
    held.push(next.value)
    if (isContent(next.value)) return { events: held }
  }
}

async function* continueWith(held: Held, events: AsyncGenerator<StreamEvent>): AsyncGenerator<StreamEvent> {
  try {
    yield* held.events
    yield* events
  } finally {
    await events.return(undefined)
  }
}

/** Tells the server's health of an answer that breaks after its first content. */
async function* watch(
  events: AsyncGenerator<StreamEvent>,
  server: LocalHealth,
  request: RouterRequest,
  deadline: Deadline,
): AsyncGenerator<StreamEvent> {
  try {
    yield* events
  } catch (error) {
    const known = RouterError.from(error)
    // A whole answer is collected inside `open`, which tells by itself.
    if (wantsStream(request)) server.failed(known, request.waitUntil)
    throw known
  } finally {
    deadline.done()
    await events.return(undefined)
  }
}

async function* keepIn(kept: StreamEvent[], events: AsyncIterable<StreamEvent>): AsyncGenerator<StreamEvent> {
  for await (const event of events) {
    kept.push(event)
    yield event
  }
}

async function* encode(events: AsyncIterable<StreamEvent>): AsyncGenerator<AnswerChunk> {
  const encoder = new TextEncoder()
  for await (const event of events) {
    if (event.type === 'unknown') continue
    yield { bytes: encoder.encode(encodeSseEvent(withoutLogprob(event))), events: [event] }
  }
}

/** `logprob` is a word between container and edge; no Messages client knows it. */
function withoutLogprob(event: KnownEvent): KnownEvent {
  if (event.type !== 'content_block_delta' || event.delta.logprob === undefined) return event
  const { logprob: _logprob, ...delta } = event.delta
  return { ...event, delta }
}

function httpError(response: Response, log: Log, now: number): RouterError {
  const { status } = response
  const retryAfterMs = readRetryAfterMs(response.headers, now)
  // 529 is what Anthropic's own API says when it is full; servers that imitate it say the same.
  if (status === 429 || status === 529)
    return new RouterError('overloaded', 'The local model is busy.', { retryAfterMs: retryAfterMs ?? 1_000 })
  if (status === 503) return new RouterError('unavailable', 'The local model is not ready.', { retryAfterMs })
  if (status === 400 || status === 413 || status === 422)
    return new RouterError('unsupported', 'The local model cannot serve this request.')
  if (status === 401 || status === 403) {
    log(
      '[Router] The local model refuses the shared secret',
      { status, hint: 'LOCAL_LLM_SECRET must be the same on both sides' },
      'error',
    )
    return new RouterError('unavailable', 'The local model refuses the router.')
  }
  return new RouterError('upstream', 'The local model failed.')
}

function traceHeaders(request: RouterRequest): Record<string, string> {
  const { traceparent, tracestate } = request.passHeaders
  return { ...(traceparent ? { traceparent } : {}), ...(tracestate ? { tracestate } : {}) }
}
