/** Exactly one record of every request, whatever becomes of it; and a ledger that fails harms no request. */
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import type { Ledger } from '../../../edge/ledger/ledger.ts'
import { type ReceiptRecord, receiptRecordSchema } from '../../../edge/ledger/receipt-record.ts'
import { COMPLEX_PROMPT, SIMPLE_PROMPT } from '../../support/edge/canaries.ts'
import { loggedLines, requestMessages } from '../../support/edge/log-collector.ts'
import { createMemoryLedger } from '../../support/edge/memory-ledger.ts'
import { claudeMessage, framesOf, framesToFirstContent, localMessage } from '../../support/edge/messages.ts'
import { ask, createTestRouter, type TestRouter } from '../../support/edge/router.ts'
import {
  answerNonStreaming,
  answerStream,
  claude,
  container,
  type Responder,
  refused,
  streamOf,
} from '../../support/edge/upstreams.ts'

const CHEAP_AND_STRONG = { input_tokens: 12, output_tokens: 7 }
/** 12 tokens in and 7 out, by the lists of claude-haiku-5-5 and claude-sonnet-5-5. */
const CHEAP_COST = 4_700
const STRONG_COST = 94_000

async function recordingRouter(settings: Readonly<Record<string, string>> = {}, wrapped?: Partial<Ledger>) {
  const records: ReceiptRecord[] = []
  const memory = await createMemoryLedger()
  const ledger: Ledger = {
    ...memory,
    append: async (record) => void records.push(receiptRecordSchema.parse(record)),
    ...wrapped,
  }
  return { router: await createTestRouter(settings, { ledger }), records }
}

/** Waits until as many requests have been recorded, and until nothing more can come. */
async function settled(records: readonly ReceiptRecord[], count: number): Promise<void> {
  await vi.waitFor(() => expect(records).toHaveLength(count))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(records).toHaveLength(count)
}

const post = async (router: TestRouter, body: unknown, headers: Record<string, string> = {}) => {
  const response = await router.post(body, headers)
  await response.text().catch(() => {})
  return response
}

test('records an answer of the local model with what it saved against the strong Claude model', async () => {
  const { router, records } = await recordingRouter()
  const response = await post(router, ask())
  await settled(records, 1)
  expect(records[0]).toMatchObject({
    id: response.headers.get('x-router-request-id'),
    tenant: 'alice',
    surface: 'messages',
    requestedModel: 'auto',
    route: 'local',
    model: 'tiny-model',
    baselineModel: 'claude-sonnet-5-5',
    outcome: 'completed',
    tokens: { input: 12, output: 7 },
    costNanoUsd: 0,
    baselineNanoUsd: STRONG_COST,
    savedNanoUsd: STRONG_COST,
  })
  expect(records[0]).not.toHaveProperty('content')
  expect(response.headers.get('x-router-saved-usd')).toBe('0.000094')
})

test('records a cheap answer of Claude’s with its cost and the saving, in the headers as well', async () => {
  container.answer(refused)
  const { router, records } = await recordingRouter()
  const response = await post(router, ask())
  await settled(records, 1)
  expect(records[0]).toMatchObject({
    route: 'claude',
    model: 'claude-haiku-5-5',
    fallback: 'unavailable',
    attempts: [{ provider: 'local', cause: 'unavailable', costNanoUsd: 0 }],
    costNanoUsd: CHEAP_COST,
    savedNanoUsd: STRONG_COST - CHEAP_COST,
  })
  expect(response.headers.get('x-router-cost-usd')).toBe('0.0000047')
  expect(response.headers.get('x-router-saved-usd')).toBe('0.0000893')
})

test('measures a model that was asked for by name against itself, and everything against SAVINGS_BASELINE', async () => {
  const named = ask(COMPLEX_PROMPT, { model: 'claude-haiku-5-5' })
  const first = await recordingRouter({ LLM_STRATEGY: 'claude_only' })
  await post(first.router, named)
  await settled(first.records, 1)
  expect(first.records[0]).toMatchObject({ baselineModel: 'claude-haiku-5-5', savedNanoUsd: 0 })
  const second = await recordingRouter({ LLM_STRATEGY: 'claude_only', SAVINGS_BASELINE: 'claude-sonnet-5-5' })
  await post(second.router, named)
  await settled(second.records, 1)
  expect(second.records[0]).toMatchObject({
    baselineModel: 'claude-sonnet-5-5',
    savedNanoUsd: STRONG_COST - CHEAP_COST,
  })
})

