/** Claude through the whole router: what is passed on verbatim, what is tried again, what stays the operator's affair. */
import { HttpResponse } from 'msw/http'
import { expect, test } from 'vitest'
import { readConfig } from '../../../../edge/config.ts'
import { createPromptCache } from '../../../../edge/prompt-cache/prompt-cache.ts'
import { createClaudeProvider } from '../../../../edge/providers/claude/messages.ts'
import type { Fetch } from '../../../../edge/providers/provider.ts'
import { testProvider } from '../../../contract/provider.ts'
import {
  ALICE_KEY,
  CLAUDE_KEY,
  CLAUDE_TEXT,
  COMPLEX_PROMPT,
  UPSTREAM_TEXT,
} from '../../../support/edge/canaries.ts'
import {
  collectLog,
  expectNoCanary,
  loggedLines,
  requestMessages,
} from '../../../support/edge/log-collector.ts'
import {
  claudeMessage,
  framesOf,
  framesToFirstContent,
  readEvents,
  streamedText,
} from '../../../support/edge/messages.ts'
import { routerRequest } from '../../../support/edge/requests.ts'
import { ask, createTestRouter } from '../../../support/edge/router.ts'
import {
  answerNonStreaming,
  CLAUDE_URL,
  claude,
  errorOf,
  networkFetch,
  type Responder,
  refused,
  streamOf,
} from '../../../support/edge/upstreams.ts'

const body = ask(COMPLEX_PROMPT)
const streamed = { ...body, stream: true }
const errorEvent = (type: string) =>
  `event: error\ndata: ${JSON.stringify({ type: 'error', error: { type, message: 'Overloaded' } })}\n\n`
const html =
  (status: number): Responder =>
  () =>
    new HttpResponse(`<html>${UPSTREAM_TEXT}</html>`, { status, headers: { 'content-type': 'text/html' } })
const works = answerNonStreaming(claudeMessage())
const attempt = {
  isFallback: true,
  isLast: true,
  onAttempt() {},
  onJudged() {},
  onWeighed() {},
  onVerified() {},
  onFailedAttempt() {},
}

const config = await readConfig({
  ALLOW_ANONYMOUS: 'true',
  ANTHROPIC_API_KEY: CLAUDE_KEY,
  ANTHROPIC_BASE_URL: CLAUDE_URL,
  CLAUDE_HEADERS_MS: '1000',
  CLAUDE_TIMEOUT_MS: '2000',
})
testProvider('Claude', {
  target: { provider: 'claude', model: 'claude-haiku-5-5' },
  create: () => {
    if (!config.ok) throw new Error(config.problems.join())
    return createClaudeProvider({
      config: config.config.claude,
      promptCache: createPromptCache({ mode: 'off', now: () => 0, random: () => 0 }),
      fetch: networkFetch,
      log: collectLog,
      now: () => 0,
      random: () => 0,
      sleep: async () => {},
    })
  },
  upstream: (responder) => claude.answer(responder),
  text: CLAUDE_TEXT,
  failures: [
    ['cannot be reached', refused],
    ['sends no headers', () => new Promise<Response>(() => {})],
    ['answers with a web page', html(200)],
    ['answers 503 with a web page', html(503)],
    ['breaks', () => streamOf(['event: ping\ndata: {"type":"ping"}\n\n'], { end: 'break' })],
  ],
})

test('an answer that nobody gets has been written to the prompt cache all the same', async () => {
  if (!config.ok) throw new Error(config.problems.join())
  const provider = createClaudeProvider({
    config: config.config.claude,
    promptCache: createPromptCache({ mode: 'auto', now: () => 0, random: () => 0 }),
    fetch: networkFetch,
    log: collectLog,
    now: () => 0,
    random: () => 0,
    sleep: async () => {},
  })
  const decisions = []
  for (const question of ['first', 'loser', 'next']) {
    const system = 'Answer as the help desk of a library does. '.repeat(60)
    const request = routerRequest(ask(question, { system, stream: true }))
    const answer = await provider.open(request, { provider: 'claude', model: 'claude-haiku-5-5' }, attempt)
    // Whoever loses to another target is closed unread.
    decisions.push(answer.cachedPrompt?.facts.decision)
  }
  expect(decisions).toEqual(['first_sight', 'added', 'added'])
})

