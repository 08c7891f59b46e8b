/** Every way in which the container can fail, against the whole router: what the client sees is Claude's answer. */
import { HttpResponse } from 'msw/http'
import { expect, test } from 'vitest'
import { CLAUDE_TEXT, LOCAL_TEXT, SIMPLE_PROMPT, UPSTREAM_TEXT } from '../../support/edge/canaries.ts'
import { expectNoCanary, loggedLines, requestMessages } from '../../support/edge/log-collector.ts'
import {
  claudeMessage,
  framesOf,
  framesToFirstContent,
  localMessage,
  readEvents,
  streamedText,
} from '../../support/edge/messages.ts'
import { ask, createTestRouter } from '../../support/edge/router.ts'
import {
  claude,
  container,
  type Responder,
  readiness,
  refused,
  silence,
  streamOf,
} from '../../support/edge/upstreams.ts'

/** For containers that fall silent; the others get their time, however busy the machine is. */
const QUICK = { LOCAL_HEADERS_MS: '60', LOCAL_FIRST_CONTENT_MS: '90', LOCAL_IDLE_MS: '80' }
const beginning = framesToFirstContent(localMessage())
const untilContent = beginning.slice(0, -1)
const html =
  (status: number): Responder =>
  () =>
    new HttpResponse(`<html>${UPSTREAM_TEXT}</html>`, { status, headers: { 'content-type': 'text/html' } })
const frame = (text: string) => `event: content_block_delta\ndata: ${text}\n\n`

const BEFORE_FIRST_CONTENT: [string, Responder, string][] = [
  ['sends no headers', silence, 'timeout'],
  ['sends headers and then nothing', () => streamOf([], { end: 'stall' }), 'timeout'],
  ['stalls before its first token', () => streamOf(untilContent, { end: 'stall' }), 'timeout'],
  ['refuses the connection', refused, 'unavailable'],
  ['is busy', () => HttpResponse.json({}, { status: 429, headers: { 'retry-after': '5' } }), 'overloaded'],
  ['fails with 500', () => HttpResponse.json({ error: UPSTREAM_TEXT }, { status: 500 }), 'error'],
  [
    'is loading',
    () => HttpResponse.json({}, { status: 503, headers: { 'retry-after': '5' } }),
    'unavailable',
  ],
  ['answers 200 with a web page', html(200), 'error'],
  ['answers 502 with a web page', html(502), 'error'],
  ['answers 404 with a web page', html(404), 'error'],
  [
    'answers with truncated JSON',
    () => new HttpResponse('{"type":"mess', { headers: { 'content-type': 'application/json' } }),
    'error',
  ],
  ['ends before its first token', () => streamOf(untilContent), 'error'],
  ['breaks before its first token', () => streamOf(untilContent, { end: 'break' }), 'error'],
  ['sends an empty stream', () => streamOf([]), 'error'],
  ['sends events that are not JSON', () => streamOf([...untilContent, frame('{"type":')]), 'error'],
  [
    'sends a known event without its fields',
    () => streamOf([frame('{"type":"content_block_delta"}')]),
    'error',
  ],
  ['sends an event of a megabyte', () => streamOf([frame(`"${'x'.repeat(1_000_000)}"`)]), 'error'],
  [
    'sends bytes that are not UTF-8',
    () => streamOf([new Uint8Array([0x64, 0xff, 0xfe, 0x0a, 0x0a])]),
    'error',
  ],
  [
    'gives an empty answer',
    () => streamOf(framesOf(localMessage({ content: [{ type: 'text', text: '' }] }))),
    'error',
  ],
  ['refuses the shared secret', () => HttpResponse.json({}, { status: 401 }), 'unavailable'],
  ['forbids the router', () => HttpResponse.json({}, { status: 403 }), 'unavailable'],
  [
    'cannot serve the request',
    () => HttpResponse.json({ error: UPSTREAM_TEXT }, { status: 400 }),
    'unsupported',
  ],
  [
    'sends an error event first',
    () =>
      streamOf([
        `event: error\ndata: {"type":"error","error":{"type":"api_error","message":"${UPSTREAM_TEXT}"}}\n\n`,
      ]),
    'error',
  ],
  [
    'redirects elsewhere',
    () => new HttpResponse(null, { status: 302, headers: { location: 'https://elsewhere.test/' } }),
    'error',
  ],
]

