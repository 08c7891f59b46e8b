/**
 * The product as it runs: the real container with the shipped model, the real edge, a stand-in for Claude. What a
 * person sees when all is well, and when the container's processes are killed or frozen.
 */
import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { descendantsOf, eventually } from '../support/processes.ts'
import { type RunningProgram, startContainer, startEdge } from '../support/stack.ts'
import {
  type Client,
  COMPLEX,
  createClient,
  eventNames,
  messagesBody,
  SIMPLE,
} from '../support/stack-client.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import {
  CLAUDE_ANSWER,
  CLAUDE_KEY,
  claudeAnswers,
  nonStreamingBody,
  stream,
  streamFrames,
} from '../support/upstream-messages.ts'

const ADMIN_KEY = 'admin-key-of-these-tests'
const MODEL = 'Ulfberht-135M'
const STORY = 'Tell me a very long story about a dragon and a lighthouse, with many details.'
/** Makes the local model write for many seconds. */
const LONG = { headers: { 'x-router-force': 'local' }, fields: { max_tokens: 400 } }
const TOOLS = { tools: [{ name: 'clock', input_schema: { type: 'object' } }] }

let claude: Upstream
let container: RunningProgram
let edge: RunningProgram
let client: Client
let greetings = 0

beforeAll(async () => {
  claude = await startUpstream({ usual: claudeAnswers, other: [] })
  container = await startContainer()
  edge = await startEdge({
    LLM_STRATEGY: 'hybrid',
    LOCAL_LLM_ENABLED: 'true',
    LOCAL_LLM_URL: container.url,
    ANTHROPIC_API_KEY: CLAUDE_KEY,
    ANTHROPIC_BASE_URL: claude.url,
    ADMIN_KEY,
    LOCAL_HEADERS_MS: '4000',
    LOCAL_FIRST_CONTENT_MS: '8000',
    LOCAL_IDLE_MS: '3000',
    EARLY_HEADERS_MS: '20000',
  })
  client = createClient(edge.url)
  await container.line(/Model initialized successfully/)
})
afterAll(async () => {
  await Promise.all([edge?.stop(), container?.stop()])
  await claude?.close()
})
beforeEach(async () => {
  await untilLocal()
  claude.reset()
})

test('a greeting is answered by the local model, with counts and reasons', async () => {
  const reply = await client.ask(SIMPLE)
  expect(reply.status).toBe(200)
  const message = JSON.parse(reply.body)
  expect(message).toMatchObject({
    type: 'message',
    role: 'assistant',
    model: MODEL,
    content: [{ type: 'text' }],
  })
  expect(message.content[0].text.trim().length).toBeGreaterThan(3)
  expect(message.usage.input_tokens).toBeGreaterThan(0)
  expect(message.usage.output_tokens).toBeGreaterThan(0)
  expect(Object.fromEntries(reply.headers)).toMatchObject({
    'x-router-route': 'local',
    'x-router-model': MODEL,
    'x-router-reason': 'hybrid: simple task',
    'x-router-cost-usd': '0',
  })
  expect(claude.hits).toHaveLength(0)
})

test('an exact repeat comes from the cache, whole or as a stream', async () => {
  const text = 'Good evening! How was your day?'
  const first = await client.ask(text)
  const again = await client.ask(text)
  expect(again.headers.get('x-router-route')).toBe('cache')
  expect(JSON.parse(again.body).content).toEqual(JSON.parse(first.body).content)
  const streamed = await client.ask(text, { stream: true })
  expect(streamed.headers.get('x-router-cache')).toBe('hit')
  expect(streamedText(streamed.body)).toBe(JSON.parse(first.body).content[0].text)
})

test('a greeting is streamed as a whole Messages stream', async () => {
  const reply = await client.ask(greeting(), { stream: true })
  expect(reply.headers.get('x-router-route')).toBe('local')
  const names = eventNames(reply.body).filter((name) => name !== 'ping')
  expect(names.slice(0, 3)).toEqual(['message_start', 'content_block_start', 'content_block_delta'])
  expect(names.slice(-3)).toEqual(['content_block_stop', 'message_delta', 'message_stop'])
  expect(reply.body).not.toContain('logprob')
})

