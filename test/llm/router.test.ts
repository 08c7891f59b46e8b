/** The library's router over played upstreams: what a program gets, from whom, and which errors. */
import Anthropic from '@anthropic-ai/sdk'
import { expect, test } from 'vitest'
import type { StreamChunk } from '../../llm/reply.ts'
import { createRouter } from '../../llm/router.ts'
import { RouterError } from '../../shared/errors.ts'
import {
  CLAUDE_KEY,
  CLAUDE_TEXT,
  COMPLEX_PROMPT,
  LOCAL_SECRET,
  LOCAL_TEXT,
  SIMPLE_PROMPT,
} from '../support/edge/canaries.ts'
import { expectNoCanary, requestMessages } from '../support/edge/log-collector.ts'
import { claudeMessage, framesOf, framesToFirstContent } from '../support/edge/messages.ts'
import { routerRequest } from '../support/edge/requests.ts'
import {
  answerNonStreaming,
  CLAUDE_URL,
  CONTAINER_URL,
  claude,
  container,
  errorOf,
  networkFetch,
  refused,
  streamOf,
} from '../support/edge/upstreams.ts'
import { createFakeEngine, createTestRouter } from './support.ts'

const simple = [{ role: 'user', content: SIMPLE_PROMPT }] as const
const complex = [{ role: 'user', content: COMPLEX_PROMPT }] as const
const asked = (index = -1): Record<string, unknown> => JSON.parse(claude.hits.at(index)?.text ?? '{}')

async function collectChunks(chunks: AsyncIterable<StreamChunk>): Promise<StreamChunk[]> {
  const collected: StreamChunk[] = []
  for await (const chunk of chunks) collected.push(chunk)
  return collected
}

test('answers a simple request from the model in this process and a complex one from Claude', async () => {
  const router = createTestRouter()
  await router.local.start()
  const local = await router.generate(simple)
  expect(local).toMatchObject({
    content: LOCAL_TEXT,
    model: 'tiny-llama',
    route: 'local',
    taskType: 'simple_chat',
    reason: 'hybrid: simple task',
    fallback: undefined,
    costUsd: 0,
    stopReason: 'end_turn',
    usage: { inputTokens: 5, outputTokens: 3 },
  })
  expect(local.savedUsd).toBeGreaterThan(0)
  const answer = await router.generate(complex, { maxTokens: 50 })
  expect(answer).toMatchObject({
    content: CLAUDE_TEXT,
    route: 'claude',
    reason: 'hybrid: complex task',
    usage: { inputTokens: 12, outputTokens: 7, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 },
  })
  expect(answer.costUsd).toBeGreaterThan(0)
  expect(answer.message.id).toBe('msg_claude')
  expect(asked()).toMatchObject({ model: 'claude-sonnet-5-5', max_tokens: 50, stream: false })
  expect(requestMessages()).toEqual([
    '[Router] Using local model (hybrid: simple task)',
    '[Router] Using Claude (hybrid: complex task)',
  ])
})

test('lets Claude answer while the model loads, and the model afterwards', async () => {
  const engine = createFakeEngine({ manual: true })
  const router = createTestRouter({}, { startEngine: engine.start })
  expect(await router.generate(simple, { cache: 'skip' })).toMatchObject({
    route: 'claude',
    fallback: 'unavailable',
  })
  const started = router.local.start()
  engine.becomeReady()
  await started
  expect(await router.generate(simple, { cache: 'skip' })).toMatchObject({
    route: 'local',
    fallback: undefined,
  })
  expect(engine.starts()).toBe(1)
})

test('waits for a loading model where there is no key for Claude', async () => {
  const engine = createFakeEngine({ manual: true })
  const router = createTestRouter({ ANTHROPIC_API_KEY: '' }, { startEngine: engine.start })
  const answer = router.generate(simple)
  engine.becomeReady()
  expect(await answer).toMatchObject({ route: 'local', fallback: undefined })
})