for (const [status, type] of [
  [400, 'invalid_request_error'],
  [404, 'not_found_error'],
  [413, 'request_too_large'],
] as const)
  for (const stream of [false, true])
    test(`passes ${status} on verbatim, with its request id${stream ? ', where a stream was wanted' : ''}`, async () => {
      claude.answer(() => errorOf(type, status))
      const response = await (await createTestRouter()).post({ ...body, stream })
      expect(response.status).toBe(status)
      expect(await response.text()).toBe(await errorOf(type, status).text())
      expect(response.headers.get('request-id')).toBe('req_claude_1')
      expect(response.headers.get('content-type')).toBe('application/json')
      expect(claude.hits).toHaveLength(1)
    })

test('waits for the headers of a non-streaming answer as long as for the answer: they come when it has been written', async () => {
  const router = await createTestRouter({ CLAUDE_HEADERS_MS: '1', CLAUDE_MAX_RETRIES: '0' })
  const written = Promise.withResolvers<void>()
  const late: Responder = async (hit) => {
    await written.promise
    return works(hit, 0)
  }
  claude.answer(late)
  // The stream's limit has passed when its error comes: a non-streaming answer asked for before it is still awaited.
  const nonStreaming = router.post(body)
  const stream = await router.post(streamed)
  expect(stream.status).toBe(504)
  written.resolve()
  expect(await (await nonStreaming).json()).toEqual(claudeMessage())
})

for (const status of [401, 403])
  test(`makes a 502 of Claude’s ${status} to the router’s own key, and tells the operator`, async () => {
    claude.answer(() => errorOf('authentication_error', status))
    const response = await (await createTestRouter()).post(body)
    expect(response.status).toBe(502)
    expect(await response.json()).toMatchObject({ error: { type: 'api_error' } })
    expect(loggedLines().filter(({ level }) => level === 'error')).toMatchObject([
      { message: '[Router] Claude refuses the router', fields: { status } },
    ])
    expect(claude.hits).toHaveLength(1)
  })

test('passes a 401 on where the key was the client’s own', async () => {
  claude.answer(() => errorOf('authentication_error', 401))
  const router = await createTestRouter({ CLAUDE_KEY_SOURCE: 'client', ANTHROPIC_API_KEY: '' })
  const response = await router.post(body, { authorization: 'Bearer sk-ant-canary-x' })
  expect(response.status).toBe(401)
  expect(await response.json()).toMatchObject({ error: { message: 'Claude says authentication_error' } })
})

test('makes a 503 of an account without credit', async () => {
  claude.answer(() => errorOf('billing_error', 402))
  const response = await (await createTestRouter()).post(body)
  expect(response.status).toBe(503)
  expect(response.headers.get('x-should-retry')).toBe('false')
  expect(await response.json()).toMatchObject({ error: { type: 'billing_error' } })
})

test('waits once where Claude says how long', async () => {
  claude.answer(() => errorOf('rate_limit_error', 429, { 'retry-after-ms': '20' }), works)
  const response = await (await createTestRouter()).post(body)
  expect(response.status).toBe(200)
  expect(response.headers.get('x-router-attempts')).toBe('2')
  expect(claude.hits).toHaveLength(2)
})

test('leaves a wait of some seconds to the client, which may come again', async () => {
  claude.answer(() => errorOf('rate_limit_error', 429, { 'retry-after': '7' }))
  const response = await (await createTestRouter()).post(body)
  expect(response.status).toBe(429)
  expect(response.headers.get('retry-after')).toBe('7')
  expect(response.headers.get('x-should-retry')).toBeNull()
  expect(claude.hits).toHaveLength(1)
})

test('passes a wait that is too long on to the client', async () => {
  claude.answer(() => errorOf('rate_limit_error', 429, { 'retry-after': '3600' }))
  const response = await (await createTestRouter()).post(body)
  expect(response.status).toBe(429)
  expect(response.headers.get('retry-after')).toBe('3600')
  expect(response.headers.get('x-should-retry')).toBe('false')
  expect(claude.hits).toHaveLength(1)
})

test('never repeats a request that a spending limit refused', async () => {
  claude.answer(() => errorOf('rate_limit_error', 429))
  const response = await (await createTestRouter()).post(body)
  expect(response.status).toBe(429)
  expect(await response.text()).toBe(await errorOf('rate_limit_error', 429).text())
  expect(response.headers.get('x-should-retry')).toBe('false')
  expect(claude.hits).toHaveLength(1)
})