test('the official SDK gets a local answer, whole and streamed', async () => {
  const sdk = new Anthropic({ apiKey: 'any', baseURL: edge.url })
  const params = { model: 'auto', max_tokens: 32, messages: [{ role: 'user' as const, content: greeting() }] }
  expect((await sdk.messages.create(params)).model).toBe(MODEL)
  params.messages[0] = { role: 'user', content: greeting() }
  const message = await sdk.messages.stream(params).finalMessage()
  expect(message.model).toBe(MODEL)
  expect(message.stop_reason).toMatch(/^(end_turn|max_tokens)$/)
})

test('a complex request goes to Claude with its bytes, and Claude’s bytes come back', async () => {
  const body = messagesBody(COMPLEX, { model: 'claude-sonnet-5-5' }).replace('{', '{ "x_new":1.0 , ')
  const reply = await client.send(body)
  expect(reply.headers.get('x-router-route')).toBe('claude')
  expect(reply.body).toBe(nonStreamingBody(CLAUDE_ANSWER))
  expect(claude.hits.map((hit) => hit.body.toString())).toEqual([body])
  const streamed = await client.ask(COMPLEX, { stream: true })
  expect(streamed.body).toBe(streamFrames(CLAUDE_ANSWER).join(''))
})

test('tools go to Claude, however simple the text', async () => {
  const reply = await client.ask(SIMPLE, { fields: TOOLS })
  expect(reply.headers.get('x-router-reason')).toBe('tools required')
  expect(claude.hits).toHaveLength(1)
})

test('a conversation that Claude has begun stays with the model whose cache is warm', async () => {
  const turns = [
    { role: 'user', content: COMPLEX },
    { role: 'assistant', content: CLAUDE_ANSWER.pieces.join('') },
    { role: 'user', content: SIMPLE },
  ]
  claude.next(stream(streamFrames({ ...CLAUDE_ANSWER, cacheWritten: 4_000 })))
  const reasonOf = async (count: number) => {
    const fields = { messages: turns.slice(0, count), cache_control: { type: 'ephemeral' } }
    return (await client.ask('', { stream: true, fields })).headers.get('x-router-reason')
  }
  expect(await reasonOf(1)).toBe('hybrid: complex task')
  expect(await reasonOf(3)).toMatch(/^hybrid: simple task.*, stays with the warm cache$/)
  const asked = claude.hits.map((hit) => JSON.parse(hit.body.toString()).model)
  expect(asked).toEqual(['claude-sonnet-5-5', 'claude-sonnet-5-5'])
})

test('local_only answers complex requests locally and refuses what the model cannot do', async () => {
  const headers = { 'x-router-strategy': 'local_only' }
  const reply = await client.ask('Prove that one is odd.', { headers, fields: { max_tokens: 16 } })
  expect(reply.headers.get('x-router-route')).toBe('local')
  const refused = await client.ask(SIMPLE, { headers, fields: TOOLS })
  expect(refused.status).toBe(400)
  expect(JSON.parse(refused.body).error.message).toContain('tools')
  expect(claude.hits).toHaveLength(0)
})

test('a demanded form is kept to by the local model, whole and streamed, and for clients of chat completions', async () => {
  const labels = ['positive', 'negative']
  const schema = { type: 'object', properties: { mood: { enum: labels } }, required: ['mood'] }
  const headers = { 'x-router-force': 'local' }
  const sdk = new Anthropic({ apiKey: 'any', baseURL: edge.url, defaultHeaders: headers })
  const params = (format: object) => ({
    model: 'auto',
    max_tokens: 40,
    messages: [{ role: 'user' as const, content: 'Sentiment: the soup was cold and nobody smiled.' }],
    output_config: { format: { type: 'json_schema' as const, schema: { ...format } } },
  })
  const message = await sdk.messages.create(params({ type: 'string', enum: labels }))
  expect(message).toMatchObject({ model: MODEL, stop_reason: 'end_turn' })
  expect(labels).toContain(JSON.parse(textOf(message)))
  const streamed = await sdk.messages.stream(params(schema)).finalMessage()
  expect(labels).toContain(JSON.parse(textOf(streamed)).mood)
  const chat = await client.send(
    JSON.stringify({
      model: 'gpt-x',
      messages: params(schema).messages,
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'mood', strict: true, schema: { ...schema, additionalProperties: false } },
      },
    }),
    { headers, path: '/v1/chat/completions' },
  )
  expect(labels).toContain(JSON.parse(JSON.parse(chat.body).choices[0].message.content).mood)
  expect(claude.hits).toHaveLength(0)
})

