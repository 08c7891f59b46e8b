/**
 * The local model over HTTP: one attempt, never retried here (Claude is the retry). Several servers are used least
 * expected wait first, equals in turn. The stream is the only primitive: a non-streaming answer is collected from it.
 */
import { RouterError } from '../../../shared/errors.ts'
import { collect, type StreamEvent } from '../../../shared/events.ts'
import type { Log } from '../../../shared/log.ts'
import type { MessagesRequest } from '../../../shared/messages.ts'
import { commitAtContent } from '../../fallback/commit.ts'
import { createDeadline, type Deadline } from '../../fallback/deadline.ts'
import { type RouterRequest, wantsStream } from '../../request.ts'
import { LOCAL_MODEL } from '../../routing/virtual-models.ts'
import type { Deadlines } from '../../settings/core-settings.ts'
import type { Target } from '../../target.ts'
import {
  type AnswerChunk,
  type AttemptContext,
  discardBody,
  type Fetch,
  fetchOrUnavailable,
  type Provider,
} from '../provider.ts'
import { type Report, readAnswer } from './answer-stream.ts'
import type { LocalHealth } from './health.ts'
import { patient } from './patience.ts'
import type { LocalProtocol } from './protocol.ts'
import { createServerChoice } from './server-choice.ts'
import { tenantName } from './tenant-name.ts'
import { errorOfEvent, errorOfResponse, isFromContainer } from './upstream-errors.ts'

export type LocalProviderOptions = {
  readonly servers: readonly LocalHealth[]
  readonly protocol: LocalProtocol
  readonly secret: string | undefined
  readonly deadlines: Deadlines
  /** From which probability on a container's model hands over, as its header takes it; undefined: it never does. */
  readonly handover: string | undefined
  /** From which score on a container declines with an answer that it has verified, as its header takes it; undefined: it verifies none. */
  readonly verify: string | undefined
  readonly fetch: Fetch
  readonly log: Log
  readonly now: () => number
}

