/**
 * The Worker in workerd: both routes in both forms, headers, cache and the log line. Faults of connections are
 * played in test/e2e, on real sockets.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventually } from '../support/processes.ts'
import { COMPLEX, eventNames, messagesBody, SIMPLE } from '../support/stack-client.ts'
import { COMPLETE_SETTINGS, type EdgeHarness, startEdgeHarness } from '../support/stack-harness.ts'
import {
  CLAUDE_ANSWER,
  CLAUDE_KEY,
  CLAUDE_REQUEST_ID,
  LOCAL_ANSWER,
  LOCAL_MODEL_NAME,
  LOCAL_SECRET,
  nonStreamingBody,
  streamFrames,
} from '../support/upstream-messages.ts'

const MAX_BODY_BYTES = 4_096
let edge: EdgeHarness
beforeAll(async () => {
  edge = await startEdgeHarness({
    ...COMPLETE_SETTINGS,
    MAX_BODY_BYTES: String(MAX_BODY_BYTES),
    CORS_ORIGINS: 'https://app.example',
  })
})
afterAll(() => edge?.stop())
beforeEach(() => edge.forget())

let questions = 0
/** A question that no cache has seen. */
const simple = () => `${SIMPLE}${' '.repeat(++questions)}`
const complex = () => `${COMPLEX} (${++questions})`

test('a simple request is answered by the container as one message', async () => {
  const reply = await edge.post('/v1/messages', messagesBody(simple()))
  expect(reply.status).toBe(200)
  expect(JSON.parse(reply.body)).toMatchObject({
    type: 'message',
    model: LOCAL_MODEL_NAME,
    content: [{ type: 'text', text: LOCAL_ANSWER.pieces.join('') }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 9, output_tokens: 3 },
  })
  expect(Object.fromEntries(reply.headers)).toMatchObject({
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'request-id': expect.stringMatching(/^req_[0-9a-f]{32}$/),
    'x-router-request-id': reply.headers.get('request-id'),
    'x-router-route': 'local',
    'x-router-model': LOCAL_MODEL_NAME,
    'x-router-strategy': 'hybrid',
    'x-router-task': 'simple_chat',
    'x-router-score': expect.stringMatching(/^0\.\d{3}$/),
    'x-router-reason': 'hybrid: simple task',
    'x-router-cache': 'miss',
    'x-router-attempts': '1',
    'x-router-latency-ms': expect.stringMatching(/^\d+$/),
    'x-router-cost-usd': '0',
    'x-router-saved-usd': expect.stringMatching(/^0\.\d+$/),
  })
  expect(reply.headers.has('x-router-fallback')).toBe(false)
  expect(edge.claude).toHaveLength(0)
  expect(edge.local[0]?.headers.get('x-api-key')).toBe(LOCAL_SECRET)
})