test('says why a model cannot be loaded where nobody else may answer', async () => {
  const engine = createFakeEngine({ manual: true })
  const router = createTestRouter({}, { startEngine: engine.start })
  const answer = router.generate(simple, { force: 'local' })
  engine.fail(new RouterError('configuration', 'Take a smaller model.'))
  await expect(answer).rejects.toThrow('Take a smaller model.')
  expect((await router.getStatus()).local).toMatchObject({ state: 'failed', available: false })
})

test('stops waiting for a loading model when the caller aborts', async () => {
  const engine = createFakeEngine({ manual: true })
  const router = createTestRouter({}, { startEngine: engine.start })
  const controller = new AbortController()
  const answer = router.generate(simple, { force: 'local', signal: controller.signal })
  controller.abort()
  await expect(answer).rejects.toMatchObject({ code: 'cancelled', message: 'The request was aborted.' })
})

test('starts no model before a request needs one', async () => {
  const engine = createFakeEngine()
  const router = createTestRouter({ LLM_STRATEGY: 'claude_only' }, { startEngine: engine.start })
  await router.generate(simple)
  expect(router.local.getModelInfo()).toMatchObject({ name: 'tiny-llama', kind: 'text-generation' })
  expect((await router.getStatus()).local).toMatchObject({ state: 'idle', available: true })
  expect(engine.starts()).toBe(0)
})

test('uses a container where its address is set', async () => {
  const router = createTestRouter({ LOCAL_LLM_URL: CONTAINER_URL, LOCAL_LLM_SECRET: LOCAL_SECRET })
  expect(await router.generate(simple)).toMatchObject({ route: 'local', model: 'tiny-model' })
  expect(container.hits[0]?.headers.get('x-api-key')).toBe(LOCAL_SECRET)
  expect((await router.getStatus()).local).toMatchObject({
    inProcess: false,
    state: 'ready',
    available: true,
    model: 'tiny-model',
  })
  expect(router.local.getModelInfo().name).toBe('tiny-model')
})

test('falls back to Claude when the container cannot be reached', async () => {
  container.answer(refused)
  const router = createTestRouter({ LOCAL_LLM_URL: CONTAINER_URL, LOCAL_LLM_SECRET: LOCAL_SECRET })
  expect(await router.generate(simple)).toMatchObject({ route: 'claude', fallback: 'unavailable' })
})

test('streams text and ends with the summary', async () => {
  const router = createTestRouter()
  const chunks = await collectChunks(router.stream(complex))
  const text = chunks.flatMap((chunk) => (chunk.type === 'text' ? [chunk.text] : [])).join('')
  expect(text).toBe(CLAUDE_TEXT)
  const end = chunks.at(-1)
  expect(end).toMatchObject({ type: 'end', content: CLAUDE_TEXT, route: 'claude', stopReason: 'end_turn' })
  expect(end?.type === 'end' && end.costUsd).toBeGreaterThan(0)
})

test('answers a stream from the cache as the whole answer before it', async () => {
  const router = createTestRouter()
  await router.generate(complex)
  const end = (await collectChunks(router.stream(complex))).at(-1)
  expect(end).toMatchObject({ route: 'cache', cache: 'hit', content: CLAUDE_TEXT, costUsd: 0 })
  expect(end?.type === 'end' && end.savedUsd).toBeGreaterThan(0)
  expect(claude.hits).toHaveLength(1)
})

test('says why a request goes where it goes, before and after, and quotes it only where it is asked to', async () => {
  const router = createTestRouter()
  const explanation = await router.explain(complex)
  expect(explanation).toMatchObject({ route: 'claude', complex: true })
  expect(JSON.stringify(explanation.reasons)).toContain('the word \\"')
  expect(claude.hits).toHaveLength(0)
  const reply = await router.generate(complex)
  expect(reply).toMatchObject({
    route: explanation.route,
    model: 'claude-haiku-5-5',
    score: explanation.score,
  })
  expect(reply.threshold).toBe(explanation.thresholds.complex)
  expect(reply.reasons()).toContainEqual(expect.objectContaining({ kind: 'words', towards: 'complex' }))
  expectNoCanary(JSON.stringify(reply.reasons()))
})

