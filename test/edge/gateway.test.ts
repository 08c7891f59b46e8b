/** The path of one request through the whole router: cache, controls, refusals, and stores that fail. */
import { beforeEach, expect, test } from 'vitest'
import type { AnswerCache } from '../../edge/cache/cache.ts'
import { createMemoryCache } from '../../edge/cache/memory.ts'
import { closesWith } from '../../edge/fallback/commit.ts'
import { createGateway, type GatewayDependencies } from '../../edge/gateway.ts'
import { LIST_PRICES } from '../../edge/ledger/prices.ts'
import type { Receipt } from '../../edge/ledger/receipt.ts'
import type { AnswerChunk } from '../../edge/providers/provider.ts'
import { createSessionMemory } from '../../edge/routing/sessions/session-memory.ts'
import { RouterError } from '../../shared/errors.ts'
import { collect, parseStreamEvent } from '../../shared/events.ts'
import { encodeSseEvent } from '../../shared/sse.ts'
import { BOB_KEY, CLAUDE_TEXT, COMPLEX_PROMPT, LOCAL_TEXT, SIMPLE_PROMPT } from '../support/edge/canaries.ts'
import { collectLog, loggedLines, requestMessages } from '../support/edge/log-collector.ts'
import { claudeMessage, framesOf, localMessage, readEvents, streamedText } from '../support/edge/messages.ts'
import { routerRequest } from '../support/edge/requests.ts'
import { ask, createTestRouter, type TestRouter } from '../support/edge/router.ts'
import {
  answerStream,
  claude,
  container,
  readiness,
  refused,
  silence,
  streamOf,
} from '../support/edge/upstreams.ts'

const CLAUDE_ONLY = { LLM_STRATEGY: 'claude_only' }

