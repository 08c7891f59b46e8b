/** The local model through its provider: what it is asked, what it is told, and that nothing runs on for nobody. */
import { HttpResponse } from 'msw/http'
import { expect, test } from 'vitest'
import { createLocalHealth } from '../../../../edge/providers/local/health.ts'
import { createLocalProvider } from '../../../../edge/providers/local/messages.ts'
import { localMessagesProtocol } from '../../../../edge/providers/local/messages-protocol.ts'
import { uniformTrust } from '../../../../shared/model-card.ts'
import { testProvider } from '../../../contract/provider.ts'
import {
  ALICE_KEY,
  BOB_KEY,
  LOCAL_SECRET,
  LOCAL_TEXT,
  SIMPLE_PROMPT,
} from '../../../support/edge/canaries.ts'
import { collectLog, loggedLines } from '../../../support/edge/log-collector.ts'
import { framesOf, framesToFirstContent, localMessage, readEvents } from '../../../support/edge/messages.ts'
import { ask, createTestRouter } from '../../../support/edge/router.ts'
import {
  CONTAINER_URL,
  claude,
  container,
  networkFetch,
  readiness,
  ready,
  refused,
  silence,
  streamOf,
} from '../../../support/edge/upstreams.ts'

const deadlines = { headersMs: 250, firstContentMs: 250, idleMs: 250, totalMs: 5_000 }

testProvider('the local model', {
  target: { provider: 'local', model: 'tiny-model' },
  create: () => {
    const common = {
      secret: LOCAL_SECRET,
      protocol: localMessagesProtocol,
      fetch: networkFetch,
      log: collectLog,
      now: () => 0,
    }
    const server = createLocalHealth({
      ...common,
      url: CONTAINER_URL,
      refreshTimeoutMs: 60,
      longestWaitMs: 60,
      longestLastWaitMs: 60,
    })
    return createLocalProvider({
      ...common,
      servers: [server],
      deadlines,
      handover: 'default',
      verify: 'default',
    })
  },
  upstream: (responder) => container.answer(responder),
  text: LOCAL_TEXT,
  failures: [
    ['cannot be reached', refused],
    ['sends no headers', silence],
    ['is busy', () => new HttpResponse('internals-canary', { status: 429 })],
    ['breaks', () => streamOf([], { end: 'break' })],
    ['stalls', () => streamOf([], { end: 'stall' })],
  ],
})

test('is asked for a stream of what a text model can use, with the secret and a deadline', async () => {
  const router = await createTestRouter()
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await router.post(
    ask(SIMPLE_PROMPT, { system: 'Be kind.', stop_sequences: ['x'], metadata: {}, service_tier: 'auto' }),
    {
      traceparent,
      'x-forwarded-for': '10.0.0.1',
      'anthropic-beta': 'one',
      cookie: 'a=b',
    },
  )
  const sent = router.sent.find(({ url }) => url === `${CONTAINER_URL}/v1/messages`)
  expect(Object.fromEntries(new Headers(sent?.init.headers))).toEqual({
    accept: 'text/event-stream',
    'anthropic-version': '2023-06-01',
    authorization: `Bearer ${LOCAL_SECRET}`,
    'content-type': 'application/json',
    traceparent,
    'x-api-key': LOCAL_SECRET,
    'x-deadline-ms': '4000',
    'x-router-request-id': expect.stringMatching(/^req_/),
    'x-router-tenant': expect.stringMatching(/^[0-9a-f]{16}$/),
  })
  expect(JSON.parse(container.hits[0]?.text ?? '')).toEqual({
    model: 'tiny-model',
    stream: true,
    max_tokens: 64,
    messages: [{ role: 'user', content: SIMPLE_PROMPT }],
    system: 'Be kind.',
    stop_sequences: ['x'],
  })
})

test('keeps what only container and edge talk about from the client', async () => {
  const frames = framesOf(localMessage()).map((frame) =>
    frame.replace('"text_delta",', '"text_delta","logprob":-0.5,'),
  )
  container.answer(() => streamOf(frames))
  const router = await createTestRouter()
  const text = await (await router.post(ask(SIMPLE_PROMPT, { stream: true }))).text()
  expect(frames.join('')).toContain('logprob')
  expect(text).not.toContain('logprob')
  expect(readEvents(text)).toEqual(readEvents(framesOf(localMessage()).join('')))
})