test('ends the upstream when a stream is left', async () => {
  const cancelled = Promise.withResolvers<void>()
  claude.answer(() =>
    streamOf(framesToFirstContent(claudeMessage()), { end: 'stall', onCancel: () => cancelled.resolve() }),
  )
  const router = createTestRouter()
  for await (const chunk of router.stream(complex)) {
    expect(chunk).toEqual({ type: 'text', text: CLAUDE_TEXT })
    break
  }
  await cancelled.promise
})

test('ends a stream that is left while its next chunk is awaited', async () => {
  claude.answer(() => streamOf(framesToFirstContent(claudeMessage()), { end: 'stall' }))
  const chunks = createTestRouter().stream(complex)
  await chunks.next()
  const pending = chunks.next()
  const left = chunks.return()
  await expect(pending).rejects.toMatchObject({ code: 'cancelled' })
  await expect(left).resolves.toEqual({ done: true, value: undefined })
})

test('stops the model when a stream is left', async () => {
  const engine = createFakeEngine({ endless: true })
  const router = createTestRouter({}, { startEngine: engine.start })
  for await (const _ of router.local.stream(simple)) break
  await engine.stopped
})

test('ends with an error when the stream breaks after its beginning', async () => {
  claude.answer(() => streamOf(framesToFirstContent(claudeMessage()), { end: 'break' }))
  await expect(collectChunks(createTestRouter().stream(complex))).rejects.toMatchObject({ code: 'upstream' })
})

test('turns an error event in a stream into an error', async () => {
  const error = 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"x"}}\n\n'
  claude.answer(() => streamOf([...framesToFirstContent(claudeMessage()), error]))
  await expect(collectChunks(createTestRouter().stream(complex))).rejects.toMatchObject({
    code: 'overloaded',
    status: 529,
  })
})

test('aborts a whole request', async () => {
  const controller = new AbortController()
  claude.answer(() => {
    controller.abort()
    return new Promise(() => {})
  })
  await expect(createTestRouter().generate(complex, { signal: controller.signal })).rejects.toMatchObject({
    code: 'cancelled',
    message: 'The request was aborted.',
  })
})

test('gives a new strategy to the very next request', async () => {
  const router = createTestRouter({ LLM_STRATEGY: 'claude_only' })
  router.setStrategy('local_only')
  expect(await router.generate(complex)).toMatchObject({ route: 'local', reason: 'local_only' })
  router.setStrategy('claude_only')
  expect(await router.generate(simple)).toMatchObject({ route: 'claude', reason: 'claude_only' })
  expect((await router.getStatus()).strategy).toBe('claude_only')
})

test('refuses a strategy that does not exist, or that needs a model that is off', () => {
  const router = createTestRouter({ LOCAL_LLM_ENABLED: '' })
  // @ts-expect-error JavaScript callers are not held back by types
  expect(() => router.setStrategy('fast')).toThrow(/must be one of claude_only, hybrid/)
  expect(() => router.setStrategy('local_only')).toThrow(/needs LOCAL_LLM_ENABLED=true/)
})

test('has ways to either side whatever the strategy says', async () => {
  const router = createTestRouter({ LLM_STRATEGY: 'claude_only', LOCAL_LLM_ENABLED: '' })
  expect(await router.claude.generate(simple)).toMatchObject({ route: 'claude', reason: 'forced: Claude' })
  expect(await router.local.generate(complex)).toMatchObject({ route: 'local', reason: 'forced: local' })
})

test('takes leading system messages into system and leaves later ones', async () => {
  const router = createTestRouter({ CLAUDE_MODEL: 'claude-opus-5' })
  const messages = [
    { role: 'system', content: 'one' },
    { role: 'system', content: 'two' },
    ...complex,
    { role: 'system', content: 'three' },
  ] as const
  await router.generate(messages, { system: 'zero' })
  expect(asked()).toMatchObject({
    system: 'zero\n\none\n\ntwo',
    messages: [{ role: 'user' }, { role: 'system', content: 'three' }],
  })
})