test('prices by PRICES, and knows no cost of a model that nobody priced', async () => {
  claude.answer(answerNonStreaming(claudeMessage({ model: 'claude-9' })))
  const prices = JSON.stringify({ 'claude-9': { input: 1_000, output: 0 } })
  const priced = await recordingRouter({ LLM_STRATEGY: 'claude_only', PRICES: prices })
  await post(priced.router, ask(COMPLEX_PROMPT))
  await settled(priced.records, 1)
  expect(priced.records[0]).toMatchObject({ costNanoUsd: 12_000_000 })
  const unknown = await recordingRouter({ LLM_STRATEGY: 'claude_only' })
  const response = await post(unknown.router, ask(COMPLEX_PROMPT))
  await settled(unknown.records, 1)
  expect(unknown.records[0]).toMatchObject({
    costNanoUsd: null,
    savedNanoUsd: null,
    baselineNanoUsd: STRONG_COST,
  })
  expect(response.headers.has('x-router-cost-usd')).toBe(false)
  expect(response.headers.has('x-router-saved-usd')).toBe(false)
})

test('counts an attempt that told of tokens before it failed, though another attempt answered', async () => {
  const start = framesOf(claudeMessage({ usage: { ...CHEAP_AND_STRONG, output_tokens: 1 } }))[0] ?? ''
  const error = 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"x"}}\n\n'
  claude.answer(() => streamOf([start, error]), answerStream(claudeMessage()))
  const { router, records } = await recordingRouter({ LLM_STRATEGY: 'claude_only' })
  await post(router, ask(COMPLEX_PROMPT, { stream: true, model: 'claude-haiku-5-5' }))
  await settled(records, 1)
  // The start of a replayed answer tells of the prompt, 12 tokens at 100 nano-dollars each.
  expect(records[0]).toMatchObject({
    outcome: 'completed',
    attempts: [{ provider: 'claude', cause: 'overloaded', costNanoUsd: 1_200 }],
    costNanoUsd: CHEAP_COST + 1_200,
    baselineNanoUsd: CHEAP_COST,
    savedNanoUsd: -1_200,
  })
})

test('keeps the tokens that a stream had told of when it broke or was left', async () => {
  claude.answer(() => streamOf(framesToFirstContent(claudeMessage())))
  const { router, records } = await recordingRouter({ LLM_STRATEGY: 'claude_only' })
  await post(router, ask(COMPLEX_PROMPT, { stream: true }))
  await settled(records, 1)
  expect(records[0]).toMatchObject({ outcome: 'broken', tokens: { input: 12 }, costNanoUsd: 1_200 })
  claude.answer(answerStream(claudeMessage()))
  const response = await router.post(ask(COMPLEX_PROMPT, { stream: true }))
  await response.body?.cancel()
  await settled(records, 2)
  expect(records[1]).toMatchObject({ outcome: 'cancelled', route: 'claude' })
  expect(records[1]?.costNanoUsd).toBeGreaterThan(0)
})

test('records cache hits as saving all that the baseline would have cost', async () => {
  const { router, records } = await recordingRouter()
  await post(router, ask())
  await settled(records, 1)
  await post(router, ask())
  await settled(records, 2)
  expect(records[1]).toMatchObject({
    route: 'cache',
    cache: 'hit',
    costNanoUsd: 0,
    savedNanoUsd: STRONG_COST,
  })
})

test('records requests that were refused, by the router and by Claude', async () => {
  const { router, records } = await recordingRouter({ LLM_STRATEGY: 'local_only' })
  const tools = [{ name: 'x', input_schema: { type: 'object' } }]
  expect((await post(router, ask(SIMPLE_PROMPT, { tools }))).status).toBe(400)
  await settled(records, 1)
  expect(records[0]).toMatchObject({ outcome: 'refused', route: null, tokens: null, costNanoUsd: 0 })
  claude.answer(() =>
    Response.json(
      { type: 'error', error: { type: 'invalid_request_error', message: 'no' } },
      { status: 400 },
    ),
  )
  const other = await recordingRouter({ LLM_STRATEGY: 'claude_only' })
  await post(other.router, ask(COMPLEX_PROMPT))
  await settled(other.records, 1)
  expect(other.records[0]).toMatchObject({
    outcome: 'refused',
    errorCode: 'claude_400',
    attempts: [{ provider: 'claude', cause: 'error', costNanoUsd: 0 }],
    costNanoUsd: 0,
    savedNanoUsd: 0,
  })
})

test.each([
  ['storage is full', 'database or disk is full: SQLITE_FULL'],
  ['storage is over its spending limit', 'Exceeded allowed rows written in Durable Objects free tier.'],
])('answers where the object’s %s, and says so in one line without its words', async (_, text) => {
  const append = () => Promise.reject(new Error(text))
  const { router } = await recordingRouter({}, { append })
  expect((await post(router, ask())).status).toBe(200)
  await vi.waitFor(() =>
    expect(loggedLines().filter(({ level }) => level === 'error')).toMatchObject([
      { message: '[Router] The receipt cannot be kept', fields: { name: 'Error' } },
    ]),
  )
  expect(JSON.stringify(loggedLines())).not.toContain(text)
})