for (const status of [500, 529])
  test(`tries once more after ${status}, then passes it on`, async () => {
    claude.answer(() => errorOf('overloaded_error', status))
    const response = await (await createTestRouter()).post(body)
    expect(response.status).toBe(status)
    expect(await response.text()).toBe(await errorOf('overloaded_error', status).text())
    expect(response.headers.get('x-should-retry')).toBe('false')
    expect(claude.hits).toHaveLength(2)
  })

test('shows the 4xx texts of a server that is not Anthropic’s, and of its 5xx all but the text', async () => {
  const foreign: Fetch = async (url, init) =>
    url.startsWith('https://compatible.test')
      ? (responses.shift() ?? Response.error())
      : networkFetch(url, init)
  const responses = [400, 500, 529].map((status) =>
    errorOf('overloaded_error', status, { 'retry-after': '9' }),
  )
  const router = await createTestRouter(
    { ANTHROPIC_BASE_URL: 'https://compatible.test', CLAUDE_MAX_RETRIES: '0' },
    { fetch: foreign },
  )
  expect(await (await router.post(body)).text()).toContain('Claude says')
  for (const status of [500, 529]) {
    const response = await router.post(body)
    expect(response.status).toBe(status)
    expect(await response.json()).toEqual({
      type: 'error',
      error: { type: 'overloaded_error', message: 'Overloaded. Try again later.' },
      request_id: 'req_claude_1',
    })
    expect(response.headers.get('request-id')).toBe('req_claude_1')
    expect(response.headers.get('retry-after')).toBe('9')
  }
})

test('does not repeat what Claude asks not to repeat', async () => {
  claude.answer(() => errorOf('api_error', 500, { 'x-should-retry': 'false' }))
  expect((await (await createTestRouter()).post(body)).status).toBe(500)
  expect(claude.hits).toHaveLength(1)
})

test('makes no second attempt where the operator wants none', async () => {
  claude.answer(() => errorOf('overloaded_error', 529))
  expect((await (await createTestRouter({ CLAUDE_MAX_RETRIES: '0' })).post(body)).status).toBe(529)
  expect(claude.hits).toHaveLength(1)
})

test('tries again when the first event of a stream is an error', async () => {
  claude.answer(() => streamOf([errorEvent('overloaded_error')]), works)
  const response = await (await createTestRouter()).post(streamed)
  expect(response.status).toBe(200)
  expect(await response.text()).toBe(framesOf(claudeMessage()).join(''))
  expect(claude.hits).toHaveLength(2)
})

test('gives an error event that comes first the status that it would have had', async () => {
  claude.answer(() => streamOf([errorEvent('overloaded_error')]))
  const response = await (await createTestRouter()).post(streamed)
  expect(response.status).toBe(529)
  expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'overloaded_error' } })
})

test('tries a refused connection once more, then says that Claude cannot be reached', async () => {
  claude.answer(refused)
  const response = await (await createTestRouter()).post(body)
  expect(response.status).toBe(503)
  expectNoCanary(await response.text())
  expect(response.headers.get('x-should-retry')).toBe('false')
  expect(claude.hits).toHaveLength(2)
})

test('recovers when the second connection works', async () => {
  claude.answer(refused, works)
  expect((await (await createTestRouter()).post(body)).status).toBe(200)
})

for (const responder of [html(200), html(502), html(503)])
  test('shows nothing of a page that answers in Claude’s place', async () => {
    claude.answer(responder)
    const response = await (await createTestRouter({ CLAUDE_MAX_RETRIES: '0' })).post(body)
    expect(response.status).toBeGreaterThanOrEqual(502)
    const text = await response.text()
    expectNoCanary(text)
    expect(JSON.parse(text)).toMatchObject({ type: 'error' })
  })

for (const [what, end, type] of [
  ['closed', 'close', 'api_error'],
  ['broken', 'break', 'api_error'],
  ['silent', 'stall', 'timeout_error'],
] as const)
  test(`ends a stream that is ${what} too early in one error event, with no half frame before it`, async () => {
    const half = 'event: halfling\ndata: {"type":"halfl'
    claude.answer(() => streamOf([...framesToFirstContent(claudeMessage()), half], { end }))
    const router = await createTestRouter(end === 'stall' ? { CLAUDE_IDLE_MS: '60' } : {})
    const text = await (await router.post(streamed)).text()
    const events = readEvents(text)
    expect(text).not.toContain(half)
    expect(events.filter(({ event }) => event === 'error')).toHaveLength(1)
    expect(events.at(-1)?.data).toMatchObject({ type: 'error', error: { type } })
    expect(streamedText(events)).toBe(CLAUDE_TEXT)
    expectNoCanary(text.replaceAll(CLAUDE_TEXT, ''))
    expect(claude.hits).toHaveLength(1)
  })

