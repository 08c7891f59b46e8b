/** Claude's prompt cache through the whole router, with official clients: what Claude is sent, what it saves, what clients see. */
import Anthropic from '@anthropic-ai/sdk'
import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { shownReceiptSchema } from '../../../edge/http/receipt-wire.ts'
import { cachingClaude } from '../../support/edge/caching-claude.ts'
import { ALICE_KEY, BOB_KEY, COMPLEX_PROMPT } from '../../support/edge/canaries.ts'
import { claudeMessage } from '../../support/edge/messages.ts'
import { createTestRouter, type TestRouter } from '../../support/edge/router.ts'
import {
  answerNonStreaming,
  claude,
  container,
  errorOf,
  type Responder,
  refused,
} from '../../support/edge/upstreams.ts'

const MARK = '"cache_control":{"type":"ephemeral"}'
const MODEL = 'claude-sonnet-5-5'
const SYSTEM = 'Answer as the help desk of a library does. '.repeat(60)
const SETTINGS = { LLM_STRATEGY: 'claude_only' }

async function createCachedRouter(settings: Record<string, string> = {}) {
  let now = 0
  claude.answer(cachingClaude(() => now))
  const router = await createTestRouter({ ...SETTINGS, ...settings })
  return {
    ...router,
    advance(milliseconds: number) {
      now += milliseconds
      router.advance(milliseconds)
    },
  }
}

const asks = (question: string, fields: object = {}) => ({
  model: MODEL,
  max_tokens: 64,
  system: SYSTEM,
  messages: [{ role: 'user' as const, content: question }],
  ...fields,
})
const completion = z.object({
  usage: z.object({
    prompt_tokens: z.number(),
    prompt_tokens_details: z.object({ cached_tokens: z.number() }),
  }),
})
const explanation = z.object({ promptCache: z.nullable(z.string()), session: z.nullable(z.object({})) })
const last = () => claude.hits.at(-1)?.text ?? ''
async function decisionOf(router: TestRouter, body: unknown, headers = {}) {
  const response = await router.post(body, headers)
  await response.text()
  return response.headers.get('x-router-prompt-cache')
}

test('questions under one system prompt: Claude is sent the client’s bytes and one mark, once it pays', async () => {
  const router = await createCachedRouter()
  const bodies = ['When do you open?', 'Where is “Dune”?', 'Is there tea?'].map(
    (question) => ` ${JSON.stringify(asks(question, { system: [{ type: 'text', text: SYSTEM }] }))}\n`,
  )
  const decisions = []
  for (const body of bodies) decisions.push(await decisionOf(router, body))
  expect(decisions).toEqual(['first_sight', 'added', 'added'])
  expect(claude.hits.map(({ text }) => text.replace(`${MARK},`, ''))).toEqual(bodies)
  expect(claude.hits.map(({ text }) => text.split(MARK).length - 1)).toEqual([0, 1, 1])
  expect(last()).toContain(`"system":[{${MARK},"type":"text"`)
})

test('the official SDK: a conversation reads from its third turn on, streamed or not', async () => {
  const router = await createCachedRouter()
  const client = new Anthropic({
    apiKey: ALICE_KEY,
    baseURL: 'http://localhost',
    fetch: async (url, init) => router.fetch(new Request(String(url), init)),
  })
  const messages: Anthropic.MessageParam[] = []
  const usages = []
  for (const turn of [1, 2, 3, 4]) {
    messages.push({ role: 'user', content: `Tell me more, part ${turn}. ${'And why? '.repeat(300)}` })
    const asked = { model: MODEL, max_tokens: 64, messages }
    const answer =
      turn === 4 ? await client.messages.stream(asked).finalMessage() : await client.messages.create(asked)
    messages.push({ role: 'assistant', content: answer.content })
    usages.push(answer.usage)
    router.advance(30_000)
  }
  expect(usages.map(({ cache_creation_input_tokens: written }) => (written ?? 0) > 0)).toEqual([
    false,
    true,
    true,
    true,
  ])
  expect(usages.map(({ cache_read_input_tokens: read }) => (read ?? 0) > 0)).toEqual([
    false,
    false,
    true,
    true,
  ])
})