test.each([
  ['claude-sonnet-5-5', { temperature: undefined, top_p: undefined, top_k: undefined }],
  ['claude-sonnet-4-5', { temperature: 0.7, top_p: undefined, top_k: 3 }],
  ['claude-3-7-sonnet-latest', { temperature: 0.7, top_p: 0.9, top_k: 3 }],
])('sends %s only the sampling parameters that it takes', async (model, expected) => {
  await createTestRouter().generate(complex, { model, temperature: 0.7, topP: 0.9, topK: 3 })
  const { temperature, top_p, top_k } = asked()
  expect({ temperature, top_p, top_k }).toEqual(expected)
})

test('sends tools, betas and other fields on', async () => {
  const tools = [{ name: 'clock', input_schema: { type: 'object' } }]
  await createTestRouter({ CLAUDE_MODEL: 'claude-sonnet-5' }).generate(simple, {
    tools,
    toolChoice: { type: 'any' },
    stopSequences: ['END'],
    betas: ['a-2026', 'b-2026'],
    extraBody: { service_tier: 'auto' },
  })
  expect(asked()).toMatchObject({
    tools,
    tool_choice: { type: 'any' },
    stop_sequences: ['END'],
    service_tier: 'auto',
  })
  expect(claude.hits[0]?.headers.get('anthropic-beta')).toBe('a-2026,b-2026')
})

test('stays with the Claude model whose prompt cache is warm', async () => {
  const usage = { input_tokens: 4, cache_creation_input_tokens: 3_000, output_tokens: 7 }
  claude.answer(answerNonStreaming(claudeMessage({ usage })))
  for (const strategy of ['hybrid', 'claude_only'] as const) {
    const router = createTestRouter({ LLM_STRATEGY: strategy })
    await router.local.start()
    const cached = { extraBody: { cache_control: { type: 'ephemeral' } } }
    const first = await router.generate(complex, cached)
    const turns = [...complex, { role: 'assistant', content: first.content }, ...simple] as const
    const chunks = await collectChunks(router.stream(turns, cached))
    expect(asked()).toMatchObject({ model: 'claude-sonnet-5-5' })
    expect(chunks.at(-1)).toMatchObject({ reason: expect.stringMatching(/, stays with the warm cache$/) })
  }
})

test('goes through the SDK with its credential and the API version that the router speaks', async () => {
  await createTestRouter().generate(complex)
  const headers = claude.hits[0]?.headers
  expect(headers?.get('authorization')).toBe(`Bearer ${CLAUDE_KEY}`)
  expect(headers?.get('user-agent')).toMatch(/^Anthropic\/JS/)
  expect(headers?.get('anthropic-version')).toBe('2023-06-01')
})

test('uses a client that the program brings', async () => {
  const claudeClient = new Anthropic({
    authToken: 'a-token',
    baseURL: CLAUDE_URL,
    maxRetries: 5,
    fetch: (url, init) => networkFetch(String(url), init ?? {}),
  })
  const router = createTestRouter({ ANTHROPIC_API_KEY: '', CLAUDE_MAX_RETRIES: '0' }, { claudeClient })
  expect((await router.getStatus()).claude.available).toBe(true)
  await router.generate(complex)
  expect(claude.hits[0]?.headers.get('authorization')).toBe('Bearer a-token')
  claude.answer(() => errorOf('overloaded_error', 529))
  await expect(router.generate(complex, { cache: 'skip' })).rejects.toMatchObject({ code: 'overloaded' })
  expect(claude.hits).toHaveLength(2)
})

test('tries Claude again once and no more', async () => {
  claude.answer(() => errorOf('overloaded_error', 529, { 'retry-after-ms': '1' }))
  await expect(createTestRouter().generate(complex)).rejects.toMatchObject({
    code: 'overloaded',
    status: 529,
  })
  expect(claude.hits).toHaveLength(2)
})

test.each([
  ['invalid_request_error', 400, 'invalid_request', 'Claude says invalid_request_error'],
  ['not_found_error', 404, 'not_found', 'Claude says not_found_error'],
  ['rate_limit_error', 429, 'rate_limited', 'Claude says rate_limit_error'],
  ['authentication_error', 401, 'upstream', /operator must check ANTHROPIC_API_KEY/],
])('turns %s into an error of its own kind', async (type, status, code, message) => {
  claude.answer(() => errorOf(type, status))
  const error = await createTestRouter()
    .generate(complex)
    .catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(RouterError)
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
})

