/**
 * Clients leave, read slowly, send too much, lie about lengths, or ask for paths that are not there. Real sockets on
 * both sides of a real workerd.
 */
import { request } from 'node:http'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventually } from '../support/processes.ts'
import { COMPLEX, messagesBody, SIMPLE } from '../support/stack-client.ts'
import { type FaultStack, startFaultStack } from '../support/stack-faults.ts'
import {
  CLAUDE_ANSWER,
  CLAUDE_KEY,
  framesUntilText,
  LOCAL_ANSWER,
  LOCAL_SECRET,
  streamHead,
  textFrame,
} from '../support/upstream-messages.ts'
import { chunk, complete, hold, repeat } from '../support/upstream-steps.ts'

const MAX_BODY_BYTES = 65_536
/** Words for ten seconds: a connection that is gone shows when something is written to it. */
const MORE_TEXT = repeat(chunk(textFrame('more ')), 200, 50)
let stack: FaultStack
beforeAll(async () => {
  // Nothing but the client ends these answers: the upstreams' own limits are far away.
  stack = await startFaultStack({
    LOCAL_HEADERS_MS: '60000',
    LOCAL_FIRST_CONTENT_MS: '60000',
    LOCAL_IDLE_MS: '60000',
    LOCAL_TIMEOUT_MS: '60000',
    CLAUDE_HEADERS_MS: '60000',
    CLAUDE_FIRST_EVENT_MS: '60000',
    CLAUDE_IDLE_MS: '60000',
    CLAUDE_TIMEOUT_MS: '60000',
    EARLY_HEADERS_MS: '500',
    HEARTBEAT_MS: '100',
    MAX_BODY_BYTES: String(MAX_BODY_BYTES),
  })
})
afterAll(() => stack?.stop())
beforeEach(() => stack.recover())

test.each([
  ['has not sent headers', [hold]],
  ['has sent headers and no word', [streamHead, chunk(framesUntilText(LOCAL_ANSWER, 0)), hold]],
])('F34 a client that leaves while the container %s frees it, and Claude is not asked', async (_, script) => {
  stack.container.next(script)
  const opened = await stack.client.open(SIMPLE)
  await opened.readUntil(': waiting')
  opened.leave()
  await stack.container.hits[0]?.closed
  expect(stack.claude.hits).toHaveLength(0)
})

test.each([
  ['has not sent headers', [hold]],
  ['has sent headers and no word', [streamHead, chunk(framesUntilText(CLAUDE_ANSWER, 0)), hold]],
])('F34 a client that leaves while Claude %s ends the request to Claude', async (_, script) => {
  stack.claude.next(script)
  const opened = await stack.client.open(COMPLEX)
  await opened.readUntil(': waiting')
  opened.leave()
  await stack.claude.hits[0]?.closed
})

test('F35 a client that leaves in the middle of a local answer stops it', async () => {
  const from = stack.edge.lines.length
  stack.container.next([streamHead, chunk(framesUntilText(LOCAL_ANSWER, 1)), ...MORE_TEXT])
  const opened = await stack.client.open(SIMPLE)
  await opened.readUntil('Hello')
  opened.leave()
  await stack.container.hits[0]?.closed
  expect(stack.claude.hits).toHaveLength(0)
  await stack.edge.line(/Using local model .*outcome=cancelled/, from)
})

test('F35 a client that leaves in the middle of Claude’s answer stops it', async () => {
  const from = stack.edge.lines.length
  stack.claude.next([streamHead, chunk(framesUntilText(CLAUDE_ANSWER, 1)), ...MORE_TEXT])
  const opened = await stack.client.open(COMPLEX)
  await opened.readUntil('Greetings')
  opened.leave()
  await stack.claude.hits[0]?.closed
  await stack.edge.line(/Using Claude .*outcome=cancelled/, from)
})

test('F34 F35 clients that leave do not count as failures of the container', async () => {
  for (let count = 0; count < 4; count++) {
    stack.container.next([streamHead, chunk(framesUntilText(LOCAL_ANSWER, 1)), ...MORE_TEXT])
    const opened = await stack.client.open(SIMPLE)
    await opened.readUntil('Hello')
    opened.leave()
    await stack.container.hits[count]?.closed
  }
  const reply = await stack.client.ask(SIMPLE)
  expect(reply.headers.get('x-router-route')).toBe('local')
})

test('F36 a slow reader pauses Claude instead of filling the router’s memory', async () => {
  const delta = textFrame('x'.repeat(60_000))
  // A third of it is more than the kernel's own buffers hold on the way, which is 72 MB on some machines.
  const limit = 4_000
  let sent = 0
  const counted = Array.from({ length: limit }, () => [chunk(delta), () => void sent++]).flat()
  stack.claude.next([streamHead, chunk(framesUntilText(CLAUDE_ANSWER, 1)), ...counted, complete])
  const opened = await stack.client.open(COMPLEX)
  await opened.readUntil('Greetings')
  let before = -1
  let still = 0
  await eventually('Claude is paused', () => {
    still = sent === before ? still + 1 : 0
    before = sent
    return still >= 10
  })
  expect(sent).toBeLessThan(limit / 3)
  opened.leave()
  await stack.claude.hits[0]?.closed
})

