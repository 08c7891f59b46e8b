/**
 * The local model over HTTP: one attempt, never retried here (Claude is the retry). Several servers are used least
 * expected wait first, equals in turn. The stream is the only primitive: a non-streaming answer is collected from it.
 */
import * as z from 'zod/mini'
import { RouterError, readRetryAfterMs } from '../../../shared/errors.ts'
import { collect, isContent, type KnownEvent, type StreamEvent } from '../../../shared/events.ts'
import type { Log } from '../../../shared/log.ts'
import type { MessagesRequest } from '../../../shared/messages.ts'
import { createSseDecoder, encodeSseEvent } from '../../../shared/sse.ts'
import { commitAtContent } from '../../fallback/commit.ts'
import { createDeadline, type Deadline } from '../../fallback/deadline.ts'
import { type RouterRequest, wantsStream } from '../../request.ts'
import { LOCAL_MODEL } from '../../routing/virtual-models.ts'
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
import type { LocalProtocol, LocalReader } from './protocol.ts'

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
      const report = createReport(server, request)
      try {
        onAttempt()
        const asked = { server, request, target, deadline, report }
        const commitment = await commitAtContent(await ask({ ...options, deadlines: limits }, asked), {
          eventsOf: (chunk) => chunk.events,
          // Where nobody else can answer, an answer without a word is what the model had to say.
          acceptsEmpty: (stopReason) => isLast || stopReason === 'stop_sequence',
        })
        if (!commitment.committed) throw reportedError()
        const answer = { target, status: 200, headers: ignoredHeaders(server, request) }
        if (wantsStream(request)) return { ...answer, body: { kind: 'stream', chunks: commitment.pieces } }
        const events: StreamEvent[] = []
        for await (const chunk of commitment.pieces) events.push(...chunk.events)
        const message = await collect(events)
        const bytes = new TextEncoder().encode(JSON.stringify(message))
        return { ...answer, body: { kind: 'non_streaming', bytes, message, events } }
      } catch (error) {
        const known = RouterError.from(error)
        deadline.cancel()
        report.failed(known)
        throw known
      }
    },
  }
}

/** One verdict on the server for each request: that it answered to the end, or how it failed. */
type Report = { readonly succeeded: () => void; readonly failed: (error: RouterError) => void }

function createReport(server: LocalHealth, request: RouterRequest): Report {
  let told = false
  const once = (tell: () => void) => {
    if (!told) tell()
    told = true
  }
  return {
    succeeded: () => once(server.succeeded),
    failed: (error) => once(() => server.failed(error, request.waitUntil)),
  }
}

type Asked = {
  readonly server: LocalHealth
  readonly request: RouterRequest
  readonly target: Target
  readonly deadline: Deadline
  readonly report: Report
}

/** The client's sampling where the model's card allows it: small models lose the thread at temperatures meant for large ones. */
function withOwnSampling(server: LocalHealth, { view }: RouterRequest): MessagesRequest {
  if (!isTooHot(server, view)) return view
  const { temperature: _temperature, ...rest } = view
  return rest
}

function ignoredHeaders(server: LocalHealth, { view }: RouterRequest): Record<string, string> {
  return isTooHot(server, view) ? { 'x-router-ignored': 'temperature' } : {}
}

function isTooHot(server: LocalHealth, { temperature }: MessagesRequest): boolean {
  const limit = server.model()?.card?.maxTemperature ?? undefined
  return limit !== undefined && typeof temperature === 'number' && temperature > limit
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
  asked: Asked,
): Promise<AsyncGenerator<AnswerChunk>> {
  const { server, request, target, deadline } = asked
  server.begin()
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
        body: JSON.stringify(protocol.body(withOwnSampling(server, request), model, request.logprobs)),
        signal: deadline.signal,
      },
      'The local model',
    ),
  )
  server.noteLoad(response.headers)
  if (!response.ok || response.body === null) throw await httpError(response, deadline, log, now())
  if (!/^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '')) {
    discardBody(response)
    throw new RouterError('upstream', 'Something else answered in place of the local model.')
  }
  return readAnswer(response.body, protocol.createReader(model, request.id), deadlines, asked)
}