test('a simple request is streamed from the container', async () => {
  const reply = await edge.post('/v1/messages', messagesBody(simple(), { stream: true }))
  expect(reply.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(reply.headers.get('cache-control')).toBe('no-cache, no-transform')
  expect(reply.headers.get('x-router-route')).toBe('local')
  expect(eventNames(reply.body)).toEqual(eventNames(streamFrames(LOCAL_ANSWER).join('')))
})

test('a complex request is Claude’s, byte for byte in both directions', async () => {
  const body = messagesBody(complex(), { model: 'claude-opus-5-5' }).replace('{', '{ "x_new" :1.0, ')
  const reply = await edge.post('/v1/messages?beta=true', body)
  expect(reply.body).toBe(nonStreamingBody(CLAUDE_ANSWER))
  expect(edge.claude[0]?.body).toBe(body)
  expect(edge.claude[0]?.url).toMatch(/\/v1\/messages\?beta=true$/)
  expect(edge.claude[0]?.headers.get('x-api-key')).toBe(CLAUDE_KEY)
  expect(reply.headers.get('request-id')).toBe(CLAUDE_REQUEST_ID)
  expect(reply.headers.get('x-router-request-id')).toMatch(/^req_[0-9a-f]{32}$/)
  expect(edge.local).toHaveLength(0)
})

test('a complex request is streamed from Claude, byte for byte', async () => {
  const reply = await edge.post('/messages', messagesBody(complex(), { stream: true }))
  expect(reply.headers.get('x-router-reason')).toBe('hybrid: complex task')
  expect(reply.body).toBe(streamFrames(CLAUDE_ANSWER).join(''))
})

test('the name auto becomes the model that fits, and nothing else of the body changes', async () => {
  const body = messagesBody(complex())
  await edge.post('/v1/messages', body)
  expect(edge.claude[0]?.body).toBe(body.replace('"auto"', '"claude-sonnet-5-5"'))
})

test('an exact repeat comes from memory in either form; a changed field, no-store and another tenant do not', async () => {
  const text = simple()
  const first = await edge.post('/v1/messages', messagesBody(text))
  const again = await edge.post('/v1/messages', messagesBody(text))
  expect(again.headers.get('x-router-cache')).toBe('hit')
  expect(again.headers.get('x-router-route')).toBe('cache')
  expect(JSON.parse(again.body)).toEqual(JSON.parse(first.body))
  const streamed = await edge.post('/v1/messages', messagesBody(text, { stream: true }))
  expect(streamed.headers.get('x-router-cache')).toBe('hit')
  expect(edge.local).toHaveLength(1)
  await edge.post('/v1/messages', messagesBody(text, { fields: { max_tokens: 65 } }))
  await edge.post('/v1/messages', messagesBody(text), { 'cache-control': 'no-store' })
  expect(edge.local).toHaveLength(3)
})

test('each request is one line in the log, with its numbers and without its words', async () => {
  const replies = [
    await edge.post('/v1/messages', messagesBody(simple())),
    await edge.post('/v1/messages', messagesBody(simple(), { stream: true })),
    await edge.post('/v1/messages', messagesBody(complex())),
    await edge.post('/v1/messages', messagesBody(complex(), { stream: true })),
    await edge.post('/v1/messages', messagesBody(SIMPLE), { 'x-router-strategy': 'local_only' }),
  ]
  for (const reply of replies) {
    const id = reply.headers.get('x-router-request-id') ?? 'none'
    const lines = await eventually('the line of the request', () => {
      const found = edge.logLines().filter((line) => line.includes(id))
      return found.length > 0 && found
    })
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      msg: expect.stringMatching(/^\[Router\] Using (local model|Claude) \(/),
      taskType: expect.any(String),
      route: reply.headers.get('x-router-route'),
      latencyMs: expect.any(Number),
      inputTokens: 9,
    })
  }
  expect(edge.logLines().join('\n')).not.toMatch(/Hello|quicksort|Greetings|canary/)
})

test('bodies are judged before anybody is asked', async () => {
  const large = messagesBody('x'.repeat(MAX_BODY_BYTES))
  const cases: [number, string, Awaited<ReturnType<EdgeHarness['post']>>][] = [
    [413, 'request_too_large', await edge.post('/v1/messages', large)],
    [400, 'invalid_request_error', await edge.post('/v1/messages', '{')],
    [400, 'invalid_request_error', await edge.post('/v1/messages', Uint8Array.of(0x22, 0xff, 0x22))],
    [400, 'invalid_request_error', await edge.post('/v1/messages', '['.repeat(2_000))],
    [415, 'invalid_request_error', await edge.post('/v1/messages', '{}', { 'content-type': 'text/plain' })],
    [404, 'not_found_error', await edge.post('/v1/nothing', '{}')],
  ]
  for (const [status, type, reply] of cases) {
    expect(reply.status).toBe(status)
    expect(JSON.parse(reply.body)).toMatchObject({
      type: 'error',
      error: { type, message: expect.any(String) },
      request_id: reply.headers.get('request-id'),
    })
  }
  expect([...edge.local, ...edge.claude]).toHaveLength(0)
})

test('a browser of an allowed origin may call and read the headers; no other may', async () => {
  const preflight = (origin: string) =>
    edge.request('OPTIONS', '/v1/messages', { headers: { origin, 'access-control-request-method': 'POST' } })
  expect((await preflight('https://app.example')).headers.get('access-control-allow-origin')).toBe(
    'https://app.example',
  )
  expect((await preflight('https://evil.example')).headers.has('access-control-allow-origin')).toBe(false)
  const reply = await edge.post('/v1/messages', messagesBody(simple()), { origin: 'https://app.example' })
  expect(reply.headers.get('access-control-expose-headers')).toContain('x-router-route')
})

test('health, readiness and status say what is there', async () => {
  expect(JSON.parse((await edge.request('GET', '/healthz')).body)).toEqual({ status: 'ok' })
  expect(JSON.parse((await edge.request('GET', '/readyz')).body)).toMatchObject({
    status: 'ready',
    missing: [],
  })
  expect(JSON.parse((await edge.request('GET', '/v1/router/status')).body)).toMatchObject({
    strategy: 'hybrid',
    claude: { available: true },
    local: { enabled: true, available: true, model: LOCAL_MODEL_NAME },
  })
})
