/**
 * Many callers on one edge: what one of them does, asks or breaks must not become another's answer, key, line in the log
 * or bill. Real sockets, real workerd.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventually, residentBytes } from '../support/processes.ts'
import { COMPLEX, eventNames, type Reply, SIMPLE } from '../support/stack-client.ts'
import { type FaultStack, startFaultStack } from '../support/stack-faults.ts'
import type { Hit } from '../support/upstream.ts'
import {
  CLAUDE_ANSWER,
  CLAUDE_KEY,
  claudeHeaders,
  framesUntilText,
  LOCAL_ANSWER,
  LOCAL_SECRET,
  localAnswers,
  nonStreamingBody,
  streamHead,
} from '../support/upstream-messages.ts'
import { chunk, complete, finish, hold, pause, reset, respond } from '../support/upstream-steps.ts'

const KEYS = {
  alice: 'key-of-alice-0123456789',
  bob: 'key-of-bob-0123456789',
  mallory: 'key-of-mallory-0123456789',
}
const ADMIN_KEY = 'admin-key-of-these-tests'
/** Set it to 1000 on a machine with nothing else to do. */
const BURST = Number(process.env.FAULT_BURST ?? 200)
const SOAK_SECONDS = Number(process.env.FAULT_SOAK_SECONDS ?? 3)
const as = (key: string) => ({ 'x-api-key': key })

let stack: FaultStack
beforeAll(async () => {
  stack = await startFaultStack(
    {
      ALLOW_ANONYMOUS: '',
      ROUTER_KEYS: Object.entries(KEYS)
        .map(([name, key]) => `${name}:${key}`)
        .join(','),
      ADMIN_KEY,
      LIMITS: JSON.stringify({ mallory: { tenant: { usdPerDay: 0.002 } } }),
      LOG_FORMAT: 'json',
      CACHE_TTL_SECONDS: '300',
      LOCAL_HEADERS_MS: '20000',
      LOCAL_FIRST_CONTENT_MS: '20000',
      LOCAL_IDLE_MS: '20000',
      CLAUDE_IDLE_MS: '60000',
      CLAUDE_HEADERS_MS: '60000',
      CLAUDE_FIRST_EVENT_MS: '60000',
      CLAUDE_TIMEOUT_MS: '60000',
      EARLY_HEADERS_MS: '60000',
    },
    as(KEYS.alice),
  )
})
afterAll(() => stack?.stop())
beforeEach(() => stack.recover())

test('F50 what one caller was told is not told to another, nor to a request that differs', async () => {
  const question = `${COMPLEX} F50`
  const ask = (key: string, fields = {}) => stack.client.ask(question, { headers: as(key), fields })
  const cacheOf = async (reply: Promise<Reply>) => (await reply).headers.get('x-router-cache')
  expect(await cacheOf(ask(KEYS.alice))).toBe('miss')
  expect(await cacheOf(ask(KEYS.alice))).toBe('hit')
  expect(await cacheOf(ask(KEYS.bob))).toBe('miss')
  expect(await cacheOf(ask(ADMIN_KEY))).toBe('miss')
  for (const fields of [
    { max_tokens: 65 },
    { system: 'Be brief.' },
    { stop_sequences: ['x'] },
    { temperature: 0 },
  ])
    expect(await cacheOf(ask(KEYS.alice, fields))).toBe('miss')
  expect(stack.claude.hits).toHaveLength(7)
})

test('F48 of 100 equal requests at once the first is left: 99 get whole answers', async () => {
  const question = `${COMPLEX} F48`
  const headers = as(KEYS.alice)
  stack.claude.next([hold])
  const leave = stack.client.abandon(question, { stream: true, headers })
  await stack.claude.received(1)
  const others = Array.from({ length: 99 }, () => stack.client.ask(question, { stream: true, headers }))
  leave()
  for (const reply of await Promise.all(others)) {
    expect(reply.status).toBe(200)
    expect(textOf(reply)).toBe(CLAUDE_ANSWER.pieces.join(''))
    expect(eventNames(reply.body).at(-1)).toBe('message_stop')
  }
  expect(stack.claude.hits.length).toBeLessThanOrEqual(100)
})

test('F49 while a cached answer is renewed, readers get whole answers', async () => {
  const question = `${COMPLEX} F49`
  const ask = (control: Record<string, string> = {}) =>
    stack.client.ask(question, { headers: { ...as(KEYS.alice), ...control } })
  await ask()
  const replies = await Promise.all(
    Array.from({ length: 40 }, (_, index) => ask(index % 4 === 0 ? { 'x-router-cache': 'refresh' } : {})),
  )
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
  const texts = new Set(replies.map(({ body }) => JSON.parse(body).content[0].text))
  expect([...texts]).toEqual([CLAUDE_ANSWER.pieces.join('')])
  expect(stack.claude.hits).toHaveLength(11)
})