test('chat completions are cached the same way, and say how many tokens were', async () => {
  const router = await createCachedRouter()
  const chat = (question: string, fields: object = {}) => ({
    model: MODEL,
    messages: [
      { role: 'system', content: SYSTEM },
      { role: 'user', content: question },
    ],
    ...fields,
  })
  const post = (body: unknown) => router.post(body, {}, { path: '/v1/chat/completions' })
  for (const question of ['When do you open?', 'Is there tea?']) await (await post(chat(question))).text()
  const told: unknown = await (await post(chat('Where is the lift?'))).json()
  const { usage } = completion.parse(told)
  expect(last()).toContain(`"system":[{"type":"text","text":`)
  expect(usage.prompt_tokens_details.cached_tokens).toBeGreaterThan(800)
  expect(usage.prompt_tokens).toBeGreaterThan(usage.prompt_tokens_details.cached_tokens)
  const streamed = await post(
    chat('And the stairs?', { stream: true, stream_options: { include_usage: true } }),
  )
  expect(await streamed.text()).toMatch(/"cached_tokens":[1-9]\d{2,}/)
})

test('so are responses', async () => {
  const router = await createCachedRouter()
  const respond = async (input: string) => {
    const body = { model: MODEL, instructions: SYSTEM, input, store: false }
    const answer = await router.post(body, {}, { path: '/v1/responses' })
    return { decision: answer.headers.get('x-router-prompt-cache'), text: await answer.text() }
  }
  for (const question of ['When do you open?', 'Is there tea?']) await respond(question)
  const { decision, text } = await respond('Where is the lift?')
  expect(decision).toBe('added')
  expect(last()).toContain(MARK)
  expect(text).toMatch(/"cached_tokens":\s*[1-9]\d{2,}/)
})

test('receipts tell the decision and a saving that is net of writes', async () => {
  const router = await createCachedRouter()
  const receiptOf = async (question: string) => {
    const response = await router.post(asks(question))
    await response.text()
    const id = response.headers.get('x-router-request-id')
    const read = () => router.request(`/v1/router/requests/${id}`, { headers: { 'x-api-key': ALICE_KEY } })
    await expect.poll(async () => (await read()).status).toBe(200)
    const shown: unknown = await (await read()).json()
    return shownReceiptSchema.parse(shown)
  }
  const first = await receiptOf('When do you open?')
  const written = await receiptOf('Is there tea?')
  const read = await receiptOf('Where is the lift?')
  expect([first, written, read].map(({ promptCache }) => promptCache?.decision)).toEqual([
    'first_sight',
    'added',
    'added',
  ])
  expect(read.promptCache).toMatchObject({
    marked: ['instructions'],
    prompt: { instructions: first.promptCache?.prompt?.instructions, before: null },
  })
  expect(first.savedNanoUsd).toBe(0)
  // A quarter of 2 USD a million tokens more, then nineteen twentieths less.
  expect(written.savedNanoUsd).toBe(-500 * (written.tokens?.cacheWrite ?? 0))
  expect(read.savedNanoUsd).toBe(1_900 * (read.tokens?.cacheRead ?? 0))
})

test('what a client marks itself is its own, in bytes and in the saving', async () => {
  const router = await createCachedRouter()
  const body = JSON.stringify(asks('When do you open?', { cache_control: { type: 'ephemeral' } }))
  expect(await decisionOf(router, body)).toBe('own')
  const other = JSON.stringify(asks('Is there tea?', { cache_control: { type: 'ephemeral' } }))
  const response = await router.post(other)
  expect(response.headers.get('x-router-saved-usd')).toBe('0')
  expect(claude.hits.map(({ text }) => text)).toEqual([body, other])
})