test('passes an error in the middle of a stream on, once', async () => {
  const pieces = [...framesToFirstContent(claudeMessage()), errorEvent('overloaded_error')]
  claude.answer(() => streamOf(pieces))
  const response = await (await createTestRouter()).post(streamed)
  expect(await response.text()).toBe(pieces.join(''))
})

test('gives up on a Claude that never begins', async () => {
  claude.answer(() => streamOf([], { end: 'stall' }))
  const response = await (await createTestRouter({ CLAUDE_FIRST_EVENT_MS: '50' })).post(streamed)
  expect(response.status).toBe(504)
  expect(claude.hits).toHaveLength(1)
})

test('closes Claude when the client disconnects before the first byte', async () => {
  const client = new AbortController()
  const router = await createTestRouter()
  claude.answer(() => {
    client.abort()
    return new Promise<Response>(() => {})
  })
  await router.post(body, {}, { signal: client.signal }).catch(() => {})
  await expect.poll(() => claude.hits[0]?.signal.aborted).toBe(true)
  await expect.poll(() => loggedLines().some(({ fields }) => fields.outcome === 'cancelled')).toBe(true)
})

test('closes Claude when the client disconnects in the middle of a stream', async () => {
  claude.answer(() => streamOf(framesToFirstContent(claudeMessage()), { end: 'stall' }))
  const router = await createTestRouter()
  const response = await router.post(streamed)
  const reader = response.body?.getReader()
  await reader?.read()
  await reader?.cancel()
  await expect.poll(() => claude.hits[0]?.signal.aborted).toBe(true)
  await expect.poll(() => loggedLines().some(({ fields }) => fields.outcome === 'cancelled')).toBe(true)
  expect(requestMessages()).toEqual(['[Router] Using Claude (hybrid: complex task)'])
})

test('sends exactly the headers of the allow-list', async () => {
  const router = await createTestRouter()
  await router.post(body, {
    authorization: `Bearer ${ALICE_KEY}`,
    'anthropic-version': '2025-01-01',
    'anthropic-beta': 'one,two',
    'user-agent': 'client/1',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    'x-stainless-lang': 'js',
    'x-app': 'cli',
    'x-router-force': 'claude',
    'x-router-session': 's',
    'x-router-anything': 'x',
    'x-claude-code-session-id': 's',
    'x-forwarded-for': '10.0.0.1',
    'x-real-ip': '10.0.0.1',
    'cf-connecting-ip': '10.0.0.1',
    forwarded: 'for=10.0.0.1',
    cookie: 'session=1',
    origin: 'https://site.example',
    referer: 'https://site.example/',
    te: 'trailers',
    'proxy-authorization': 'Basic x',
    'accept-language': 'de',
  })
  const sent = router.sent.find(({ url }) => url.startsWith(CLAUDE_URL))
  expect(Object.fromEntries(new Headers(sent?.init.headers))).toEqual({
    'anthropic-beta': 'one,two',
    'anthropic-version': '2025-01-01',
    'content-type': 'application/json',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    'user-agent': 'client/1',
    'x-api-key': CLAUDE_KEY,
    'x-app': 'cli',
    'x-stainless-lang': 'js',
  })
  expect(sent?.init.redirect).toBe('manual')
})

test('drops client headers that no header can carry, and tells a client of such a key without repeating it', async () => {
  const odd = 'internals-canary-é'
  const router = await createTestRouter()
  const response = await router.post(body, {
    'user-agent': odd,
    traceparent: odd,
    'anthropic-beta': odd,
    'x-stainless-os': odd,
    'x-app': 'cli',
  })
  expect(response.status).toBe(200)
  const sent = new Headers(router.sent.find(({ url }) => url.startsWith(CLAUDE_URL))?.init.headers)
  for (const [name, value] of sent) expect(value, name).toMatch(/^[\x20-\x7e]*$/)
  expect(sent.get('x-app')).toBe('cli')
  expect(sent.has('anthropic-beta')).toBe(false)

  const client = await createTestRouter({ CLAUDE_KEY_SOURCE: 'client', ANTHROPIC_API_KEY: '' })
  const refused = await client.post(body, { authorization: `Bearer ${odd}` })
  expect(refused.status).toBe(401)
  const text = await refused.text()
  expect(text).toContain('The key in authorization')
  expectNoCanary(text + JSON.stringify(loggedLines()))
})