const AFTER_FIRST_CONTENT: [string, Responder, string][] = [
  ['stalls', () => streamOf(beginning, { end: 'stall' }), 'timeout'],
  ['ends early', () => streamOf(beginning), 'error'],
  ['breaks', () => streamOf(beginning, { end: 'break' }), 'error'],
  [
    'sends an event that is not JSON',
    () => streamOf([...beginning, frame('{"type"'), ...framesOf(localMessage())]),
    'error',
  ],
  [
    'reports an error',
    () =>
      streamOf([
        ...beginning,
        `event: error\ndata: {"type":"error","error":{"type":"api_error","message":"${UPSTREAM_TEXT}"}}\n\n`,
        ...framesOf(localMessage()),
      ]),
    'error',
  ],
]

for (const [what, responder, cause] of BEFORE_FIRST_CONTENT)
  for (const stream of [false, true])
    test(`falls back ${stream ? 'in a stream ' : ''}when the container ${what}`, async () => {
      container.answer(responder)
      const router = await createTestRouter(cause === 'timeout' ? QUICK : {})
      const response = await router.post(ask(SIMPLE_PROMPT, { stream }))
      const text = await response.text()
      expect(response.status).toBe(200)
      expect(text).toBe(stream ? framesOf(claudeMessage()).join('') : JSON.stringify(claudeMessage()))
      expect(response.headers.get('x-router-fallback')).toBe(cause)
      expect(response.headers.get('x-router-route')).toBe('claude')
      expect(response.headers.get('x-router-model')).toBe('claude-haiku-5-5')
      expect(claude.hits).toHaveLength(1)
      expect(container.hits).toHaveLength(1)
      expect(requestMessages()).toEqual([`[Router] Falling back to Claude (local ${cause})`])
      for (const value of response.headers.values()) expectNoCanary(value)
    })

for (const [what, responder, cause] of AFTER_FIRST_CONTENT) {
  test(`falls back in JSON mode when the container ${what} after its first content`, async () => {
    container.answer(responder)
    const router = await createTestRouter(cause === 'timeout' ? { LOCAL_IDLE_MS: '80' } : {})
    const response = await router.post(ask())
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual(claudeMessage())
    expect(response.headers.get('x-router-fallback')).toBe(cause)
    expect(claude.hits).toHaveLength(1)
  })

  test(`ends a stream in exactly one error event when the container ${what} after its first content`, async () => {
    container.answer(responder)
    const router = await createTestRouter(cause === 'timeout' ? { LOCAL_IDLE_MS: '80' } : {})
    const response = await router.post(ask(SIMPLE_PROMPT, { stream: true }))
    const text = await response.text()
    const events = readEvents(text)
    expect(response.headers.get('x-router-route')).toBe('local')
    expect(events.filter(({ event }) => event === 'error')).toHaveLength(1)
    expect(events.at(-1)?.event).toBe('error')
    expect(streamedText(events)).toBe(LOCAL_TEXT)
    expect(text).not.toContain(CLAUDE_TEXT)
    expect(text).not.toContain(UPSTREAM_TEXT)
    expect(claude.hits).toHaveLength(0)

    container.answer(() => streamOf(framesOf(localMessage())))
    const again = await router.post(ask(SIMPLE_PROMPT, { stream: true }))
    await again.text()
    expect(again.headers.get('x-router-cache')).toBe('miss')
  })
}

test('answers locally when the container works, with no word to Claude', async () => {
  const router = await createTestRouter()
  const response = await router.post(ask())
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual(localMessage())
  expect(response.headers.get('x-router-route')).toBe('local')
  expect(response.headers.has('x-router-fallback')).toBe(false)
  expect(claude.hits).toHaveLength(0)
  expect(requestMessages()).toEqual(['[Router] Using local model (hybrid: simple task)'])
})

test('leaves a busy container alone for its Retry-After and asks it again afterwards', async () => {
  container.answer(() => HttpResponse.json({}, { status: 429, headers: { 'retry-after': '5' } }))
  const router = await createTestRouter()
  await router.post(ask('Hello!'))
  const second = await router.post(ask('Hi!'))
  expect(second.headers.get('x-router-fallback')).toBe('overloaded')
  expect(container.hits).toHaveLength(1)

  router.advance(5_001)
  container.answer(() => streamOf(framesOf(localMessage())))
  const probed = readiness.hits.length
  // The first request after the wait starts the probe and is not made to wait for it.
  await router.post(ask('Good morning!'))
  await expect.poll(() => readiness.hits.length).toBe(probed + 1)
  await expect
    .poll(async () => (await router.post(ask('Thanks!'))).headers.get('x-router-route'))
    .toBe('local')
})