test('F51 an answer that Claude gave for the container is not kept as the container’s', async () => {
  const ask = () => stack.client.ask('Good afternoon, everybody!', { headers: as(KEYS.alice) })
  stack.container.next([reset])
  expect((await ask()).headers.get('x-router-fallback')).toBe('unavailable')
  const again = await ask()
  expect(Object.fromEntries(again.headers)).toMatchObject({
    'x-router-route': 'local',
    'x-router-cache': 'miss',
  })
  expect(again.body).not.toContain(CLAUDE_ANSWER.pieces[0])
})

test('F53 a rotated key and its successor hold side by side; revoked, neither does', async () => {
  const manage = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${stack.edge.url}/v1/router/keys${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...as(ADMIN_KEY) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    expect(response.status).toBeLessThan(300)
    const made: { id: string; key: string } =
      method === 'DELETE' ? { id: '', key: '' } : await response.json()
    return made
  }
  const statusFor = async (key: string) => (await stack.client.ask(SIMPLE, { headers: as(key) })).status
  const made = await manage('POST', '', { tenant: 'carol' })
  const rotated = await manage('POST', `/${made.id}/rotate`, { graceSeconds: 3_600 })
  expect([await statusFor(made.key), await statusFor(rotated.key)]).toEqual([200, 200])
  await manage('DELETE', `/${made.id}`)
  await eventually('the key is refused', async () => (await statusFor(rotated.key)) === 401)
  expect(await statusFor(made.key)).toBe(401)
})

test('F65 who drains the account by failing the container is stopped, and nobody else is', async () => {
  const costly = nonStreamingBody(CLAUDE_ANSWER).replace(/"output_tokens":\d+/, '"output_tokens":100000')
  let count = 0
  const ask = (key: string) =>
    stack.client.ask(`Hello, good morning number ${++count}!`, { headers: as(key) })
  stack.container.next([reset])
  stack.claude.next(respond(200, costly, claudeHeaders))
  expect((await ask(KEYS.mallory)).headers.get('x-router-fallback')).toBe('unavailable')
  stack.container.next(...Array.from({ length: 20 }, () => [reset]))
  const refused = await eventually('the limit is reached', async () => {
    const reply = await ask(KEYS.mallory)
    return reply.status === 429 && reply
  })
  expect(JSON.parse(refused.body).error.type).toBe('rate_limit_error')
  const paid = stack.claude.hits.length
  expect((await ask(KEYS.mallory)).status).toBe(429)
  expect(stack.claude.hits).toHaveLength(paid)
  expect((await ask(KEYS.bob)).status).toBe(200)
})

test('F62 hundreds of requests at once all end, and whom the container has no room for Claude answers', async () => {
  const room = 8
  let running = 0
  let refused = 0
  stack.container.usually([
    async (exchange) => {
      const isFull = running === room
      if (isFull) refused++
      else running++
      for (const step of isFull ? NO_ROOM : SHORT_WORK) await step(exchange)
      if (!isFull) running--
    },
  ])
  const headers = as(KEYS.alice)
  const replies = await Promise.all(
    Array.from({ length: BURST }, (_, index) =>
      stack.client.ask(`Hello, good morning ${index}!`, { headers, stream: index % 2 === 0 }),
    ),
  )
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
  for (const reply of replies) expect(reply.body).toMatch(/"type":"message_stop"|"stop_reason":"end_turn"/)
  const local = replies.filter(({ body }) => body.includes(LOCAL_ANSWER.model))
  const claudes = replies.filter(({ body }) => body.includes(CLAUDE_ANSWER.model))
  expect(local.length + claudes.length).toBe(BURST)
  expect(local.every(({ body }) => !body.includes(CLAUDE_ANSWER.model))).toBe(true)
  expect(stack.claude.hits).toHaveLength(claudes.length)
  expect(stack.container.hits).toHaveLength(local.length + refused)
})

