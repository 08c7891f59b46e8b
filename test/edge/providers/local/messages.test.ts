/** The local model through its provider: what it is asked, what it is told, and that nothing runs on for nobody. */
import { HttpResponse } from 'msw/http'
import { expect, test } from 'vitest'
import { createLocalHealth } from '../../../../edge/providers/local/health.ts'
import { createLocalProvider } from '../../../../edge/providers/local/messages.ts'
import { localMessagesProtocol } from '../../../../edge/providers/local/messages-protocol.ts'
import { testProvider } from '../../../contract/provider.ts'
import { LOCAL_SECRET, LOCAL_TEXT, SIMPLE_PROMPT } from '../../../support/edge/canaries.ts'
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
    })
    return createLocalProvider({ ...common, servers: [server], deadlines })
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
    ask(SIMPLE_PROMPT, { system: 'Be kind.', stop_sequences: ['x'], metadata: {}, new_field: 1 }),
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
    'x-deadline-ms': '2000',
    'x-router-request-id': expect.stringMatching(/^req_/),
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
  readiness.answer(() => ready({ tasks: ['summarization'] }))
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