async function cacheOf(
  router: TestRouter,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<string> {
  const response = await router.post(body, headers)
  await response.text()
  return response.headers.get('x-router-cache') ?? ''
}

/** Writes are made beside the answer: waits until this one can be read. */
async function warm(router: TestRouter, body: unknown, headers: Record<string, string> = {}): Promise<void> {
  await expect.poll(() => cacheOf(router, body, headers)).toBe('hit')
}

for (const first of [false, true])
  for (const second of [false, true])
    test(`gives an answer again from the cache: ${first ? 'stream' : 'JSON'}, then ${second ? 'stream' : 'JSON'}`, async () => {
      const router = await createTestRouter()
      await warm(router, ask(SIMPLE_PROMPT, { stream: first }))
      const asked = container.hits.length
      router.advance(7_000)
      const response = await router.post(ask(SIMPLE_PROMPT, { stream: second }))
      const text = await response.text()
      expect(response.headers.get('x-router-route')).toBe('cache')
      expect(response.headers.get('x-router-cache')).toBe('hit')
      expect(response.headers.get('x-router-model')).toBe('tiny-model')
      expect(response.headers.get('age')).toBe('7')
      if (second) {
        const events = readEvents(text)
        expect(streamedText(events)).toBe(LOCAL_TEXT)
        expect(events.at(-2)?.data.usage).toEqual(localMessage().usage)
        expect(response.headers.get('content-type')).toContain('text/event-stream')
      } else {
        expect(JSON.parse(text)).toEqual(localMessage())
        expect(response.headers.get('x-router-cost-usd')).toBe('0')
      }
      expect(container.hits).toHaveLength(asked)
    })

test.each([true, false])(
  'gives an answer again as it was, whatever fields it holds (kept from a stream: %s)',
  async (stream) => {
    const message = claudeMessage({
      container: { id: 'container_1', expires_at: null },
      usage: {
        ...claudeMessage().usage,
        iterations: [{ type: 'message', input_tokens: 3 }, []],
        server_tool_use: { web_search_requests: 0 },
        output_tokens_details: { thinking_tokens: 0 },
      },
    })
    claude.answer(() => (stream ? streamOf(framesOf(message)) : Response.json(message)))
    const router = await createTestRouter(CLAUDE_ONLY)
    await warm(router, ask(COMPLEX_PROMPT, { stream }))
    expect(await (await router.post(ask(COMPLEX_PROMPT))).json()).toEqual(message)
    const events = readEvents(await (await router.post(ask(COMPLEX_PROMPT, { stream: true }))).text())
    expect(await collect(events.map(({ data }) => parseStreamEvent(JSON.stringify(data))))).toEqual(message)
  },
)

test('gives Claude’s answers again as well', async () => {
  const router = await createTestRouter(CLAUDE_ONLY)
  await warm(router, ask(COMPLEX_PROMPT))
  expect(claude.hits).toHaveLength(1)
  expect(requestMessages().at(-1)).toBe('[Router] Using cache (claude_only)')
})

test('neither reads nor writes the cache where the client says so', async () => {
  for (const headers of [{ 'x-router-cache': 'skip' }, { 'cache-control': 'no-store' }]) {
    const router = await createTestRouter()
    expect(await cacheOf(router, ask(), headers)).toBe('bypass')
    expect(await cacheOf(router, ask(), headers)).toBe('bypass')
    expect(await cacheOf(router, ask())).toBe('miss')
    await warm(router, ask())
    expect(await cacheOf(router, ask(), headers)).toBe('bypass')
  }
})

test('asks anew and keeps the new answer where the client says so', async () => {
  for (const headers of [{ 'x-router-cache': 'refresh' }, { 'cache-control': 'max-age=0, no-cache' }]) {
    const router = await createTestRouter()
    await warm(router, ask())
    const asked = container.hits.length
    container.answer(answerStream(localMessage({ id: 'msg_newer' })))
    expect(await cacheOf(router, ask(), headers)).toBe('miss')
    expect(container.hits).toHaveLength(asked + 1)
    await expect
      .poll(async () => JSON.parse(await (await router.post(ask())).text()))
      .toMatchObject({ id: 'msg_newer' })
  }
})

test('keeps tenants apart', async () => {
  const router = await createTestRouter()
  await warm(router, ask())
  expect(await cacheOf(router, ask(), { 'x-api-key': BOB_KEY })).toBe('miss')
})

test('F51 never keeps Claude’s answer under the local model’s key', async () => {
  container.answer(refused)
  const router = await createTestRouter()
  expect(await (await router.post(ask())).json()).toEqual(claudeMessage())
  container.answer(answerStream(localMessage()))
  for (let at = 0; at < 3; at++) {
    const response = await router.post(ask())
    const { id } = JSON.parse(await response.text())
    expect(id).toBe('msg_local')
  }
})

test('keeps no answer that is cut short or refused', async () => {
  for (const stop_reason of ['max_tokens', 'refusal']) {
    container.answer(answerStream(localMessage({ stop_reason })))
    const router = await createTestRouter()
    for (let at = 0; at < 3; at++) expect(await cacheOf(router, ask())).toBe('miss')
    for (let at = 0; at < 3; at++)
      expect(await cacheOf(router, ask(SIMPLE_PROMPT, { stream: true }))).toBe('miss')
  }
})

test('keeps no stream that broke off just before its end, and none that it did not understand', async () => {
  const frames = framesOf(claudeMessage())
  const future = { type: 'content_block_delta', index: 0, delta: { type: 'future_delta', more: 'text' } }
  const unread = `event: content_block_delta\ndata: ${JSON.stringify(future)}\n\n`
  for (const pieces of [frames.slice(0, -1), [...frames.slice(0, 3), unread, ...frames.slice(3)]]) {
    claude.answer(() => streamOf(pieces))
    const router = await createTestRouter(CLAUDE_ONLY)
    for (let at = 0; at < 3; at++)
      expect(await cacheOf(router, ask(SIMPLE_PROMPT, { stream: true }))).toBe('miss')
  }
})

test('keeps nothing where the cache is off', async () => {
  const router = await createTestRouter({ CACHE_TTL_SECONDS: '0' })
  for (let at = 0; at < 3; at++) expect(await cacheOf(router, ask())).toBe('miss')
})

test('makes no request that Claude answers wait for a container that sleeps', async () => {
  readiness.answer(silence)
  const router = await createTestRouter({ LOCAL_HEADERS_MS: '3600000' })
  const complex = await router.post(ask(COMPLEX_PROMPT))
  expect(complex.headers.get('x-router-reason')).toBe('hybrid: complex task')
  const strict = await createTestRouter({ ...CLAUDE_ONLY, LOCAL_HEADERS_MS: '3600000' })
  expect((await strict.post(ask())).headers.get('x-router-reason')).toBe('claude_only')
  expect((await router.post(ask(), { 'x-router-force': 'claude' })).status).toBe(200)
})

test('waits to refresh what the local model is where it may answer, by whatever name', async () => {
  const router = await createTestRouter()
  const response = await router.post(ask(COMPLEX_PROMPT, { model: 'tiny-model' }))
  expect(response.headers.get('x-router-route')).toBe('local')
})

test('F52 answers uncached when the cache throws, and says so in the log', async () => {
  const broken: AnswerCache = {
    get: () => Promise.reject(new Error('internals-canary')),
    set: () => Promise.reject(new Error('internals-canary')),
    stats: () => ({ entries: 0, bytes: 0, hits: 0, misses: 0 }),
  }
  const deferred: Promise<unknown>[] = []
  const gateway = createGateway(dependenciesWith(broken))
  const result = await gateway.handle(routerRequest(ask(), { waitUntil: (work) => deferred.push(work) }))
  expect(result).toMatchObject({ status: 200, headers: { 'x-router-route': 'claude' } })
  await Promise.all(deferred)
  expect(
    loggedLines()
      .filter(({ level }) => level === 'error')
      .map(({ message }) => message),
  ).toEqual(['[Router] The cache cannot be read', '[Router] The cache cannot be written'])
})

test('F52 answers uncached when the cache hangs, and says so in the log', async () => {
  const hanging: AnswerCache = {
    get: () => new Promise(() => {}),
    set: () => new Promise(() => {}),
    stats: () => ({ entries: 0, bytes: 0, hits: 0, misses: 0 }),
  }
  const gateway = createGateway(dependenciesWith(hanging))
  const result = await gateway.handle(routerRequest(ask()))
  expect(result).toMatchObject({ status: 200, headers: { 'x-router-route': 'claude' } })
  expect(loggedLines().map(({ message }) => message)).toContain('[Router] The cache does not answer')
})

test('uses the configured strategy when the stored one cannot be read', async () => {
  const fail = () => Promise.reject(new Error('internals-canary'))
  const router = await createTestRouter({}, { controlRecord: { read: fail, change: fail } })
  const response = await router.post(ask())
  expect(response.status).toBe(200)
  expect(response.headers.get('x-router-strategy')).toBe('hybrid')
})

test('lets a request force a side, or a strategy, over the configured one', async () => {
  const router = await createTestRouter()
  const routeOf = async (body: unknown, headers: Record<string, string>) =>
    (await router.post(body, headers)).headers.get('x-router-route')
  expect(await routeOf(ask(COMPLEX_PROMPT), { 'x-router-force': 'local' })).toBe('local')
  expect(await routeOf(ask(SIMPLE_PROMPT), { 'x-router-force': 'claude' })).toBe('claude')
  expect(
    await routeOf(ask(COMPLEX_PROMPT, { max_tokens: 63 }), { 'x-router-strategy': 'local_fallback' }),
  ).toBe('local')
  expect(await routeOf(ask(COMPLEX_PROMPT, { model: 'local', max_tokens: 62 }), {})).toBe('local')
})

test('sends a private request to the local model or nowhere', async () => {
  const router = await createTestRouter()
  const ok = await router.post(ask(COMPLEX_PROMPT), { 'x-router-privacy': 'local' })
  expect(ok.headers.get('x-router-route')).toBe('local')
  container.answer(refused)
  const dead = await router.post(ask('Hello again'), { 'x-router-privacy': 'local' })
  expect(dead.status).toBe(503)
  expect(claude.hits).toHaveLength(0)
})

test('refuses tools and images in local_only with the reason', async () => {
  const router = await createTestRouter({ LLM_STRATEGY: 'local_only' })
  const image = [{ role: 'user', content: [{ type: 'image', source: {} }] }]
  for (const [fields, word] of [
    [{ tools: [{ name: 'x' }] }, 'tools'],
    [{ messages: image }, '"image"'],
  ] as const) {
    const response = await router.post(ask(SIMPLE_PROMPT, fields))
    expect(response.status).toBe(400)
    expect(JSON.parse(await response.text()).error).toMatchObject({
      type: 'invalid_request_error',
      message: expect.stringContaining(word),
    })
  }
  expect(container.hits).toHaveLength(0)
  expect(requestMessages()).toEqual([
    '[Router] Refused (local_only: tools required)',
    '[Router] Refused (local_only: non-text content)',
  ])
})

test('says why in local_only when the container is dead, and asks nobody else', async () => {
  container.answer(refused)
  readiness.answer(refused)
  const response = await (await createTestRouter({ LLM_STRATEGY: 'local_only' })).post(ask())
  expect(response.status).toBe(503)
  expect(JSON.parse(await response.text()).error.message).toMatch(/local model/i)
  expect(claude.hits).toHaveLength(0)
})

test('names both troubles when the container is dead and there is no key', async () => {
  container.answer(refused)
  readiness.answer(refused)
  const response = await (await createTestRouter({ ANTHROPIC_API_KEY: '' })).post(ask())
  expect(response.status).toBe(503)
  const { message } = JSON.parse(await response.text()).error
  expect(message).toMatch(/local model/i)
  expect(message).toContain('ANTHROPIC_API_KEY')
})

test('names the missing key for a request that needs Claude', async () => {
  const response = await (await createTestRouter({ ANTHROPIC_API_KEY: '' })).post(ask(COMPLEX_PROMPT))
  expect(response.status).toBe(503)
  expect(JSON.parse(await response.text()).error.message).toContain('ANTHROPIC_API_KEY')
})

test('answers a model named like something that every object has', async () => {
  const router = await createTestRouter()
  for (const model of ['constructor', '__proto__', 'toString']) {
    const response = await router.post(ask(SIMPLE_PROMPT, { model }))
    expect(response.status, model).toBe(200)
    expect(response.headers.has('x-router-saved-usd')).toBe(false)
  }
})

const recorded: Receipt[] = []
beforeEach(() => {
  recorded.length = 0
})

/** A gateway whose provider streams these frames, then perhaps breaks, and tells whether it was closed. */
function streamingGateway({ frames = framesOf(claudeMessage()), breaks = false } = {}) {
  const state = { closed: false }
  async function* chunks(): AsyncGenerator<AnswerChunk> {
    for (const chunk of frames)
      yield {
        bytes: new TextEncoder().encode(chunk),
        events: [parseStreamEvent(chunk.slice(chunk.indexOf('data: ') + 6).trim())],
      }
    if (breaks) throw new RouterError('upstream', 'broken')
  }
  const pieces = closesWith(chunks(), () => {
    state.closed = true
  })
  const dependencies = dependenciesWith(createMemoryCache({ ttlSeconds: 9, maxEntries: 9, maxBytes: 1e6 }))
  const gateway = createGateway({
    ...dependencies,
    providers: {
      local: undefined,
      claude: {
        name: 'claude',
        open: async (_, target) => ({
          target,
          status: 200,
          headers: {},
          body: { kind: 'stream', chunks: pieces },
        }),
      },
    },
  })
  const open = async (signal = new AbortController().signal) => {
    const result = await gateway.handle(routerRequest(ask(COMPLEX_PROMPT, { stream: true }), { signal }))
    if (result.body?.kind !== 'stream') throw new Error('not a stream')
    return { result, iterator: result.body.chunks[Symbol.asyncIterator]() }
  }
  return { open, state }
}

test.each([
  [0, 'cancelled'],
  [2, 'cancelled'],
  [99, 'completed'],
] as const)('records a stream exactly once that is read %s times and then closed', async (reads, outcome) => {
  const { open, state } = streamingGateway()
  const { result, iterator } = await open()
  for (let at = 0; at < reads; at++) if ((await iterator.next()).done) break
  await iterator.return?.()
  await iterator.return?.()
  expect(state.closed).toBe(true)
  expect(recorded).toMatchObject([{ requestId: 'req_test', tenantId: 'alice', outcome, route: 'claude' }])
  expect(result.receipt()).toBe(recorded[0])
})

test('counts an answer as complete from its last event on, whatever becomes of either side then', async () => {
  const { open, state } = streamingGateway({ breaks: true })
  const { iterator } = await open()
  for (const _ of framesOf(claudeMessage())) await iterator.next()
  expect(recorded).toMatchObject([{ outcome: 'completed', usage: claudeMessage().usage }])
  expect(await iterator.next()).toMatchObject({ done: true })
  expect(state.closed).toBe(true)
  expect(recorded).toHaveLength(1)
})

test('counts an answer as broken from its error event on, also where the client then closes', async () => {
  const error = encodeSseEvent({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } })
  const { open } = streamingGateway({ frames: [...framesOf(claudeMessage()).slice(0, 3), error] })
  const { iterator } = await open()
  for (let at = 0; at < 4; at++) await iterator.next()
  await iterator.return?.()
  expect(recorded).toMatchObject([{ outcome: 'broken', errorCode: 'overloaded_error' }])
})