test('F56 Claude gets the client’s bytes, query and API headers, and nothing that is not meant for it', async () => {
  const body = messagesBody(COMPLEX, { model: 'claude-opus-5-5' }).replace('{', '{ "x_unknown" : {"n":1.0} ,')
  await stack.client.send(body, {
    path: '/v1/messages?beta=true&x=%2F',
    headers: {
      'anthropic-version': '2026-10-21',
      'anthropic-beta': 'a-1,b-2',
      'x-router-force': 'claude',
      'x-router-cache': 'skip',
      'x-forwarded-for': '203.0.113.1',
      'x-forwarded-host': 'evil.example',
      'cf-connecting-ip': '203.0.113.1',
      'x-api-key': 'sk-of-somebody',
      origin: 'https://evil.example',
      cookie: 'session=1',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    },
  })
  const [hit] = stack.claude.hits
  expect(hit?.body.toString()).toBe(body)
  expect(hit?.path).toBe('/v1/messages?beta=true&x=%2F')
  expect(hit?.headers).toMatchObject({
    'anthropic-version': '2026-10-21',
    'anthropic-beta': 'a-1,b-2',
    'x-api-key': CLAUDE_KEY,
    'content-type': 'application/json',
  })
  // What follows anthropic-* is our allow-list; the rest is the runtime's own.
  expect(
    Object.keys(hit?.headers ?? {})
      .filter((name) => !name.startsWith('anthropic-'))
      .toSorted(),
  ).toEqual(
    [
      'accept-encoding',
      'cf-worker',
      'connection',
      'content-length',
      'content-type',
      'host',
      'traceparent',
      'user-agent',
      'x-api-key',
    ].filter((name) => name in (hit?.headers ?? {})),
  )
})

test('F56 the container gets the shared secret and what a text model can use, nothing else', async () => {
  await stack.client.ask(SIMPLE, {
    headers: {
      'x-api-key': 'sk-of-somebody',
      cookie: 'a=1',
      'x-forwarded-for': '203.0.113.1',
      'user-agent': 'me',
    },
    fields: { metadata: { user_id: 'somebody' }, temperature: 0.5 },
  })
  const [hit] = stack.container.hits
  expect(hit?.headers).toMatchObject({ 'x-api-key': LOCAL_SECRET, authorization: `Bearer ${LOCAL_SECRET}` })
  for (const name of ['cookie', 'x-forwarded-for', 'anthropic-beta'])
    expect(hit?.headers).not.toHaveProperty(name)
  expect(Object.keys(JSON.parse(hit?.body.toString() ?? '')).toSorted()).toEqual([
    'max_tokens',
    'messages',
    'model',
    'stream',
    'temperature',
  ])
})

test('F37 a body that is too large is refused before it is read, whatever its declared length', async () => {
  const large = messagesBody('x'.repeat(MAX_BODY_BYTES))
  const statuses = [(await stack.client.send(large)).status, await sendChunked(large)]
  expect(statuses).toEqual([413, 413])
  expectNobodyAsked()
})

test.each([
  [
    'F38 a body that is nested 5,000 deep',
    `{"model":"auto","max_tokens":1,"messages":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
    400,
  ],
  ['F39 a body that is no UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d), 400],
  ['F41 a body that is empty', '', 400],
  ['F41 a body that is no JSON', '{"model":', 400],
  ['F41 a body that is an array', '[]', 400],
  [
    'F46 a body with a field twice',
    '{"model":"auto","model":"local","max_tokens":1,"messages":[{"role":"user","content":"hi"}]}',
    400,
  ],
  [
    'F58 a body with members of its prototype',
    `${messagesBody(SIMPLE).slice(0, -1)},"__proto__":{"x":1},"constructor":{"prototype":{}}}`,
    200,
  ],
])('%s gets a clear answer', async (_, body, status) => {
  const reply = await stack.client.send(body)
  expect(reply.status).toBe(status)
  if (status === 200) return
  expect(JSON.parse(reply.body)).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } })
  expectNobodyAsked()
})

test.each(['-1', '1.5', '"5"', '1e400', 'null'])('F43 max_tokens %s is refused', async (value) => {
  const reply = await stack.client.send(
    messagesBody(SIMPLE).replace('"max_tokens":64', `"max_tokens":${value}`),
  )
  expect(reply.status).toBe(400)
  expect(reply.body).toContain('max_tokens')
  expectNobodyAsked()
})

test('F41 a body that is not declared as JSON is a 415', async () => {
  expect((await stack.client.ask(SIMPLE, { headers: { 'content-type': 'text/plain' } })).status).toBe(415)
  expectNobodyAsked()
})

test.each([
  '/v1/models/../../etc/passwd',
  '/v1/models/%2e%2e%2f%2e%2e%2fv1%2fmessages',
  '/v1/messages/..%2f..%2fadmin',
  `/v1/models/${'a'.repeat(8_000)}`,
])('F57 a path that leads nowhere asks nobody: %.40s', async (path) => {
  expect(await sendPath(path)).toBe(404)
  expectNobodyAsked()
})

function expectNobodyAsked(): void {
  expect(stack.container.hits).toHaveLength(0)
  expect(stack.claude.hits).toHaveLength(0)
}

/** Sends a path exactly as it is, which fetch would tidy up first. */
function sendPath(path: string): Promise<number | undefined> {
  return new Promise((settle, fail) => {
    const { hostname, port } = new URL(stack.edge.url)
    const sent = request({ hostname, port, path }, (response) => {
      response.resume()
      settle(response.statusCode)
    })
    sent.on('error', fail)
    sent.end()
  })
}

/** Sends a body without a declared length. */
function sendChunked(body: string): Promise<number | undefined> {
  return new Promise((settle, fail) => {
    const { hostname, port } = new URL(stack.edge.url)
    const headers = { 'content-type': 'application/json' }
    const sent = request({ hostname, port, path: '/v1/messages', method: 'POST', headers }, (response) => {
      response.resume()
      settle(response.statusCode)
    })
    sent.on('error', fail)
    for (let at = 0; at < body.length; at += 10_000) sent.write(body.slice(at, at + 10_000))
    sent.end()
  })
}
