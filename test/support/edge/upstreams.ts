/**
 * The two upstreams of the edge, played by MSW: what they answer is set per test, what they were asked is recorded.
 * `networkFetch` is fetch as far as the edge can tell: an abort rejects what is awaited and closes the answer.
 */
import { getResponse } from 'msw'
import { HttpResponse, http } from 'msw/http'
import { beforeEach } from 'vitest'
import type { Fetch } from '../../../edge/providers/provider.ts'
import { uniformTrust } from '../../../shared/model-card.ts'
import { claudeMessage, framesOf, localMessage } from './messages.ts'

export const CLAUDE_URL = 'https://api.anthropic.com'
export const CONTAINER_URL = 'http://127.0.0.1:4010'
export const DECISIONS_URL = 'https://decisions.test'

export type Hit = {
  readonly url: string
  readonly headers: Headers
  readonly bytes: Uint8Array
  readonly text: string
  /** Aborted when the router hangs up. */
  readonly signal: AbortSignal
}
export type Responder = (hit: Hit, index: number) => Response | Promise<Response>

/** What is read of a request; MSW's is of another type than the runtime's. */
type Asked = Pick<Request, 'url' | 'headers' | 'signal' | 'arrayBuffer'>

type Upstream = {
  readonly hits: Hit[]
  /** Sets what is answered from here on; the last of several responders stays. */
  readonly answer: (...responders: Responder[]) => void
}

export const claude = createUpstream()
export const container = createUpstream()
/** Claude's `POST /v1/messages/count_tokens`. */
export const counts = createUpstream()
/** A decision model: `POST /v1/systemone`. */
export const decisions = createUpstream()
/** The container's `GET /readyz`, and `GET /v1/models` of other servers. */
export const readiness = createUpstream()

const handlers = [
  http.post(`${CLAUDE_URL}/v1/messages`, ({ request }) => claude.take(request)),
  http.post(`${CLAUDE_URL}/v1/messages/count_tokens`, ({ request }) => counts.take(request)),
  http.post(`${CLAUDE_URL}/v1/messages/batches`, () => HttpResponse.json({ id: 'msgbatch_1' })),
  http.get(`${CLAUDE_URL}/v1/messages/batches`, () => HttpResponse.json({ data: [], has_more: false })),
  http.post(`${CONTAINER_URL}/v1/messages`, ({ request }) => container.take(request)),
  http.post(`${DECISIONS_URL}/v1/systemone`, ({ request }) => decisions.take(request)),
  http.get(`${CONTAINER_URL}/readyz`, ({ request }) => readiness.take(request)),
  http.get(`${CONTAINER_URL}/v1/models`, ({ request }) => readiness.take(request)),
]

beforeEach(() => {
  claude.reset(answerNonStreaming(claudeMessage()))
  container.reset(answerStream(localMessage()))
  counts.reset(() => HttpResponse.json({ input_tokens: 42 }))
  readiness.reset(() => ready())
  decisions.reset(() => HttpResponse.error())
})

/** Answers from the upstreams; anything else is a mistake of the test or of the router. */
export const networkFetch: Fetch = async (url, init) => {
  const request = new Request(url, init)
  const { signal } = request
  signal.throwIfAborted()
  const response = await orAborted(getResponse(handlers, request), signal)
  if (response === undefined) throw new Error(`nobody answers at ${url}`)
  if (response.type === 'error') throw new TypeError('fetch failed: internals-canary')
  return response.body === null ? response : new Response(abortable(response.body, signal), response)
}

function abortable(body: ReadableStream<Uint8Array>, signal: AbortSignal): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await orAborted(reader.read(), signal)
          if (done) controller.close()
          else controller.enqueue(value)
        } catch (error) {
          reader.cancel().catch(() => {})
          throw error
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(new DOMException('This operation was aborted', 'AbortError'))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject)
  })
}

export function ready(overrides: Record<string, unknown> = {}): Response {
  return HttpResponse.json({
    status: 'ready',
    model: 'tiny-model',
    card: { trust: uniformTrust('full'), languages: null, maxTemperature: null, exam: null },
    maxInputTokens: 1_000,
    expectedWaitMs: 0,
    ...overrides,
  })
}

/** Answers with JSON, or with a stream where one is asked for, as Claude does. */
export function answerNonStreaming(message: ReturnType<typeof claudeMessage>): Responder {
  return (hit) => {
    const asked: unknown = JSON.parse(hit.text)
    const streams = typeof asked === 'object' && asked !== null && 'stream' in asked && asked.stream === true
    const headers = { 'request-id': 'req_claude_1' }
    return streams ? streamOf(framesOf(message), { headers }) : HttpResponse.json(message, { headers })
  }
}

/** Answers with a whole stream, as the container does. */
export function answerStream(message: ReturnType<typeof localMessage>): Responder {
  return () => streamOf(framesOf(message))
}

export function errorOf(type: string, status: number, headers: Record<string, string> = {}): Response {
  return HttpResponse.json(
    { type: 'error', error: { type, message: `Claude says ${type}` }, request_id: 'req_claude_1' },
    { status, headers: { 'request-id': 'req_claude_1', ...headers } },
  )
}

export type StreamEnd = 'close' | 'stall' | 'break'

/** Returns an event stream of these pieces, after which it closes, falls silent or breaks. */
export function streamOf(
  pieces: readonly (string | Uint8Array)[],
  options: {
    readonly end?: StreamEnd
    readonly headers?: Record<string, string>
    readonly onCancel?: () => void
  } = {},
): Response {
  const { end = 'close', headers = {}, onCancel } = options
  const encoder = new TextEncoder()
  let at = 0
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = pieces[at++]
        if (piece !== undefined) controller.enqueue(typeof piece === 'string' ? encoder.encode(piece) : piece)
        else if (end === 'close') controller.close()
        else if (end === 'break') controller.error(new Error('connection reset by upstream-internals-canary'))
        else return new Promise<void>(() => {})
      },
      cancel: () => onCancel?.(),
    },
    { highWaterMark: 0 },
  )
  return new HttpResponse(body, { headers: { 'content-type': 'text/event-stream', ...headers } })
}

/** A responder that never sends headers. */
export const silence: Responder = () => new Promise<Response>(() => {})
/** A responder whose connection is refused. */
export const refused: Responder = () => HttpResponse.error()

function createUpstream(): Upstream & {
  readonly take: (request: Asked) => Promise<Response>
  readonly reset: (responder: Responder) => void
} {
  const hits: Hit[] = []
  let responders: Responder[] = []
  return {
    hits,
    answer(...next) {
      responders = next
    },
    reset(responder) {
      hits.length = 0
      responders = [responder]
    },
    async take(request) {
      const bytes = new Uint8Array(await request.arrayBuffer())
      const { url, headers, signal } = request
      const hit = { url, headers, bytes, text: new TextDecoder().decode(bytes), signal }
      hits.push(hit)
      const responder = responders.length > 1 ? responders.shift() : responders[0]
      if (responder === undefined) throw new Error('no responder is set')
      return responder(hit, hits.length - 1)
    },
  }
}