test('is off where the settings or the tenant’s policy say so', async () => {
  const off = await createCachedRouter({ PROMPT_CACHE: 'off' })
  expect(await decisionOf(off, asks('When do you open?'))).toBe('off')
  const policies = await createCachedRouter({
    ROUTER_KEYS: JSON.stringify([
      { id: 'alice', key: ALICE_KEY, promptCache: 'off' },
      { id: 'bob', key: BOB_KEY },
    ]),
  })
  expect(await decisionOf(policies, asks('When do you open?'))).toBe('off')
  expect(await decisionOf(policies, asks('When do you open?'), { 'x-api-key': BOB_KEY })).toBe('first_sight')
})

test('another server is sent no marks unless they are asked for', async () => {
  const other = { ANTHROPIC_BASE_URL: 'http://127.0.0.1:4010' }
  container.answer(answerNonStreaming(claudeMessage()))
  const unset = await createTestRouter({ ...SETTINGS, ...other })
  expect(await decisionOf(unset, asks('When do you open?'))).toBe('off')
  const asked = await createTestRouter({ ...SETTINGS, ...other, PROMPT_CACHE: 'auto' })
  expect(await decisionOf(asked, asks('When do you open?'))).toBe('first_sight')
})

test('a server that knows no marks answers all the same, and is soon sent none', async () => {
  const router = await createCachedRouter()
  const knowsNone = (hit: { text: string }) =>
    hit.text.includes(MARK)
      ? Response.json(
          { type: 'error', error: { type: 'invalid_request_error', message: 'cache_control: extra fields' } },
          { status: 400 },
        )
      : answerNonStreaming(claudeMessage())
  claude.answer((hit, index) => {
    const answer = knowsNone(hit)
    return answer instanceof Response ? answer : answer({ ...hit }, index)
  })
  const decisions = []
  for (const question of ['1', '2', '3', '4', '5']) decisions.push(await decisionOf(router, asks(question)))
  expect(decisions).toEqual(['first_sight', 'refused', 'refused', 'refused', 'refused'])
  expect(claude.hits.filter(({ text }) => text.includes(MARK))).toHaveLength(2)
})

test('requests that are wrong by themselves switch nothing off, whatever words stand in their refusal', async () => {
  const router = await createCachedRouter()
  await decisionOf(router, asks('When do you open?'))
  claude.answer(() =>
    Response.json(
      {
        type: 'error',
        error: { type: 'invalid_request_error', message: 'messages.0.cache_control_x: extra' },
      },
      { status: 400 },
    ),
  )
  for (const question of ['1', '2', '3']) await router.post(asks(question))
  claude.answer(cachingClaude(() => 0))
  expect(await decisionOf(router, asks('Is there tea?'))).toBe('added')
})

test('instructions that are sent otherwise than they came are not marked, and are not said to be', async () => {
  const router = await createCachedRouter()
  const reasons = []
  for (const question of ['When do you open?', 'Is there tea?', 'Where is the lift?']) {
    // This model takes no system turns: what stands between turns is moved to the end of the instructions.
    const messages = [
      { role: 'system', content: SYSTEM },
      { role: 'user', content: question },
      { role: 'assistant', content: 'One moment.' },
      { role: 'system', content: `The question was: ${question}` },
      { role: 'user', content: 'Well?' },
    ]
    const response = await router.post(
      { model: 'claude-sonnet-5', messages },
      {},
      { path: '/v1/chat/completions' },
    )
    await response.text()
    reasons.push(response.headers.get('x-router-prompt-cache'))
  }
  expect(JSON.parse(last()).system).toHaveLength(2)
  expect(reasons).toEqual(['first_sight', 'first_sight', 'first_sight'])
  expect(claude.hits.filter(({ text }) => text.includes(MARK))).toEqual([])
})

test.each<[string, Responder]>([
  ['cannot be reached', refused],
  ['is overloaded', () => errorOf('overloaded_error', 529)],
  ['refuses the request', () => errorOf('invalid_request_error', 400)],
  ['sends no answer', () => Response.json({})],
])('whoever comes next writes the cache where Claude %s', async (_, fails) => {
  const router = await createCachedRouter({ CLAUDE_MAX_RETRIES: '0' })
  const works = cachingClaude(() => 0)
  claude.answer(works, fails, works)
  await decisionOf(router, asks('When do you open?'))
  await decisionOf(router, asks('Is there tea?'))
  expect(last()).toContain(MARK)
  expect(await decisionOf(router, asks('Where is the lift?'))).toBe('added')
})