test.each([0, 2])(
  'records a disconnect after %s reads, though nobody reads or closes the stream',
  async (reads) => {
    const { open, state } = streamingGateway()
    const client = new AbortController()
    const { iterator } = await open(client.signal)
    for (let at = 0; at < reads; at++) await iterator.next()
    client.abort()
    expect(recorded).toMatchObject([{ outcome: 'cancelled' }])
    await expect.poll(() => state.closed).toBe(true)
    await iterator.return?.()
    expect(recorded).toHaveLength(1)
  },
)

test('records a disconnect that came while the answer was being opened', async () => {
  const { open, state } = streamingGateway()
  const client = new AbortController()
  client.abort()
  await open(client.signal)
  expect(recorded).toMatchObject([{ outcome: 'cancelled' }])
  await expect.poll(() => state.closed).toBe(true)
})

test('a request that cannot be planned is a failed one with a receipt, no exception', async () => {
  const dependencies = dependenciesWith(createMemoryCache({ ttlSeconds: 0, maxEntries: 0, maxBytes: 0 }))
  const gateway = createGateway({
    ...dependencies,
    findRule() {
      throw new TypeError('internals-canary')
    },
  })
  const result = await gateway.handle(routerRequest())
  expect(result).toMatchObject({ status: 500, error: { code: 'internal' } })
  expect(recorded).toMatchObject([
    { requestId: 'req_test', outcome: 'failed', errorCode: 'internal', costNanoUsd: 0 },
  ])
  expect(result.receipt()).toBe(recorded[0])
  expect(loggedLines()).toMatchObject([
    {
      level: 'error',
      message: '[Router] Internal error',
      fields: { requestId: 'req_test', name: 'TypeError' },
    },
  ])
})

