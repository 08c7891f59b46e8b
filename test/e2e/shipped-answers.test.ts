/**
 * What the shipped model says, from outside: each thing that it was tuned for once, and the answer that it doesn't trust.
 * How good it is over many requests is the exam's to say (docs/exam.md).
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type RunningProgram, startContainer, startEdge } from '../support/stack.ts'
import { type AskOptions, type Client, createClient, type Reply } from '../support/stack-client.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { CLAUDE_ANSWER, CLAUDE_KEY, claudeAnswers } from '../support/upstream-messages.ts'

const MODEL = 'Ulfberht-135M'

let claude: Upstream
let container: RunningProgram
let edge: RunningProgram
let client: Client

beforeAll(async () => {
  claude = await startUpstream({ usual: claudeAnswers, other: [] })
  container = await startContainer({ JUDGE_MODEL: 'off' })
  edge = await startEdge({
    LLM_STRATEGY: 'hybrid',
    LOCAL_LLM_ENABLED: 'true',
    LOCAL_LLM_URL: container.url,
    LOCAL_TASKS: 'simple_chat,simple_qa,summarization,classification',
    ANTHROPIC_API_KEY: CLAUDE_KEY,
    ANTHROPIC_BASE_URL: claude.url,
    LOCAL_HEADERS_MS: '20000',
    LOCAL_FIRST_CONTENT_MS: '20000',
    EARLY_HEADERS_MS: '20000',
  })
  client = createClient(edge.url)
  await container.line(/Model initialized successfully/)
})
afterAll(async () => {
  await Promise.all([edge?.stop(), container?.stop()])
  await claude?.close()
})
beforeEach(() => claude.reset())

/** Returns the text of an answer of the local model. */
function localText(reply: Reply): string {
  expect(reply.status).toBe(200)
  const message = JSON.parse(reply.body)
  expect(message.model).toBe(MODEL)
  expect(claude.hits).toHaveLength(0)
  return message.content[0].text
}

const ask = async (text: string, options: AskOptions = {}) => localText(await client.ask(text, options))
/** Asks the local model whatever the router would decide. */
const askLocal = (text: string, fields: Readonly<Record<string, unknown>> = {}) =>
  ask(text, { headers: { 'x-router-force': 'local' }, fields })

test.each([
  ['a greeting', 'Hello!', /\b(hello|hi|hey|welcome)\b/i],
  ['thanks', 'Thanks!', /welcome|glad|pleasure|any ?time/i],
  ['a goodbye', 'Bye!', /\b(bye|goodbye|see you|take care)\b/i],
  ['a German greeting', 'Guten Morgen!', /guten (morgen|tag)|hallo/i],
  ['a French greeting', 'Bonjour !', /bonjour|salut/i],
  ['a Spanish greeting', '¡Hola!', /hola/i],
])('%s is returned in kind', async (_, text, expected) => {
  expect(await ask(text)).toMatch(expected)
})

test('a persona is kept', async () => {
  const system = 'You are Mia, the assistant of the bakery Golden Crust. Answer in one sentence.'
  expect(await askLocal('Who are you?', { system })).toMatch(/Mia|Golden Crust/)
})

test('a label is one of those that are allowed', async () => {
  const schema = { type: 'string', enum: ['positive', 'negative'] }
  const text = await askLocal(
    'Classify the sentiment of this review as positive or negative: "I love it, best purchase of the year!"',
    { output_config: { format: { type: 'json_schema', schema } } },
  )
  expect(JSON.parse(text)).toBe('positive')
})

test('a field is a piece of the message', async () => {
  const schema = {
    type: 'object',
    properties: { order_number: { type: 'string' } },
    required: ['order_number'],
  }
  const text = await askLocal(
    'Extract the order number from this message: "Hi, my order 48213 has not arrived yet."',
    {
      output_config: { format: { type: 'json_schema', schema: { ...schema, additionalProperties: false } } },
    },
  )
  expect(JSON.parse(text)).toEqual({ order_number: '48213' })
})

test('a summary speaks of what the text speaks of, in fewer words', async () => {
  const passage =
    'The city library on Park Street will close for repairs on Monday. Workers will replace the old heating. The library opens again in two weeks, and books can be returned at the town hall until then.'
  const summary = await askLocal(`Summarize this text in one sentence: ${passage}`)
  expect(summary).toMatch(/library/i)
  expect(summary.length).toBeLessThan(passage.length)
})

test('what it cannot know is left to Claude before a word of a stream', async () => {
  const reply = await client.ask('Where are my keys?', { stream: true })
  expect(reply.status).toBe(200)
  expect(reply.headers.get('x-router-fallback')).toBe('low_confidence')
  expect(reply.body).toContain(CLAUDE_ANSWER.pieces[0])
  expect(claude.hits).toHaveLength(1)
})

test('where nobody else may be asked, it says that it does not know', async () => {
  expect(await askLocal('Where are my keys?')).toMatch(/\b(don't|can't|cannot|no way)\b/i)
})

test('an answer that it does not trust itself is not shown: Claude is asked', async () => {
  const reply = await client.ask('How tall is Mount Kenya?')
  expect(reply.status).toBe(200)
  expect(JSON.parse(reply.body).content[0].text).toBe(CLAUDE_ANSWER.pieces.join(''))
  expect(reply.headers.get('x-router-fallback')).toBe('low_confidence')
  expect(claude.hits).toHaveLength(1)
})
