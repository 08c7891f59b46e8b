/**
 * Requests that are more than a text, or made to hurt: what a text model cannot have goes to Claude as it came, what
 * nobody can have is refused, and nothing is slow. Real sockets, real workerd.
 */
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { COMPLEX, messagesBody, SIMPLE } from '../support/stack-client.ts'
import { type FaultStack, startFaultStack } from '../support/stack-faults.ts'
import { CLAUDE_ANSWER, nonStreamingBody } from '../support/upstream-messages.ts'
import { reset } from '../support/upstream-steps.ts'

let stack: FaultStack
beforeAll(async () => {
  stack = await startFaultStack({ MAX_BODY_BYTES: String(4 * 1024 * 1024) })
})
afterAll(() => stack?.stop())
beforeEach(() => {
  stack.container.reset()
  stack.claude.reset()
})

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } }
const document = { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Hello' } }
const tools = [{ name: 'clock', input_schema: { type: 'object' } }]
const withBlock = (block: object) => [{ role: 'user', content: [{ type: 'text', text: SIMPLE }, block] }]
const toolTurns = [
  { role: 'user', content: SIMPLE },
  { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'clock', input: {} }] },
  { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'noon' }] },
]

test.each([
  ['F42 an image', { messages: withBlock(image) }],
  ['F42 a document', { messages: withBlock(document) }],
  ['F42 a tool', { tools }],
  ['F42 a forced tool', { tools, tool_choice: { type: 'any' } }],
  ['F42 the result of a tool', { tools, messages: toolTurns }],
  ['F42 thinking', { thinking: { type: 'enabled', budget_tokens: 1024 }, max_tokens: 2048 }],
  ['F42 a block of a kind that is not known', { messages: withBlock({ type: 'hologram', data: 'x' }) }],
  ['F40 a field that is not known', { hologram: { depth: 1.5 } }],
  ['F43 max_tokens 0, which fills a prompt cache', { max_tokens: 0 }],
])('%s beside a greeting goes to Claude as it came', async (_, fields) => {
  const body = messagesBody(SIMPLE, { model: 'claude-opus-5-5', fields })
  const reply = await stack.client.send(body)
  expect([reply.status, reply.body]).toEqual([200, nonStreamingBody(CLAUDE_ANSWER)])
  expect(stack.claude.hits.map((hit) => hit.body.toString())).toEqual([body])
  expect(stack.container.hits).toHaveLength(0)
})

test('F47 a fallback leaves out what Claude’s newest version refuses, and the client keeps its version', async () => {
  stack.container.next([reset])
  const reply = await stack.client.ask(SIMPLE, {
    headers: { 'anthropic-version': '2026-10-21' },
    fields: { temperature: 0.5, top_p: 0.9 },
  })
  expect([reply.status, reply.body]).toEqual([200, nonStreamingBody(CLAUDE_ANSWER)])
  expect(reply.headers.get('x-router-fallback')).toBe('unavailable')
  const [hit] = stack.claude.hits
  expect(hit?.headers['anthropic-version']).toBe('2026-10-21')
  const sent = JSON.parse(hit?.body.toString() ?? '')
  expect(sent.messages).toEqual([{ role: 'user', content: SIMPLE }])
  expect(sent).not.toHaveProperty('temperature')
  expect(sent).not.toHaveProperty('top_p')
})

test('F45 a stop sequence that is no text is refused by name', async () => {
  const reply = await stack.client.ask(SIMPLE, { fields: { stop_sequences: [7] } })
  expect(reply.status).toBe(400)
  expect(reply.body).toContain('stop_sequences')
  expectNobodyAsked()
})

const HEAD = ' HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-type: application/json\r\n'
const POST = `POST /v1/messages${HEAD}`

test.each([
  ['F37 a length that is no number', `${POST}content-length: many\r\n\r\n{}`],
  ['F37 two lengths', `${POST}content-length: 2\r\ncontent-length: 9\r\n\r\n{}`],
  [
    'F37 a length and chunks',
    `${POST}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
  ],
  ['F37 chunks of no size', `${POST}transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`],
  ['F57 a path of a megabyte', `GET /v1/models/${'a'.repeat(1_000_000)}${HEAD}\r\n`],
])('%s asks nobody, and the next request is served', async (_, bytes) => {
  const sent = send(bytes)
  expect(await sent.answer).toMatch(/^HTTP\/1\.1 [45]\d\d /)
  expectNobodyAsked()
  expect((await stack.client.ask(SIMPLE)).status).toBe(200)
})

test('F37 a body of gigabytes is refused by its declared length, before a byte of it has come', async () => {
  const from = stack.edge.lines.length
  const sent = send(`${POST}content-length: 5000000000\r\n\r\n`)
  // wrangler dev holds the 413 back until the body has come; the log tells when it was made.
  await stack.edge.line(/error=too_large/, from)
  sent.leave()
  expectNobodyAsked()
})

test('F37 a body that breaks off before its declared length asks nobody', async () => {
  const body = messagesBody(SIMPLE)
  const sent = send(`${POST}content-length: ${body.length + 100}\r\n\r\n${body}`)
  await sent.written
  sent.leave()
  expect((await stack.client.ask(COMPLEX)).status).toBe(200)
  expect(stack.container.hits).toHaveLength(0)
  expect(stack.claude.hits).toHaveLength(1)
})

test('F58 members of every object’s prototype change nothing for the next request', async () => {
  const poison = messagesBody(SIMPLE).replace(
    '{',
    '{"__proto__":{"stream":true,"admin":true},"constructor":{"prototype":{"model":"local"}},',
  )
  await stack.client.send(poison)
  stack.claude.reset()
  const reply = await stack.client.ask(COMPLEX)
  expect(reply.body).toBe(nonStreamingBody(CLAUDE_ANSWER))
})

const MEGABYTE = 1_000_000
const fill = (piece: string) => piece.repeat(Math.ceil(MEGABYTE / piece.length)).slice(0, MEGABYTE)

test.each([
  'a',
  ' ',
  '\n',
  '(',
  '```',
  'SELECT ',
  'summarize this: ',
  '1. step ',
  'a@a.',
  'http://a.',
  '"a" ',
  'é',
  '𝒳',
])('F59 a megabyte of %j is decided, and the next request is served at once', async (piece) => {
  const reply = await stack.client.ask(fill(piece), { path: '/v1/router/explain' })
  expect(reply.status).toBe(200)
  expect(JSON.parse(reply.body)).toHaveProperty('route')
  expectNobodyAsked()
})

function expectNobodyAsked(): void {
  expect(stack.container.hits).toHaveLength(0)
  expect(stack.claude.hits).toHaveLength(0)
}

/** Sends bytes as they are, which fetch would not. */
function send(bytes: string) {
  const { hostname, port } = new URL(stack.edge.url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  const answer = new Promise<string>((settle) => {
    let text = ''
    socket.on('data', (data) => {
      text += data
      // The connection of a request that was not understood may stay open.
      if (text.includes('\r\n\r\n')) socket.destroy()
    })
    socket.on('close', () => settle(text))
  })
  const written = new Promise<void>((settle) => socket.write(bytes, () => settle()))
  return { answer, written, leave: () => void socket.destroy() }
}