test('answers where the receipt cannot be recorded, and says so in the log', async () => {
  const gateway = createGateway({
    ...dependenciesWith(createMemoryCache({ ttlSeconds: 0, maxEntries: 0, maxBytes: 0 })),
    recordReceipt() {
      throw new Error('internals-canary')
    },
  })
  const result = await gateway.handle(routerRequest())
  expect(result).toMatchObject({ status: 200, headers: { 'x-router-route': 'claude' } })
  expect(result.receipt()).toMatchObject({ outcome: 'completed' })
  expect(loggedLines()).toMatchObject([
    { level: 'error', message: '[Router] The receipt cannot be recorded', fields: { requestId: 'req_test' } },
  ])
})

test('has the platform wait until the session is left to the next turn', async () => {
  const session = {
    model: 'strong',
    prefixTokens: 2_000,
    uncachedTokens: 0,
    estimatedTokens: 2_500,
    usedAt: 0,
    lifeMs: 300_000,
  }
  const left = Promise.resolve()
  const awaited: unknown[] = []
  const gateway = createGateway({
    ...dependenciesWith(createMemoryCache({ ttlSeconds: 0, maxEntries: 0, maxBytes: 0 })),
    sessions: { recall: async () => ({ session, keep: () => left }) },
  })
  await gateway.handle(routerRequest(undefined, { waitUntil: (work) => void awaited.push(work) }))
  expect(awaited.filter((work) => work === left)).toHaveLength(1)
})