test('whoever comes next writes the cache where the client leaves before Claude answers', async () => {
  const router = await createCachedRouter()
  const works = cachingClaude(() => 0)
  const client = new AbortController()
  const leaves: Responder = () => {
    client.abort()
    return new Promise<Response>(() => {})
  }
  claude.answer(works, leaves, works)
  await decisionOf(router, asks('When do you open?'))
  await router.post(asks('Is there tea?'), {}, { signal: client.signal }).catch(() => {})
  expect(last()).toContain(MARK)
  expect(await decisionOf(router, asks('Where is the lift?'))).toBe('added')
})

test('a prompt that is too short says so', async () => {
  const router = await createCachedRouter()
  expect(await decisionOf(router, asks('Hi', { system: 'Be kind.' }))).toBe('too_short')
})

test('a repeat out of the router’s own cache tells the cached tokens in both shapes, whole or streamed', async () => {
  const router = await createCachedRouter()
  for (const question of ['When do you open?', 'Is there tea?'])
    await (await router.post(asks(question))).text()
  const anthropic: string[] = []
  const openai: string[] = []
  const chat = {
    model: MODEL,
    max_completion_tokens: 64,
    messages: [
      { role: 'system', content: SYSTEM },
      { role: 'user', content: 'Is there coffee?' },
    ],
  }
  for (const stream of [false, true])
    for (const _ of ['asked', 'repeated']) {
      anthropic.push(await (await router.post(asks('Where is the lift?', { stream }))).text())
      const options = { path: '/v1/chat/completions' }
      const more = stream ? { stream, stream_options: { include_usage: true } } : {}
      openai.push(await (await router.post({ ...chat, ...more }, {}, options)).text())
    }
  expect(claude.hits).toHaveLength(4)
  for (const text of anthropic) expect(text).toMatch(/"cache_read_input_tokens":[1-9]\d{2,}/)
  for (const text of openai) expect(text).toMatch(/"cached_tokens":[1-9]\d{2,}/)
})

test('an explanation says what would be decided, and counts nothing', async () => {
  const router = await createCachedRouter()
  const explain = async (question: string) => {
    const response = await router.post(asks(question), {}, { path: '/v1/router/explain' })
    return explanation.parse(await response.json()).promptCache
  }
  expect(await explain('When do you open?')).toBe('first_sight')
  expect(await explain('When do you open?')).toBe('first_sight')
  await decisionOf(router, asks('Is there tea?'))
  expect(await explain('When do you open?')).toBe('added')
})

test('a conversation that the router has had cached stays with its model', async () => {
  const router = await createCachedRouter({ LLM_STRATEGY: 'hybrid' })
  const code = `${COMPLEX_PROMPT} ${'def parse(tokens): return stack\n'.repeat(80)}`
  const turns = [
    { role: 'user', content: code },
    { role: 'assistant', content: 'Done.' },
    { role: 'user', content: `And this one: ${code}` },
    { role: 'assistant', content: 'Done.' },
    { role: 'user', content: 'Thanks!' },
  ]
  const reasons = []
  const explained = async (body: unknown) =>
    explanation.parse(await (await router.post(body, {}, { path: '/v1/router/explain' })).json())
  for (const length of [1, 3, 5]) {
    const body = { model: 'auto', max_tokens: 64, messages: turns.slice(0, length) }
    // The first session of an isolate is kept beside the answer.
    if (length === 5) await expect.poll(async () => (await explained(body)).session).not.toBeNull()
    const response = await router.post(body)
    await response.text()
    reasons.push(response.headers.get('x-router-reason'))
  }
  expect(reasons.at(-1)).toMatch(/, stays with the warm cache$/)
  expect(JSON.parse(last()).model).toBe('claude-sonnet-5-5')
})
