/** Requests through a whole router as spans at a receiver of OTLP/HTTP, which listens on a real socket. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { CLAUDE_KEY, COMPLEX_PROMPT } from '../../support/edge/canaries.ts'
import { claudeMessage, framesOf } from '../../support/edge/messages.ts'
import { ask, createTestRouter } from '../../support/edge/router.ts'
import { claude, networkFetch, streamOf } from '../../support/edge/upstreams.ts'
import { type ReceivedSpan, readTraceExport } from './otlp-receiver.ts'

type Post = { readonly path: string; readonly headers: Record<string, unknown>; readonly body: string }

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'
const posts: Post[] = []
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const { url = '', headers } = request
    posts.push({ path: `${request.method} ${url}`, headers, body: Buffer.concat(chunks).toString() })
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
})
let endpoint = ''

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address: AddressInfo | string | null = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  endpoint = `http://127.0.0.1:${address.port}/api/public/otel`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  posts.length = 0
})

function tracingRouter(settings: Record<string, string> = {}) {
  return createTestRouter(
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Basic%20cGs6c2s%3D,x-langfuse-ingestion-version=4',
      OTEL_SERVICE_NAME: 'shop',
      ...settings,
    },
    {
      random: Math.random,
      fetch: (url, init) => (url.startsWith(endpoint) ? fetch(url, init) : networkFetch(url, init)),
    },
  )
}

async function received(count: number): Promise<readonly ReceivedSpan[]> {
  await expect.poll(() => posts.length).toBe(count)
  return posts.flatMap(({ body }) => readTraceExport(body))
}

test('sends each request to the receiver, with its headers, in the client’s trace', async () => {
  const router = await tracingRouter()
  const response = await router.post(ask(COMPLEX_PROMPT), { traceparent: `00-${TRACE}-${PARENT}-01` })
  const [span] = await received(1)
  expect(posts[0]).toMatchObject({
    path: 'POST /api/public/otel/v1/traces',
    headers: {
      authorization: 'Basic cGs6c2s=',
      'x-langfuse-ingestion-version': '4',
      'content-type': 'application/json',
    },
  })
  expect(span).toMatchObject({
    traceId: TRACE,
    parentSpanId: PARENT,
    name: 'chat auto',
    resource: { 'service.name': 'shop' },
    attributes: {
      'gen_ai.provider.name': 'anthropic',
      'gen_ai.response.id': claudeMessage().id,
      'gen_ai.response.finish_reasons': [claudeMessage().stop_reason],
      'llm_router.request.id': response.headers.get('x-router-request-id'),
      'llm_router.route': 'claude',
    },
  })
  expect(claude.hits[0]?.headers.get('traceparent')).toBe(`00-${TRACE}-${PARENT}-01`)
})

test('begins a trace where the client has none, another for each request', async () => {
  const router = await tracingRouter()
  await router.post(ask())
  await router.post(ask(COMPLEX_PROMPT))
  const [first, second] = await received(2)
  expect(first?.traceId).not.toBe(second?.traceId)
  expect(first?.parentSpanId).toBeUndefined()
})

test('sends nothing of a trace that the client does not want recorded', async () => {
  const router = await tracingRouter()
  await router.post(ask(), { traceparent: `00-${TRACE}-${PARENT}-00` })
  await router.post(ask(COMPLEX_PROMPT))
  const [only] = await received(1)
  expect(only?.traceId).not.toBe(TRACE)
})

test('says that a stream broke', async () => {
  claude.answer(() => streamOf(framesOf(claudeMessage()).slice(0, 4), { end: 'break' }))
  const router = await tracingRouter()
  await (await router.post(ask(COMPLEX_PROMPT, { stream: true }))).text()
  const [span] = await received(1)
  expect(span).toMatchObject({
    status: { code: 2 },
    attributes: {
      'gen_ai.response.finish_reasons': ['error'],
      'error.type': expect.any(String),
      'llm_router.outcome': 'broken',
    },
  })
})

test('sends words only where LOG_CONTENT says so, TRAINING_LOG or not, and a key never', async () => {
  const silent = await tracingRouter({ TRAINING_LOG: 'full' })
  await silent.post(ask(COMPLEX_PROMPT))
  await received(1)
  expect(posts[0]?.body).not.toContain(COMPLEX_PROMPT.slice(0, 20))
  const open = await tracingRouter({ LOG_CONTENT: 'full' })
  await open.post(ask(COMPLEX_PROMPT))
  const spans = await received(2)
  expect(JSON.parse(String(spans[1]?.attributes['gen_ai.input.messages']))).toEqual([
    { role: 'user', parts: [{ type: 'text', content: COMPLEX_PROMPT }] },
  ])
  expect(posts.map(({ body }) => body).join()).not.toContain(CLAUDE_KEY)
})

test('answers while the receiver is gone', async () => {
  const router = await createTestRouter({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' })
  for (let asked = 0; asked < 5; asked++) expect((await router.post(ask())).status).toBe(200)
})