/** A gateway over one fake provider and this cache. */
function dependenciesWith(cache: AnswerCache): GatewayDependencies {
  const message = claudeMessage()
  return {
    providers: {
      local: undefined,
      claude: {
        name: 'claude',
        open: async (_, target) => ({
          target,
          status: 200,
          headers: {},
          attempts: 1,
          body: { kind: 'non_streaming', bytes: new TextEncoder().encode(CLAUDE_TEXT), message },
        }),
      },
    },
    local: undefined,
    cache,
    classifier: {
      classify: () => ({
        simpleTask: 'simple_chat',
        complexTask: 'other',
        score: 0,
        sensitive: false,
        language: 'en',
      }),
      explain: () => ({ scored: null, reasons: [] }),
      explainKinds: () => [],
    },
    thresholds: { complex: 0.2, strong: 0.5, unsure: { from: 0.02, to: 0.8 } },
    findRule: () => undefined,
    simpleToolTurns: 'strong',
    strategies: { current: async () => 'hybrid', set: async () => {}, reset: async () => {} },
    isRouted: () => true,
    localTasks: 'auto',
    localMaxInputTokens: undefined,
    claude: { configured: true, keyOfCaller: false, model: 'strong', simpleModel: 'cheap' },
    savingsBaseline: undefined,
    prices: LIST_PRICES,
    sideRequestsLocal: false,
    sessions: createSessionMemory({ now: () => 0 }),
    recordReceipt: (receipt) => void recorded.push(receipt),
    log: collectLog,
    now: () => 0,
  }
}