test('closes the container when the client leaves before the first byte', async () => {
  const client = new AbortController()
  const router = await createTestRouter()
  container.answer(() => {
    client.abort()
    return new Promise<Response>(() => {})
  })
  await router.post(ask(), {}, { signal: client.signal }).catch(() => {})
  await expect.poll(() => container.hits[0]?.signal.aborted).toBe(true)
  expect(claude.hits).toHaveLength(0)
})

test('closes the container when the client leaves in the middle of a stream', async () => {
  container.answer(() => streamOf(framesToFirstContent(localMessage()), { end: 'stall' }))
  const router = await createTestRouter()
  const reader = (await router.post(ask(SIMPLE_PROMPT, { stream: true }))).body?.getReader()
  await reader?.read()
  await reader?.cancel()
  await expect.poll(() => container.hits[0]?.signal.aborted).toBe(true)
  await expect.poll(() => loggedLines().some(({ fields }) => fields.outcome === 'cancelled')).toBe(true)
  expect(claude.hits).toHaveLength(0)
})

test('does not hold a client’s leaving against the container', async () => {
  container.answer(() => streamOf(framesToFirstContent(localMessage()), { end: 'stall' }))
  const router = await createTestRouter()
  for (let at = 0; at < 5; at++) {
    const reader = (await router.post(ask(`Hello ${at}`, { stream: true }))).body?.getReader()
    await reader?.read()
    await reader?.cancel()
  }
  expect(container.hits).toHaveLength(5)
})

test('is not asked while the wait that it tells is longer than a client would have', async () => {
  readiness.answer(() => ready({ expectedWaitMs: 60_000 }))
  const response = await (await createTestRouter()).post(ask())
  expect(response.headers.get('x-router-fallback')).toBe('overloaded')
  expect(container.hits).toHaveLength(0)
})

test('is asked for no more than its model reads', async () => {
  readiness.answer(() => ready({ maxInputTokens: 5 }))
  const response = await (await createTestRouter()).post(ask())
  expect(response.headers.get('x-router-reason')).toBe('context too long')
})

test('is trusted only with the tasks that its model is good at', async () => {
  readiness.answer(() =>
    ready({
      card: {
        trust: { ...uniformTrust('none'), summarization: 'full' },
        languages: null,
        maxTemperature: null,
        exam: null,
      },
    }),
  )
  const response = await (await createTestRouter()).post(ask())
  expect(response.headers.get('x-router-route')).toBe('claude')
  const trusted = await (await createTestRouter({ LOCAL_TASKS: 'simple_chat' })).post(ask())
  expect(trusted.headers.get('x-router-route')).toBe('local')
})

test('shares requests among servers, and passes over one that is down', async () => {
  const router = await createTestRouter({ LOCAL_LLM_URL: `https://down.test,${CONTAINER_URL}` })
  for (let at = 0; at < 4; at++) expect((await router.post(ask(`Hello ${at}`))).status).toBe(200)
  expect(container.hits.length).toBeGreaterThanOrEqual(1)
})

test('is not asked again and again while every answer of it fails, though it says that it is ready', async () => {
  container.answer(() => new HttpResponse('internals-canary', { status: 500 }))
  const router = await createTestRouter()
  for (let at = 0; at < 40; at++) {
    expect((await router.post(ask(`Hello ${at}`))).status).toBe(200)
    router.advance(10_000)
  }
  expect(claude.hits).toHaveLength(40)
  expect(container.hits.length).toBeLessThan(12)
})

test('counts an answer that breaks after its first word as a failure of the container', async () => {
  container.answer(() => streamOf(framesToFirstContent(localMessage()), { end: 'break' }))
  const router = await createTestRouter()
  for (let at = 0; at < 6; at++) await (await router.post(ask(`Hello ${at}`, { stream: true }))).text()
  expect(container.hits).toHaveLength(3)
})

