/**
 * The real container with the shipped model where it is early, full, busy, badly asked, on the wrong clock or on its way
 * out. Its own process and sockets, the real edge before it, a stand-in for Claude. Other tests kill and freeze it: product.test.ts.
 */
import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventually, freePort, isAlive } from '../support/processes.ts'
import { type RunningProgram, startContainer, startEdge } from '../support/stack.ts'
import { type Client, createClient, eventNames, type Reply, SIMPLE } from '../support/stack-client.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import {
  CLAUDE_ANSWER,
  CLAUDE_KEY,
  claudeAnswers,
  LOCAL_SECRET,
  nonStreamingBody,
} from '../support/upstream-messages.ts'

const AHEAD_MS = 600_000
/** Runs before the container's own code, in its process and in none of its children. */
const SHIFTED_CLOCK = `
  const Real = Date
  globalThis.Date = class extends Real {
    constructor(...given) { given.length === 0 ? super(Real.now() + ${AHEAD_MS}) : super(...given) }
    static now() { return Real.now() + ${AHEAD_MS} }
  }`
const LOCAL = { 'x-api-key': LOCAL_SECRET }
const STORY = 'Tell me a very long story about a dragon and a lighthouse, with many details.'

let claude: Upstream
let container: RunningProgram
let edge: RunningProgram
let client: Client
/** Speaks to the container without the edge. */
let direct: Client
let reused: Promise<number[]>