test('F60 names, headers and errors make one line each, and no secret or text of theirs is told', async () => {
  const from = stack.edge.lines.length
  const forged = 'x\n{"msg":"[Router] forged"}\r\u001b[31m\u2028\u0085y'
  const headers = { ...as(KEYS.alice), 'user-agent': 'canary-agent', 'x-router-session': 'canary-session' }
  const fields = { system: 'canary-system', metadata: { user_id: 'canary-user' } }
  const replies = [
    await stack.client.ask(`${SIMPLE} canary-prompt`, { headers }),
    await stack.client.ask(`${COMPLEX} canary-prompt`, { headers, fields, stream: true }),
    await stack.client.ask(COMPLEX, { headers, model: `claude-${forged}` }),
    await stack.client.ask(SIMPLE, { headers, fields: { [forged]: 1 } }),
    await stack.client.ask(SIMPLE, { headers, fields: { max_tokens: forged } }),
    await stack.client.ask(SIMPLE, { headers: as('canary-key-of-nobody') }),
  ]
  stack.claude.next(respond(529, '<html>canary-page</html>'), respond(529, '<html>canary-page</html>'))
  replies.push(await stack.client.ask(`${COMPLEX} canary-again`, { headers }))
  stack.container.next(respond(500, 'canary-internals'))
  replies.push(await stack.client.ask(`Hi there, good morning!`, { headers }))
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 400, 401, 529, 200])

  const lines = () => stack.edge.lines.slice(from)
  await eventually(
    'a line of each request',
    () => lines().filter((line) => /"requestId"/.test(line)).length >= 7,
  )
  for (const line of lines().filter((each) => each.startsWith('{')))
    expect(() => JSON.parse(line)).not.toThrow()
  expect(lines().filter((line) => line.startsWith('{"msg":"[Router] forged'))).toEqual([])
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for here.
  expect(lines().filter((line) => /[\u0085\u2028]|\u001b\[31my/.test(line))).toEqual([])
  const receipts = await eventually('the receipts', async () => {
    const { body } = await stack.client.get('/v1/router/requests?limit=20', as(ADMIN_KEY))
    return JSON.parse(body).data?.length >= 7 && body
  })
  const secrets = [...Object.values(KEYS), ADMIN_KEY, CLAUDE_KEY, LOCAL_SECRET]
  const told = replies.map(
    (reply) => JSON.stringify([...reply.headers]) + (reply.status < 300 ? '' : reply.body),
  )
  for (const text of [lines().join('\n'), receipts, ...told]) {
    expect(text.replaceAll('canary-user', '')).not.toContain('canary')
    for (const secret of secrets) expect(text).not.toContain(secret)
  }
})

// Hours of it: FAULT_SOAK_SECONDS=14400 npx vitest run -t "F63 "
test(
  'F63 under faults of every kind each request ends with one line, and no connection is left',
  async () => {
    const from = stack.edge.lines.length
    const end = performance.now() + SOAK_SECONDS * 1_000
    const spoken = [streamHead, chunk(framesUntilText(LOCAL_ANSWER, 1))]
    const overloaded = respond(529, '{}')
    const faults: readonly (() => void)[] = [
      () => {},
      () => stack.container.next([reset]),
      () => stack.container.next([...spoken, reset]),
      () => stack.container.next([...spoken, complete]),
      () => stack.claude.next(overloaded, overloaded),
      () => stack.claude.next([...spoken, reset]),
      () => stack.claude.next([streamHead, finish]),
    ]
    let asked = 0
    let hits: Hit[] = []
    const memory: number[] = []
    while (performance.now() < end) {
      faults[asked % faults.length]?.()
      const round = Array.from({ length: 5 }, async () => {
        const stream = ++asked % 2 === 0
        const text = `${asked % 3 === 0 ? COMPLEX : SIMPLE} ${asked}`
        const opened = await stack.client.open(text, { headers: as(KEYS.bob), fields: { stream } })
        if (asked % 11 === 0) opened.leave()
        else await opened.rest()
      })
      await Promise.all(round)
      hits = [...hits, ...stack.container.hits, ...stack.claude.hits]
      stack.container.reset()
      stack.claude.reset()
      await Promise.all(hits.splice(0).map(({ closed }) => closed))
      memory.push(residentBytes(stack.edge.pid))
    }
    const told = () => stack.edge.lines.slice(from).filter((line) => line.includes('"attempts":')).length
    await eventually('one line of each request', () => told() >= asked)
    expect(told()).toBe(asked)
    // Caches and pools fill first: over hours, the second half needs no more than the first.
    const half = Math.floor(memory.length / 2)
    if (SOAK_SECONDS >= 600)
      expect(Math.max(...memory.slice(half))).toBeLessThan(1.3 * Math.max(...memory.slice(0, half)))
  },
  (SOAK_SECONDS + 120) * 1_000,
)

function textOf(reply: Reply): string {
  return [...reply.body.matchAll(/"text_delta","text":"([^"]*)"/g)].map((match) => match[1]).join('')
}

const NO_ROOM = respond(429, '{}', { 'retry-after': '1' })
/** What a small model needs for a few words, so that requests meet. */
const SHORT_WORK = [pause(20), ...localAnswers]