/** Yields the answer as the client gets it, each event encoded; ends at `message_stop`. */
async function* readAnswer(
  body: ReadableStream<Uint8Array>,
  translator: LocalReader,
  { firstContentMs, idleMs }: Deadlines,
  { deadline, report }: Asked,
): AsyncGenerator<AnswerChunk> {
  const reader = body.getReader()
  const decoder = createSseDecoder()
  let started = false
  deadline.stage(firstContentMs, 'The local model wrote nothing')
  try {
    for (;;) {
      const { done, value } = await deadline.within(readChunk(reader, 'the local model'))
      const events = done ? translator.end() : decoder.push(value).flatMap((frame) => translator.push(frame))
      for (const event of events) {
        if (event.type === 'error') throw reportedError()
        started ||= isContent(event)
        // Pings are the server's: only what the model makes, thoughts included, shows that it lives.
        if (started && event.type !== 'ping') deadline.stage(idleMs, 'The local model wrote nothing more')
        else if (event.type === 'unknown') deadline.stage(firstContentMs, 'The local model wrote nothing')
        if (event.type === 'message_stop') report.succeeded()
        yield encode(event)
        if (event.type === 'message_stop') return
      }
      if (done) throw new RouterError('upstream', 'The local model ended its answer before it was complete.')
    }
  } catch (error) {
    const known = RouterError.from(error)
    report.failed(known)
    throw known
  } finally {
    // Whoever closes the iteration before its end has disconnected.
    report.failed(new RouterError('cancelled', 'The client closed the connection.'))
    reader.cancel().catch(() => {})
    deadline.cancel()
  }
}

function reportedError(): RouterError {
  return new RouterError('upstream', 'The local model failed while it was answering.')
}

const encoder = new TextEncoder()

/** Events of types that this version does not know stay here: no client was promised them. */
function encode(event: StreamEvent): AnswerChunk {
  const bytes =
    event.type === 'unknown' ? new Uint8Array() : encoder.encode(encodeSseEvent(withoutLogprob(event)))
  return { bytes, events: [event] }
}

/** `logprob` is a word between container and edge; no Messages client knows it. */
function withoutLogprob(event: KnownEvent): KnownEvent {
  if (event.type !== 'content_block_delta' || event.delta.logprob === undefined) return event
  const { logprob: _logprob, ...delta } = event.delta
  return { ...event, delta }
}

async function httpError(
  response: Response,
  deadline: Deadline,
  log: Log,
  now: number,
): Promise<RouterError> {
  const { status } = response
  const retryAfterMs = readRetryAfterMs(response.headers, now)
  const own = await ownReason(response, deadline)
  if (status === 409 && own !== undefined) return new RouterError('declined', own)
  if (status === 400 && own !== undefined) return new RouterError('unsupported', own)
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

const errorSchema = z.looseObject({ error: z.looseObject({ message: z.string() }) })
const LONGEST_REASON = 300

/** Returns what our own container gives as its reason; other servers' words may hold anything and stay here. */
async function ownReason(response: Response, deadline: Deadline): Promise<string | undefined> {
  if (!response.headers.has('x-queue-depth')) {
    discardBody(response)
    return undefined
  }
  const parsed = errorSchema.safeParse(await deadline.within(response.json()).catch(() => undefined))
  return parsed.success
    ? parsed.data.error.message.replaceAll(/\p{Cc}+/gu, ' ').slice(0, LONGEST_REASON)
    : undefined
}

function traceHeaders(request: RouterRequest): Record<string, string> {
  const { traceparent, tracestate } = request.passHeaders
  return { ...(traceparent ? { traceparent } : {}), ...(tracestate ? { tracestate } : {}) }
}