test('gives an answer without text that a stop sequence ended, and holds it against nobody', async () => {
  const frames = framesOf(localMessage({ content: [], stop_reason: 'stop_sequence', stop_sequence: 'Good' }))
  container.answer(() => streamOf(frames))
  const router = await createTestRouter()
  for (let at = 0; at < 6; at++) {
    const response = await router.post(ask(`Hello ${at}`, { stop_sequences: ['Good'] }))
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ content: [], stop_reason: 'stop_sequence' })
  }
  expect(container.hits).toHaveLength(6)
})

const ping = 'event: ping\ndata: {"type":"ping"}\n\n'
const deltaOf = (delta: Record<string, unknown>) =>
  `event: content_block_delta\ndata: ${JSON.stringify({ type: 'content_block_delta', index: 0, delta })}\n\n`
const emptyText = deltaOf({ type: 'text_delta', text: '' })

/** Answers with `first`, then with `piece` again and again, and then with `last`. */
function repeating(first: readonly string[], piece: string, everyMs: number, times: number, last: string[]) {
  const pieces = [...first, ...Array.from({ length: times }, () => piece), ...last]
  const encoder = new TextEncoder()
  let at = 0
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (at >= first.length) await new Promise((resolve) => setTimeout(resolve, everyMs))
      const next = pieces[at++]
      if (next === undefined) controller.close()
      else controller.enqueue(encoder.encode(next))
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

test.each([
  ['pings', ping],
  ['empty pieces', emptyText],
])('takes %s for no sign of life of the model', async (_, piece) => {
  const first = framesToFirstContent(localMessage())
  container.answer(() => repeating(first, piece, 20, 1_000, []))
  const router = await createTestRouter({ LOCAL_IDLE_MS: '100', LOCAL_TIMEOUT_MS: '30000' })
  const text = await (await router.post(ask(SIMPLE_PROMPT, { stream: true }))).text()
  expect(readEvents(text).at(-1)?.data).toMatchObject({ type: 'error', error: { type: 'timeout_error' } })
})

test.each([
  ['pings', ping],
  ['empty pieces', emptyText],
])('leaves a request of which the container brings nothing but %s to Claude', async (_, piece) => {
  container.answer(() => repeating(framesOf(localMessage()).slice(0, 2), piece, 20, 1_000, []))
  const router = await createTestRouter({ LOCAL_FIRST_CONTENT_MS: '100', LOCAL_TIMEOUT_MS: '30000' })
  const response = await router.post(ask())
  expect(response.headers.get('x-router-route')).toBe('claude')
  expect(response.headers.get('x-router-fallback')).toBe('timeout')
})

test('waits for a model that thinks first, and gives its answer without the thoughts', async () => {
  const frames = framesOf(
    localMessage({
      content: [
        { type: 'thinking', thinking: 'Hm.', signature: '' },
        { type: 'text', text: LOCAL_TEXT },
      ],
    }),
  )
  const thought = deltaOf({ type: 'thinking_delta', thinking: 'hm' })
  container.answer(() => repeating(frames.slice(0, 2), thought, 60, 20, frames.slice(2)))
  const router = await createTestRouter({ LOCAL_FIRST_CONTENT_MS: '600' })
  const response = await router.post(ask(SIMPLE_PROMPT, { stream: true }))
  expect(response.headers.get('x-router-route')).toBe('local')
  expect(readEvents(await response.text())).toEqual(readEvents(framesOf(localMessage()).join('')))
})

test('holds an answer that is longer than there is time for against nobody', async () => {
  const first = framesToFirstContent(localMessage())
  container.answer(() => repeating(first, deltaOf({ type: 'text_delta', text: ' more' }), 10, 1_000, []))
  const router = await createTestRouter({ LOCAL_TIMEOUT_MS: '150' })
  for (let at = 0; at < 5; at++) {
    const text = await (await router.post(ask(`Hello ${at}`, { stream: true }))).text()
    expect(readEvents(text).at(-1)?.data).toMatchObject({ error: { type: 'timeout_error' } })
  }
  expect(container.hits).toHaveLength(5)
})

const lists = () =>
  readiness.answer((hit) =>
    hit.url.endsWith('/v1/models')
      ? HttpResponse.json({ data: [{ id: 'their-model' }] })
      : new HttpResponse('not here', { status: 404 }),
  )
const lateHeaders = async () => {
  await new Promise((resolve) => setTimeout(resolve, 300))
  return streamOf(framesOf(localMessage()))
}

test('gives a server that sends headers with its first word as long as for the first word', async () => {
  lists()
  container.answer(lateHeaders)
  const router = await createTestRouter({ LOCAL_HEADERS_MS: '100', LOCAL_FIRST_CONTENT_MS: '10000' })
  expect((await router.post(ask())).headers.get('x-router-route')).toBe('local')
})

test('is passed over while it is too slow for every request, though it says that it is ready', async () => {
  container.answer(silence)
  const router = await createTestRouter({ LOCAL_HEADERS_MS: '50' })
  for (let at = 0; at < 6; at++)
    expect((await router.post(ask(`Hello ${at}`))).headers.get('x-router-route')).toBe('claude')
  expect(container.hits).toHaveLength(3)
})

test('asks another server for no thinking and for no more than it has room for', async () => {
  readiness.answer((hit) =>
    hit.url.endsWith('/v1/models')
      ? HttpResponse.json({ data: [{ id: 'their-model', max_model_len: 4_096 }] })
      : new HttpResponse('not here', { status: 404 }),
  )
  await (await createTestRouter()).post(ask(SIMPLE_PROMPT, { max_tokens: 32_000 }))
  expect(JSON.parse(container.hits[0]?.text ?? '')).toMatchObject({
    model: 'their-model',
    max_tokens: 2_048,
    thinking: { type: 'disabled' },
  })
})

test('sends the text of a request and nothing that hangs on it', async () => {
  const block = { type: 'text', text: SIMPLE_PROMPT, cache_control: { type: 'ephemeral' } }
  const messages = [{ role: 'user', content: [block] }]
  const router = await createTestRouter()
  const system = [{ ...block, text: 'Be kind.' }]
  expect((await router.post({ ...ask(), messages, system })).headers.get('x-router-route')).toBe('local')
  expect(JSON.parse(container.hits[0]?.text ?? '')).toMatchObject({
    system: 'Be kind.',
    messages: [{ role: 'user', content: SIMPLE_PROMPT }],
  })
})

test('reads as much in the first request of an isolate as in any later one', async () => {
  readiness.answer(() => ready({ maxInputTokens: 100_000 }))
  const router = await createTestRouter({ LLM_STRATEGY: 'local_fallback' })
  const long = 'We met at the station and walked home. '.repeat(400)
  const routes: (string | null)[] = []
  for (const at of ['first', 'second'])
    routes.push((await router.post(ask(`${at}: ${long}`))).headers.get('x-router-route'))
  expect(routes).toEqual(['local', 'local'])
})

test('tells our own container its tenants apart by names that say nothing, and other servers not at all', async () => {
  const names: (string | null)[] = []
  const askAs = async (router: Awaited<ReturnType<typeof createTestRouter>>, key: string) => {
    await router.post(ask(), { 'x-api-key': key, 'x-router-cache': 'skip' })
    const sent = router.sent.findLast(({ url }) => url === `${CONTAINER_URL}/v1/messages`)
    names.push(new Headers(sent?.init.headers).get('x-router-tenant'))
  }
  const router = await createTestRouter()
  for (const key of [ALICE_KEY, BOB_KEY, ALICE_KEY]) await askAs(router, key)
  await askAs(await createTestRouter({ LOCAL_LLM_SECRET: 'another secret of this test' }), ALICE_KEY)
  expect(names[2]).toBe(names[0])
  expect(new Set(names).size).toBe(3)
  for (const name of names) expect(name).toMatch(/^[0-9a-f]{16}$/)
  lists()
  await askAs(await createTestRouter(), ALICE_KEY)
  expect(names[4]).toBeNull()
})

test('leaves an answer that was lost to a restart of the container to Claude, and asks again soon', async () => {
  const error = { type: 'api_error', code: 'unavailable', message: 'The local model stopped.' }
  const frame = `event: error\ndata: ${JSON.stringify({ type: 'error', error })}\n\n`
  const router = await createTestRouter()
  let asked = 0
  const route = async () => (await router.post(ask(`Hello ${++asked}`))).headers.get('x-router-route')
  container.answer(() => streamOf([frame], { headers: { 'x-queue-depth': '0' } }))
  expect(await route()).toBe('claude')
  container.answer(() => streamOf(framesOf(localMessage())))
  expect(await route()).toBe('claude')
  router.advance(2_000)
  await expect.poll(route).toBe('local')
})

const LOCAL_ONLY = { 'x-router-force': 'local' }
const bad = (message: string, status: number, headers: Record<string, string>) => () =>
  HttpResponse.json({ type: 'error', error: { type: 'x', message } }, { status, headers })

test('passes on why our own container cannot serve a request, and no other server’s words', async () => {
  const router = await createTestRouter()
  container.answer(bad('temperature: must be\nat most 2', 400, { 'x-queue-depth': '0' }))
  const own = await router.post(ask(SIMPLE_PROMPT), LOCAL_ONLY)
  expect(own.status).toBe(400)
  expect(await own.json()).toMatchObject({ error: { message: 'temperature: must be at most 2' } })
  container.answer(bad('internals-canary', 400, {}))
  const foreign = await router.post(ask(SIMPLE_PROMPT), LOCAL_ONLY)
  expect(await foreign.text()).not.toContain('canary')
})

test('passes on our own container’s reason as well where it comes within the stream', async () => {
  const error = { type: 'invalid_request_error', message: 'The prompt has 5 tokens\u2028too many.' }
  const frame = `event: error\ndata: ${JSON.stringify({ type: 'error', error })}\n\n`
  const router = await createTestRouter()
  container.answer(() => streamOf([frame], { headers: { 'x-queue-depth': '0' } }))
  for (let at = 0; at < 4; at++) {
    const own = await router.post(ask(SIMPLE_PROMPT, { stream: true }), LOCAL_ONLY)
    expect(own.status).toBe(400)
    expect(await own.json()).toMatchObject({ error: { message: 'The prompt has 5 tokens too many.' } })
  }
  container.answer(() => streamOf([frame]))
  const foreign = await router.post(ask(SIMPLE_PROMPT, { stream: true }), LOCAL_ONLY)
  expect(foreign.status).toBe(502)
  expect(await foreign.text()).not.toContain('too many')
})

test('leaves a request that the container declines to Claude, and holds it against nobody', async () => {
  container.answer(bad('judged complex', 409, { 'x-queue-depth': '0' }))
  const router = await createTestRouter()
  for (let at = 0; at < 6; at++) {
    const response = await router.post(ask(`Hello ${at}`))
    expect(response.headers.get('x-router-route')).toBe('claude')
    expect(response.headers.get('x-router-fallback')).toBe('judged_complex')
  }
  expect(container.hits).toHaveLength(6)
})

test('sampling that only open models know reaches them', async () => {
  const router = await createTestRouter()
  const sampling = { min_p: 0.05, repetition_penalty: 1.1, seed: 7 }
  await router.post(ask(SIMPLE_PROMPT, sampling))
  expect(JSON.parse(container.hits[0]?.text ?? '')).toMatchObject(sampling)
})

test('keeps a model at the temperatures at which it makes sense, and says so', async () => {
  const card = { trust: uniformTrust('full'), languages: null, maxTemperature: 0.3, exam: null }
  readiness.answer(() => ready({ card }))
  const router = await createTestRouter()
  const hot = await router.post(ask(SIMPLE_PROMPT, { temperature: 1 }))
  expect(hot.headers.get('x-router-ignored')).toBe('temperature')
  expect(container.hits[0]?.text).not.toContain('temperature')
  const cool = await router.post(ask(SIMPLE_PROMPT, { temperature: 0.2 }))
  expect(cool.headers.has('x-router-ignored')).toBe(false)
  expect(JSON.parse(container.hits[1]?.text ?? '').temperature).toBe(0.2)
})