/** Returns the provider over one or more servers. */
export function createLocalProvider(options: LocalProviderOptions): Provider {
  const chooseServer = createServerChoice(options.servers)
  return {
    name: 'local',
    async open(request, target, { isLast, onAttempt, onContent, ...listeners }) {
      const server = chooseServer(request, isLast)
      const limits = isLast ? patient(options.deadlines) : options.deadlines
      const deadline = createDeadline(request.signal, limits.totalMs)
      const report = createReport(server, request)
      try {
        onAttempt()
        const asked = { server, request, target, deadline, report, ...listeners }
        const commitment = await commitAtContent(await ask({ ...options, deadlines: limits }, asked), {
          eventsOf: (chunk) => chunk.events,
          // Without another target an empty answer is passed on as the model's own.
          acceptsEmpty: (stopReason) => isLast || stopReason === 'stop_sequence',
        })
        if (!commitment.committed) throw errorOfEvent(commitment.error, false)
        onContent?.()
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

function createReport(server: LocalHealth, request: RouterRequest): Report {
  let told = false
  const once = (tell: () => void) => {
    if (!told) tell()
    told = true
  }
  return {
    succeeded: () => once(() => server.succeeded(request.waitUntil)),
    failed: (error) => once(() => server.failed(error, request.waitUntil)),
  }
}

type Asked = Pick<AttemptContext, 'onJudged' | 'onWeighed' | 'onVerified'> & {
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

/** Returns a score that the server tells, 0 to 1; one that says something else says nothing. */
function readScore(headers: Headers, name: `x-${'judge' | 'handover' | 'verify'}-score`): number | undefined {
  const score = headers.get(name)
  return score !== null && /^(0|1)(\.\d{1,6})?$/.test(score) && Number(score) <= 1 ? Number(score) : undefined
}

function isTooHot(server: LocalHealth, { temperature }: MessagesRequest): boolean {
  const limit = server.model()?.card?.maxTemperature ?? undefined
  return limit !== undefined && typeof temperature === 'number' && temperature > limit
}

async function ask(
  { protocol, secret, deadlines, handover, verify, fetch, log, now }: LocalProviderOptions,
  { server, request, target, deadline, report, onJudged, onWeighed, onVerified }: Asked,
): Promise<AsyncGenerator<AnswerChunk>> {
  server.begin()
  const { headersMs, firstContentMs, idleMs } = deadlines
  const known = server.model()
  // Our container sends headers as soon as it has taken a request; other servers may read the whole prompt first.
  const isContainer = known?.isContainer ?? false
  const judged = isContainer ? target.judgeThreshold?.toFixed(6) : undefined
  const handedOverFrom = known?.handsOver && target.mayHandOver ? handover : undefined
  const verifiedFrom = known?.verifies && target.verified ? verify : undefined
  // Whoever may decline sends them once it has not.
  const mayDecline = judged !== undefined || handedOverFrom !== undefined || verifiedFrom !== undefined
  const admitsFirst = isContainer && !mayDecline
  const firstMs = admitsFirst ? headersMs : headersMs + firstContentMs
  // An answer that comes whole is given the time that its words would have had.
  deadline.stage(
    verifiedFrom === undefined ? firstMs : firstMs + idleMs,
    'The local model did not begin to answer',
  )
  const model = target.model === LOCAL_MODEL ? (known?.name ?? target.model) : target.model
  const options = { model, logprobs: request.logprobs, server: known }
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
          // When the first word is due: the container refuses at once what it could not begin by then.
          'x-deadline-ms': String(firstContentMs),
          'x-router-request-id': request.id,
          ...(isContainer ? { 'x-router-tenant': await tenantName(request.tenant.id, secret) } : {}),
          ...(request.logprobs ? { 'x-logprobs': '1' } : {}),
          ...(judged ? { 'x-judge-threshold': judged } : {}),
          ...(handedOverFrom ? { 'x-handover-threshold': handedOverFrom } : {}),
          ...(verifiedFrom ? { 'x-verify-threshold': verifiedFrom } : {}),
        },
        body: JSON.stringify(protocol.body(withOwnSampling(server, request), options)),
        signal: deadline.signal,
      },
      'The local model',
    ),
  )
  server.noteLoad(response.headers)
  const judgeScore = readScore(response.headers, 'x-judge-score')
  if (judgeScore !== undefined) onJudged(judgeScore)
  const handoverScore = readScore(response.headers, 'x-handover-score')
  if (handoverScore !== undefined) onWeighed(handoverScore)
  const verifyScore = readScore(response.headers, 'x-verify-score')
  if (verifyScore !== undefined) onVerified(verifyScore)
  if (!response.ok || response.body === null) {
    if (response.status === 401 || response.status === 403) logRefusedSecret(log, response.status)
    throw await errorOfResponse(response, deadline.within, now())
  }
  if (!/^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '')) {
    discardBody(response)
    throw new RouterError('upstream', 'Something else answered in place of the local model.')
  }
  // What was to be judged first is not answered unjudged: of several servers, one may be without a judge.
  if (target.judgeThreshold !== undefined && judgeScore === undefined) {
    discardBody(response)
    throw new RouterError('unsupported', 'The local model’s server does not judge requests.')
  }
  if (admitsFirst) deadline.stage(firstContentMs, 'The local model wrote nothing')
  return readAnswer(response.body, {
    reader: protocol.createReader(model, request.id),
    fromContainer: isFromContainer(response),
    deadlines,
    deadline,
    report,
  })
}

function logRefusedSecret(log: Log, status: number): void {
  const hint = 'LOCAL_LLM_SECRET must be the same on both sides'
  log('[Router] The local model refuses the shared secret', { status, hint }, 'error')
}

function traceHeaders(request: RouterRequest): Record<string, string> {
  const { traceparent, tracestate } = request.passHeaders
  return { ...(traceparent ? { traceparent } : {}), ...(tracestate ? { tracestate } : {}) }
}