test('shows no header of an upstream that a client could not read', async () => {
  claude.answer(() =>
    HttpResponse.json(claudeMessage(), { headers: { 'anthropic-note': 'é', 'request-id': 'r1' } }),
  )
  const { headers } = await (await createTestRouter()).post(body)
  expect(headers.get('request-id')).toBe('r1')
  expect(headers.has('anthropic-note')).toBe(false)
})

test('sends a forced tool to a model that takes it, on both surfaces, where the router picks the model', async () => {
  const router = await createTestRouter()
  const asked = () => JSON.parse(claude.hits.at(-1)?.text ?? '')
  const tool = { name: 'clock', input_schema: { type: 'object' } }
  await router.post({ ...body, tools: [tool], tool_choice: { type: 'tool', name: 'clock' } })
  expect(asked()).toMatchObject({ model: 'claude-haiku-5-5', tool_choice: { type: 'tool', name: 'clock' } })
  const chat = {
    model: 'gpt-5',
    messages: body.messages,
    tools: [{ type: 'function', function: { name: 'clock', parameters: { type: 'object' } } }],
    tool_choice: 'required',
  }
  await router.post(chat, {}, { path: '/v1/chat/completions' })
  expect(asked()).toMatchObject({ model: 'claude-haiku-5-5', tool_choice: { type: 'any' } })

  const opus = await createTestRouter({
    CLAUDE_MODEL: 'claude-opus-5-5',
    CLAUDE_SIMPLE_MODEL: 'claude-sonnet-5-5',
  })
  await opus.post(chat, {}, { path: '/v1/chat/completions' })
  expect(asked()).toMatchObject({ model: 'claude-opus-5-5', tool_choice: { type: 'auto' } })
})

test('names a version where the client names none, and keeps the query', async () => {
  const router = await createTestRouter()
  await router.post(body, {}, { query: '?beta=true&x=%2F' })
  expect(claude.hits[0]?.headers.get('anthropic-version')).toBe('2023-06-01')
  expect(claude.hits[0]?.url).toBe(`${CLAUDE_URL}/v1/messages?beta=true&x=%2F`)
})

test('follows no redirect', async () => {
  claude.answer(
    () => new HttpResponse(null, { status: 307, headers: { location: 'https://elsewhere.test/' } }),
  )
  const response = await (await createTestRouter()).post(body)
  expect(response.status).toBe(502)
  expect(response.headers.has('location')).toBe(false)
})

test('passes on of Claude’s headers what clients need and nothing else', async () => {
  claude.answer(() =>
    HttpResponse.json(claudeMessage(), {
      headers: {
        'request-id': 'req_claude_1',
        'anthropic-ratelimit-requests-remaining': '7',
        'anthropic-organization-id': 'org',
        'set-cookie': 'a=b',
        server: 'cloudflare',
        via: '1.1 x',
        'x-router-route': 'spoofed',
      },
    }),
  )
  const { headers } = await (await createTestRouter()).post(body)
  expect(headers.get('anthropic-ratelimit-requests-remaining')).toBe('7')
  expect(headers.get('request-id')).toBe('req_claude_1')
  expect(headers.get('x-router-route')).toBe('claude')
  for (const name of ['set-cookie', 'server', 'via']) expect(headers.has(name), name).toBe(false)
})

test('never asks twice for an answer that has been paid for', async () => {
  const router = await createTestRouter()
  claude.answer(() => HttpResponse.json(claudeMessage()))
  const response = await router.post(streamed)
  expect(streamedText(readEvents(await response.text()))).toBe(CLAUDE_TEXT)
  claude.answer(() => HttpResponse.json({ unexpected: true }))
  for (const asked of [body, streamed]) expect((await router.post({ ...asked, top_k: 3 })).status).toBe(502)
  expect(claude.hits).toHaveLength(3)
})