test('the strategy can be changed while the router runs', async () => {
  expect((await putStrategy('claude_only', 'not-the-admin-key')).status).toBe(403)
  expect((await putStrategy('claude_only', ADMIN_KEY)).status).toBe(200)
  const reply = await client.ask(greeting())
  expect(reply.headers.get('x-router-reason')).toBe('claude_only')
  expect((await putStrategy('hybrid', ADMIN_KEY)).status).toBe(200)
})

test('F35 a client that leaves in mid-stream stops the generation', async () => {
  const from = container.lines.length
  const opened = await client.open(STORY, LONG)
  await opened.readUntil('text_delta')
  opened.leave()
  await container.line(/Not answered .*outcome=cancelled/, from)
  const metrics = await createClient(container.url).get('/metrics')
  expect(metrics.body).toMatch(/^llmrouter_container_running 0$/m)
})

test('F9 F18 the model’s process killed in mid-stream is one error event, and the model comes back', async () => {
  const opened = await client.open(STORY, LONG)
  await opened.readUntil('text_delta')
  for (const pid of descendantsOf(container.pid)) process.kill(pid, 'SIGKILL')
  expectBroken(await opened.rest())
  await container.line(/Model process lost, restarting/)
})

test('F7 a container frozen in mid-stream is one error event once the idle limit has passed', async () => {
  const opened = await client.open(STORY, LONG)
  await opened.readUntil('text_delta')
  await whileFrozen(async () => expectBroken(await opened.rest()))
})

test('F3 a container frozen before the request is Claude’s turn', async () => {
  await whileFrozen(async () => {
    const reply = await client.ask(greeting())
    expect(reply.body).toBe(nonStreamingBody(CLAUDE_ANSWER))
    expect(reply.headers.get('x-router-fallback')).toBe('timeout')
    expect(claude.hits).toHaveLength(1)
  })
})

// The last one: nothing starts the container again here (npm start does).
test('F1 F18 a container that is killed is Claude’s turn, and local_only says what is wrong', async () => {
  const tree = [...descendantsOf(container.pid), container.pid]
  for (const pid of tree) process.kill(pid, 'SIGKILL')
  const reply = await client.ask(greeting())
  expect(reply.body).toBe(nonStreamingBody(CLAUDE_ANSWER))
  expect(reply.headers.get('x-router-fallback')).toBe('unavailable')
  const refused = await client.ask(greeting(), { headers: { 'x-router-strategy': 'local_only' } })
  expect(refused.status).toBe(503)
  expect(claude.hits).toHaveLength(1)
  expect([...edge.lines, ...container.lines].join('\n')).not.toContain(CLAUDE_KEY)
})

/** A simple request that no cache has seen. */
function greeting(): string {
  return `Hello number ${++greetings}! How are you today?`
}

async function untilLocal(): Promise<void> {
  await eventually('the local model answers', async () => {
    const reply = await client.ask('Hi!', {
      headers: { 'x-router-cache': 'skip' },
      fields: { max_tokens: 2 },
    })
    return reply.headers.get('x-router-route') === 'local'
  })
}

/** Stops every process of the container for as long as `work` takes. */
async function whileFrozen(work: () => Promise<void>): Promise<void> {
  const tree = [...descendantsOf(container.pid), container.pid]
  for (const pid of tree) process.kill(pid, 'SIGSTOP')
  try {
    await work()
  } finally {
    for (const pid of tree) process.kill(pid, 'SIGCONT')
  }
}

function putStrategy(strategy: string, key: string): Promise<Response> {
  return fetch(`${edge.url}/v1/router/strategy`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', 'x-api-key': key },
    body: JSON.stringify({ strategy }),
  })
}

function textOf(message: Anthropic.Message): string {
  return message.content.map((block) => (block.type === 'text' ? block.text : '')).join('')
}

function expectBroken(body: string): void {
  const names = eventNames(body)
  expect(names.filter((name) => name === 'error')).toHaveLength(1)
  expect(names.at(-1)).toBe('error')
  expect(names).not.toContain('message_stop')
  expect(body).not.toContain(CLAUDE_ANSWER.pieces[0])
  expect(claude.hits).toHaveLength(0)
}

function streamedText(body: string): string {
  const deltas = [...body.matchAll(/^data: (\{"type":"content_block_delta".*\})$/gm)]
  return deltas.map((match) => JSON.parse(match[1] ?? '').delta.text).join('')
}