test('tells nothing of what broke upstream', async () => {
  claude.answer(refused)
  const error = await createTestRouter({ CLAUDE_MAX_RETRIES: '0' })
    .generate(complex)
    .catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'unavailable', message: 'Claude cannot be reached.' })
})

test('does not follow a redirect', async () => {
  claude.answer(() => new Response(null, { status: 302, headers: { location: 'https://elsewhere.test' } }))
  await expect(createTestRouter().generate(complex)).rejects.toMatchObject({ code: 'upstream' })
})

test('names the missing key', async () => {
  const router = createTestRouter({ ANTHROPIC_API_KEY: '' })
  await expect(router.generate(complex)).rejects.toThrow(/ANTHROPIC_API_KEY is not set/)
})

test.each([
  [{ max_tokens: 5 }, /Unknown option "max_tokens". Possible: maxTokens/],
  [{ maxTokens: 0 }, 'maxTokens: must be a whole number of at least 1'],
  [{ temperature: '1' }, 'temperature: must be a number from 0 to 2'],
  [{ signal: 'stop' }, 'signal: must be an AbortSignal'],
  [{ force: 'cloud' }, 'force: must be "local" or "claude"'],
  [{ privacy: 'local', force: 'claude' }, /contradict each other/],
  [{ extraBody: { size: 1n } }, /something that JSON cannot/],
])('refuses the options %o', async (options, message) => {
  const router = createTestRouter()
  // @ts-expect-error JavaScript callers are not held back by types
  await expect(router.generate(simple, options)).rejects.toThrow(message)
  expect(claude.hits).toHaveLength(0)
})

test.each([
  ['a text', 'hi', 'messages: must be an array of messages'],
  ['nothing', [], 'messages: must hold at least one message'],
  ['a message without role', [{ content: 'a' }], /messages\.0\.role/],
])('refuses %s as messages', async (_, messages, text) => {
  // @ts-expect-error JavaScript callers are not held back by types
  await expect(createTestRouter().generate(messages)).rejects.toThrow(text)
})

test('refuses wrong settings when it is made', () => {
  expect(() => createRouter({ env: { LLM_STRATEGY: 'fast', CACHE_TTL_SECONDS: 'long' } })).toThrow(
    /LLM_STRATEGY must be one of .*; CACHE_TTL_SECONDS must be a whole number/,
  )
  expect(() => createRouter({ env: { LOCAL_LLM_ENABLED: 'true', LOCAL_MODEL_NAME: './nowhere' } })).toThrow(
    /There is no folder .* \(LOCAL_MODEL_NAME\)/,
  )
})

test('ends the model and refuses requests once it is closed', async () => {
  const engine = createFakeEngine()
  const router = createTestRouter({}, { startEngine: engine.start })
  await router.local.start()
  await router.close()
  expect(engine.closed()).toBe(true)
  await expect(router.generate(simple)).rejects.toThrow('The router is closed.')
})

test('ends running answers when it is closed', async () => {
  const router = createTestRouter()
  claude.answer(() => {
    void router.close()
    return new Promise(() => {})
  })
  await expect(router.generate(complex)).rejects.toMatchObject({ code: 'cancelled' })
})

test('gives the edge’s provider interface for a gateway', async () => {
  const router = createTestRouter()
  claude.answer(() => streamOf(framesOf(claudeMessage())))
  const target = { provider: 'claude', model: 'claude-sonnet-5-5' } as const
  const answer = await router.claude.open(
    routerRequest({ model: 'auto', max_tokens: 5, messages: [...complex], stream: true }),
    target,
    {
      isFallback: false,
      isLast: true,
      onAttempt: () => {},
      onJudged: () => {},
      onWeighed: () => {},
      onVerified: () => {},
      onFailedAttempt: () => {},
    },
  )
  expect(answer).toMatchObject({ status: 200, target, body: { kind: 'stream' } })
})