test('answers where the ledger fails, and says so in one line', async () => {
  const { router } = await recordingRouter(
    {},
    { append: () => Promise.reject(new TypeError('internals-canary')) },
  )
  const response = await post(router, ask())
  expect(response.status).toBe(200)
  await vi.waitFor(() =>
    expect(loggedLines().filter(({ level }) => level === 'error')).toMatchObject([
      { message: '[Router] The receipt cannot be kept', fields: { name: 'TypeError' } },
    ]),
  )
  expect(requestMessages()).toHaveLength(1)
})

test('names the end user: by the header that is set, then by the body, of either API', async () => {
  const { router, records } = await recordingRouter({ USER_HEADER: 'x-router-user' })
  const chat = { model: 'auto', messages: [{ role: 'user', content: SIMPLE_PROMPT }] }
  const named = ask(SIMPLE_PROMPT, { metadata: { user_id: 'anna' } })
  await post(router, named)
  await settled(records, 1)
  await post(router, named, { 'x-router-user': 'bert' })
  await settled(records, 2)
  const asChat = async (body: object) => {
    await (await router.post(body, {}, { path: '/v1/chat/completions' })).text()
  }
  await asChat({ ...chat, user: 'cleo' })
  await settled(records, 3)
  await asChat({ ...chat, user: 'cleo', safety_identifier: 'dora' })
  await settled(records, 4)
  await asChat(chat)
  await settled(records, 5)
  expect(records.map(({ user }) => user)).toEqual(['anna', 'bert', 'cleo', 'dora', null])
  expect(records.map(({ surface }) => surface)).toEqual([
    'messages',
    'messages',
    'chat_completions',
    'chat_completions',
    'chat_completions',
  ])
})

test('keeps a hash in the place of the name where that is wanted, and the header never leaves', async () => {
  const settings = { USER_HEADER: 'x-router-user', HASH_USERS: 'true', USER_HASH_SALT: 'salt' }
  const { router, records } = await recordingRouter(settings)
  await post(router, ask(COMPLEX_PROMPT), { 'x-router-user': 'anna' })
  await settled(records, 1)
  expect(records[0]?.user).toMatch(/^[\da-f]{32}$/)
  expect(JSON.stringify(router.sent)).not.toContain('anna')
})

test('keeps content where LOG_CONTENT says so, of streams as well, and never in a log line', async () => {
  const { router, records } = await recordingRouter({ LOG_CONTENT: 'redacted' })
  await post(router, ask(`${SIMPLE_PROMPT} anna@example.com`, { stream: true }))
  await settled(records, 1)
  expect(records[0]?.content?.request).toContain('Xylophonia? [email]')
  expect(records[0]?.content?.answer).toContain('answer-canary')
})

test('records every request once, whatever becomes of it', async () => {
  const simple = localMessage()
  const upstreams: readonly Responder[] = [
    answerNonStreaming(claudeMessage()),
    answerStream(claudeMessage()),
    refused,
    () => Response.error(),
    () => new Response('<html>', { status: 502 }),
    () => streamOf(framesToFirstContent(simple)),
    () => streamOf([framesOf(simple)[0] ?? '']),
  ]
  const kind = fc.record({
    local: fc.constantFrom(...upstreams),
    claude: fc.constantFrom(...upstreams),
    stream: fc.boolean(),
    prompt: fc.constantFrom(SIMPLE_PROMPT, COMPLEX_PROMPT),
    strategy: fc.constantFrom('hybrid', 'local_fallback', 'local_only', 'claude_only'),
    leaves: fc.constantFrom('no', 'before', 'unread', 'half'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(kind, { minLength: 1, maxLength: 3 }), async (kinds) => {
      const { router, records } = await recordingRouter({ CLAUDE_MAX_RETRIES: '0' })
      for (const [index, each] of kinds.entries()) {
        container.answer(each.local)
        claude.answer(each.claude)
        const controller = new AbortController()
        if (each.leaves === 'before') controller.abort()
        const headers = { 'x-router-strategy': each.strategy }
        const body = ask(each.prompt, { stream: each.stream })
        const response = await router.post(body, headers, { signal: controller.signal })
        if (each.leaves === 'unread') await response.body?.cancel()
        else if (each.leaves === 'half') {
          const reader = response.body?.getReader()
          await reader?.read().catch(() => {})
          await reader?.cancel().catch(() => {})
        } else await response.text().catch(() => {})
        await settled(records, index + 1)
      }
      expect(new Set(records.map(({ id }) => id)).size).toBe(kinds.length)
      for (const { costNanoUsd, savedNanoUsd, baselineNanoUsd } of records)
        if (costNanoUsd !== null && savedNanoUsd !== null)
          expect(costNanoUsd + savedNanoUsd).toBe(baselineNanoUsd)
    }),
    { numRuns: 40 },
  )
})