beforeAll(async () => {
  claude = await startUpstream({ usual: claudeAnswers, other: [] })
  const port = await freePort()
  edge = await startEdge({
    LLM_STRATEGY: 'hybrid',
    LOCAL_LLM_ENABLED: 'true',
    LOCAL_LLM_URL: `http://127.0.0.1:${port}`,
    LOCAL_LLM_SECRET: LOCAL_SECRET,
    ANTHROPIC_API_KEY: CLAUDE_KEY,
    ANTHROPIC_BASE_URL: claude.url,
    CACHE_TTL_SECONDS: '0',
    LOCAL_HEADERS_MS: '20000',
    LOCAL_FIRST_CONTENT_MS: '20000',
    LOCAL_IDLE_MS: '20000',
    EARLY_HEADERS_MS: '20000',
  })
  client = createClient(edge.url)
  container = await startContainer({
    PORT: String(port),
    LOCAL_LLM_SECRET: LOCAL_SECRET,
    MAX_CONCURRENCY: '2',
    MAX_QUEUE: '2',
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(SHIFTED_CLOCK)}`,
  })
  direct = createClient(container.url)
  reused = useConnectionsTwice(container.url, 50)
})
afterAll(async () => {
  await Promise.all([edge?.stop(), container?.stop()])
  await claude?.close()
})
beforeEach(() => claude.reset())

// The first one: the model is being loaded.
test('F19 while the model is loaded Claude answers, /readyz says so and /healthz is well', async () => {
  expect((await direct.get('/healthz')).status).toBe(200)
  expect((await direct.get('/readyz')).status).toBe(503)
  const reply = await client.ask(SIMPLE)
  expect(reply.headers.get('x-router-fallback')).toBe('unavailable')
  expect(reply.body).toBe(nonStreamingBody(CLAUDE_ANSWER))
  expect(claude.hits).toHaveLength(1)
  await eventually('the model is loaded', async () => (await direct.get('/readyz')).status === 200, 120_000)
  await eventually('the local model answers', async () => isLocal(await client.ask(SIMPLE)))
}, 150_000)

test('F21 a container whose clock is ten minutes ahead answers within its relative deadlines', async () => {
  const { body } = await direct.get('/v1/models', LOCAL)
  expect(Date.parse(JSON.parse(body).data[0].created_at)).toBeGreaterThan(Date.now() + AHEAD_MS / 2)
  expect(isLocal(await client.ask(SIMPLE))).toBe(true)
  const headers = { ...LOCAL, 'x-deadline-ms': '20000' }
  expect((await direct.ask(SIMPLE, { headers, fields: { max_tokens: 4 } })).status).toBe(200)
})

test('F20 the container tells a wrong secret and none the same, and no word of the model', async () => {
  for (const headers of [{}, { 'x-api-key': 'not-the-secret-0123456789' }]) {
    const reply = await direct.ask(SIMPLE, { headers })
    expect(reply.status).toBe(401)
    expect(JSON.parse(reply.body).error.type).toBe('authentication_error')
  }
})

test('F44 max_tokens of a billion is cut to what the local model may write', async () => {
  const reply = await client.ask(SIMPLE, { fields: { max_tokens: 1_000_000_000 } })
  expect([reply.status, isLocal(reply)]).toEqual([200, true])
})

test('F45 the local model stops exactly before a sequence that lies across tokens, whole and streamed', async () => {
  const ask = (fields: object, stream = false) =>
    direct.ask(STORY, { headers: LOCAL, stream, fields: { temperature: 0, max_tokens: 24, ...fields } })
  const whole = JSON.parse((await ask({})).body).content[0].text
  const stop = whole.slice(9, 16)
  const expected = whole.slice(0, whole.indexOf(stop))
  const cut = JSON.parse((await ask({ stop_sequences: [stop] })).body)
  expect(cut).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: stop })
  expect(cut.content[0].text).toBe(expected)
  expect(streamedText((await ask({ stop_sequences: [stop] }, true)).body)).toBe(expected)
})

test.each([
  ['F45 an empty stop sequence', ['']],
  ['F45 ten thousand stop sequences', Array.from({ length: 10_000 }, (_, index) => `stop ${index}`)],
])('%s is refused by the container', async (_, stop_sequences) => {
  const reply = await direct.ask(SIMPLE, { headers: LOCAL, fields: { stop_sequences } })
  expect(reply.status).toBe(400)
  expect(reply.body).toContain('stop_sequences')
})

test('F64 the health page answers while a long prompt is read', async () => {
  const { maxInputTokens } = JSON.parse((await direct.get('/readyz')).body)
  const text = 'word '.repeat(Math.floor(maxInputTokens * 0.8))
  let hasBegun = false
  const opened = direct.open(text, { headers: LOCAL, fields: { max_tokens: 2 } }).then(async (stream) => {
    await stream.readUntil('text_delta')
    hasBegun = true
    return stream
  })
  await eventually('the prompt is read', async () =>
    /^llmrouter_container_running 1$/m.test((await direct.get('/metrics', LOCAL)).body),
  )
  expect((await direct.get('/healthz')).status).toBe(200)
  expect(hasBegun).toBe(false)
  expect(eventNames(await (await opened).rest()).at(-1)).toBe('message_stop')
})

test('F62 of many requests at once the container takes what it has room for and sheds the rest with a wait', async () => {
  const replies = await Promise.all(
    Array.from({ length: 24 }, () => direct.ask(STORY, { headers: LOCAL, fields: { max_tokens: 24 } })),
  )
  const shed = replies.filter(({ status }) => status === 429)
  const answered = replies.filter(({ status }) => status === 200)
  expect(shed.length + answered.length).toBe(replies.length)
  expect(answered.length).toBeGreaterThanOrEqual(4)
  expect(shed.length).toBeGreaterThan(0)
  for (const reply of shed) expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0)
  await eventually('nothing is left of them', async () =>
    /^llmrouter_container_running 0$/m.test((await direct.get('/metrics', LOCAL)).body),
  )
})

test('F23 connections that were idle for 4.9 to 5.1 seconds are used again without a fault', async () => {
  expect(new Set(await reused)).toEqual(new Set([200]))
})

// The last one: the container is stopped as a deployment stops it.
test('F22 at SIGTERM the container finishes what runs, and new requests are Claude’s at once', async () => {
  const fields = { max_tokens: 120 }
  const opened = await client.open(STORY, { headers: { 'x-router-force': 'local' }, fields })
  await opened.readUntil('text_delta')
  process.kill(container.pid, 'SIGTERM')
  await container.line(/Shutting down/)
  const reply = await client.ask(SIMPLE)
  expect(reply.headers.get('x-router-fallback')).toBe('unavailable')
  expect(reply.body).toBe(nonStreamingBody(CLAUDE_ANSWER))
  const body = await opened.rest()
  expect(eventNames(body).at(-1)).toBe('message_stop')
  expect(body).not.toContain(CLAUDE_ANSWER.pieces[0])
  await eventually('the container ends', () => !isAlive(container.pid))
})

function isLocal(reply: Reply): boolean {
  return reply.headers.get('x-router-route') === 'local'
}

function streamedText(body: string): string {
  const deltas = [...body.matchAll(/^data: (\{"type":"content_block_delta".*\})$/gm)]
  return deltas.map((match) => JSON.parse(match[1] ?? '').delta.text).join('')
}

/** Node closes idle connections after 5 s unless it is told otherwise: the moment at which callers use them again. */
async function useConnectionsTwice(url: string, count: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: count })
  const get = () =>
    new Promise<number>((settle, fail) => {
      const sent = request(`${url}/healthz`, { agent }, (response) => {
        response.resume()
        response.on('end', () => settle(response.statusCode ?? 0))
      })
      sent.on('error', fail)
      sent.end()
    })
  await Promise.all(Array.from({ length: count }, get))
  const again = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      await delay(4_900 + (200 * index) / count)
      return get()
    }),
  )
  agent.destroy()
  return again
}