test('asks Claude at once while the container’s word predicts a late answer, and the container where nobody else may', async () => {
  const telling = (waitMs: string) => () =>
    streamOf(framesOf(localMessage()), { headers: { 'x-expected-wait-ms': waitMs } })
  container.answer(telling('9000'))
  const router = await createTestRouter()
  await router.post(ask('Hello!'))
  const late = await router.post(ask('Hi!'))
  expect(late.headers.get('x-router-fallback')).toBe('overloaded')
  expect(late.headers.get('x-router-attempts')).toBe('1')
  expect(container.hits).toHaveLength(1)
  const forced = await router.post(ask('Hey!'), { 'x-router-force': 'local' })
  expect(forced.headers.get('x-router-route')).toBe('local')
  // A second later one request finds out whether that still holds.
  container.answer(telling('0'))
  router.advance(1_000)
  expect((await router.post(ask('Good morning!'))).headers.get('x-router-route')).toBe('local')
  expect((await router.post(ask('Thanks!'))).headers.get('x-router-route')).toBe('local')
})

test('stops asking a container that keeps failing', async () => {
  container.answer(refused)
  readiness.answer(refused)
  const router = await createTestRouter()
  for (const prompt of ['Hi', 'Hello', 'Hey', 'Good morning', 'Good evening', 'Thanks'])
    expect((await router.post(ask(prompt))).status).toBe(200)
  expect(container.hits.length).toBeLessThanOrEqual(3)
  expect(claude.hits).toHaveLength(6)
})

test('lets no client wait twice for a container that says nothing at all', async () => {
  readiness.answer(silence)
  container.answer(silence)
  const response = await (await createTestRouter({ LOCAL_HEADERS_MS: '50' })).post(ask())
  expect(response.status).toBe(200)
  expect(response.headers.get('x-router-fallback')).toBe('timeout')
  expect(response.headers.get('x-router-attempts')).toBe('1')
  expect(container.hits).toHaveLength(0)
})

test('tells the operator of a wrong shared secret and the client nothing', async () => {
  container.answer(() => HttpResponse.json({}, { status: 401 }))
  const router = await createTestRouter()
  const response = await router.post(ask())
  expect(response.status).toBe(200)
  expect(loggedLines().filter(({ level }) => level === 'error')).toMatchObject([
    { message: '[Router] The local model refuses the shared secret', fields: { status: 401 } },
  ])
})

test('hangs up on a container that missed its deadline', async () => {
  let closed = false
  container.answer(() => streamOf(untilContent, { end: 'stall', onCancel: () => (closed = true) }))
  const router = await createTestRouter(QUICK)
  await (await router.post(ask())).text()
  await expect.poll(() => closed).toBe(true)
})

test('asks the strong model for a request that the container judged complex, and the cheap one for any other', async () => {
  const router = await createTestRouter()
  const asked = () => JSON.parse(claude.hits.at(-1)?.text ?? '').model
  const declined = { type: 'error', error: { type: 'api_error', message: 'judged complex' } }
  container.answer(() => HttpResponse.json(declined, { status: 409, headers: { 'x-queue-depth': '0' } }))
  expect((await router.post(ask('Hello!'))).headers.get('x-router-fallback')).toBe('judged_complex')
  expect(asked()).toBe('claude-sonnet-5-5')
  // After a long prompt the headers have been sent already.
  const event = { type: 'error', error: { ...declined.error, code: 'declined' } }
  container.answer(() =>
    streamOf([...untilContent, `event: error\ndata: ${JSON.stringify(event)}\n\n`], {
      headers: { 'x-queue-depth': '0' },
    }),
  )
  expect((await router.post(ask('Hey!'))).headers.get('x-router-fallback')).toBe('judged_complex')
  expect(asked()).toBe('claude-sonnet-5-5')
  container.answer(refused)
  await router.post(ask('Hi!'))
  expect(asked()).toBe('claude-haiku-5-5')
})
