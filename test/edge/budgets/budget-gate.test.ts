/** Limits in the whole router: who is let in, who is sent another way, who is refused and what they read. */
import { expect, test } from 'vitest'
import type { Accounts } from '../../../edge/budgets/accounts.ts'
import type { TenantLimits } from '../../../edge/budgets/limits.ts'
import { ALICE_KEY, BOB_KEY, COMPLEX_PROMPT, SIMPLE_PROMPT } from '../../support/edge/canaries.ts'
import { loggedLines } from '../../support/edge/log-collector.ts'
import { claudeMessage, framesToFirstContent, readEvents } from '../../support/edge/messages.ts'
import { ask, createTestRouter } from '../../support/edge/router.ts'
import { createSqliteAccounts } from '../../support/edge/sqlite-accounts.ts'
import { answerNonStreaming, claude, container, refused, streamOf } from '../../support/edge/upstreams.ts'

const NOON = Date.UTC(2026, 10, 27, 12)
const OPUS = 'claude-opus-5-5'
const WEBHOOK_URL = 'https://hooks.test/router'
/** USD that one short answer of Opus may take, and two may not. */
const ONE_ANSWER = 0.002

type Scene = {
  readonly limits: TenantLimits
  readonly settings?: Record<string, string>
  readonly accounts?: (accounts: Accounts) => Accounts
}

async function openRouter({ limits, settings = {}, accounts = (each) => each }: Scene) {
  let now = NOON
  const clock = () => now
  const counted = createSqliteAccounts(clock)
  const calls: string[] = []
  const router = await createTestRouter(
    { CACHE_TTL_SECONDS: '0', LIMITS: JSON.stringify({ alice: limits }), ...settings },
    {
      now: clock,
      accounts: accounts({
        ...counted,
        reserve: async (...given) => {
          calls.push('reserve')
          return await counted.reserve(...given)
        },
        settle: async (...given) => {
          calls.push('settle')
          return await counted.settle(...given)
        },
      }),
    },
  )
  const used = async (user?: string) => {
    const effective = { tenant: limits.tenant ?? {}, user: limits.user, timezone: 'UTC' }
    const uses = await counted.use('alice', { limits: effective, user })
    return Object.fromEntries(uses.map((use) => [`${use.scope} ${use.limit}`, use.used]))
  }
  const advance = (milliseconds: number) => {
    now += milliseconds
  }
  return { ...router, calls, used, advance, counted }
}

type Router = Awaited<ReturnType<typeof openRouter>>

/** Asks until the limit of money or tokens holds; the answer after that is what the test looks at. */
async function useUp(router: Router): Promise<void> {
  const response = await router.post(ask(COMPLEX_PROMPT, { model: OPUS }))
  await response.text()
  await expect.poll(() => router.calls.filter((call) => call === 'settle')).toHaveLength(1)
}

async function bodyOf(response: Response) {
  const body: { error: { type: string; message: string; code?: string } } = JSON.parse(await response.text())
  return body
}

/** An answer of Opus that takes nine tenths of `ONE_ANSWER`. */
function dearAnswer() {
  return answerNonStreaming(claudeMessage({ model: OPUS, usage: { input_tokens: 50, output_tokens: 80 } }))
}

test('a tenant without limits asks no account', async () => {
  const router = await openRouter({ limits: { tenant: { usdPerDay: 1 } } })
  const response = await router.post(ask(COMPLEX_PROMPT), { 'x-api-key': BOB_KEY })
  expect(response.status).toBe(200)
  expect([...response.headers.keys()].filter((name) => /ratelimit|budget/.test(name))).toEqual([])
  expect(router.calls).toEqual([])
})

test('money is settled to what the answer cost, tokens to what it took', async () => {
  const router = await openRouter({ limits: { tenant: { usdPerDay: 1, tokensPerDay: 100_000 } } })
  const response = await router.post(ask(COMPLEX_PROMPT, { model: OPUS }))
  await response.text()
  await expect
    .poll(() => router.used())
    .toMatchObject({
      'tenant usdPerDay': Number(response.headers.get('x-router-cost-usd')) * 1e9,
      'tenant tokensPerDay': 19,
    })
  expect(router.calls).toEqual(['reserve', 'settle'])
  expect(response.headers.get('anthropic-ratelimit-tokens-limit')).toBe('100000')
  expect(response.headers.get('anthropic-ratelimit-tokens-reset')).toBe('2026-11-28T00:00:00Z')
})

test('a hard limit refuses in the API’s own shape and says when it opens', async () => {
  claude.answer(dearAnswer())
  const router = await openRouter({ limits: { tenant: { usdPerDay: ONE_ANSWER } } })
  await useUp(router)
  const response = await router.post(ask(COMPLEX_PROMPT, { model: OPUS }))
  expect(response.status).toBe(429)
  expect(response.headers.get('retry-after')).toBe('43200')
  expect(response.headers.get('x-should-retry')).toBe('false')
  expect(response.headers.get('x-router-budget')).toBe('hard: usdPerDay')
  expect(response.headers.get('x-router-reason')).toBe('budget usdPerDay')
  const { error } = await bodyOf(response)
  expect(error.type).toBe('rate_limit_error')
  expect(error.message).toMatch(
    /^The limit of \$0\.00200 a day for this key is reached: \$0\.00180 are used, and this request may take up to \$0\.\d+\. It opens again at 2026-11-28T00:00:00Z, in 12 hours\.$/,
  )
  expect(claude.hits).toHaveLength(1)
  expect(loggedLines().at(-1)).toMatchObject({ fields: { budget: 'refused', outcome: 'refused' } })
  router.advance(43_200_000)
  expect((await router.post(ask(COMPLEX_PROMPT, { model: OPUS }))).status).toBe(200)
})

test('OpenAI’s clients read the refusal in OpenAI’s shape, streams as well', async () => {
  claude.answer(dearAnswer())
  const router = await openRouter({ limits: { tenant: { usdPerDay: ONE_ANSWER } } })
  await useUp(router)
  for (const stream of [false, true]) {
    const body = {
      model: OPUS,
      max_tokens: 64,
      stream,
      messages: [{ role: 'user', content: COMPLEX_PROMPT }],
    }
    const response = await router.post(body, {}, { path: '/v1/chat/completions' })
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('43200')
    const { error } = await bodyOf(response)
    expect(error).toMatchObject({ type: 'rate_limit_error', code: 'rate_limit_exceeded' })
  }
  const streamed = await router.post(ask(COMPLEX_PROMPT, { model: OPUS, stream: true }))
  expect([streamed.status, (await bodyOf(streamed)).error.type]).toEqual([429, 'rate_limit_error'])
})

test('cheaper: complex requests go to the cheap Claude model, whatever model was named', async () => {
  claude.answer(dearAnswer())
  const router = await openRouter({
    limits: { tenant: { usdPerDay: ONE_ANSWER } },
    settings: { ON_BUDGET: 'cheaper' },
  })
  await useUp(router)
  claude.answer(answerNonStreaming(claudeMessage()))
  const response = await router.post(ask(COMPLEX_PROMPT, { model: OPUS }))
  expect(response.status).toBe(200)
  expect(response.headers.get('x-router-model')).toBe('claude-haiku-5-5')
  expect(response.headers.get('x-router-fallback')).toBe('budget')
  expect(response.headers.get('x-router-reason')).toBe('budget usdPerDay: complex task')
  expect(JSON.parse(claude.hits[1]?.text ?? '')).toMatchObject({ model: 'claude-haiku-5-5' })
  await response.text()
  expect(loggedLines().at(-1)).toMatchObject({ fields: { budget: 'cheaper', fallback: 'budget' } })
  await expect.poll(() => router.calls.at(-1)).toBe('settle')
})

test.each(['cheaper', 'local'] as const)('%s: simple requests go to the local model', async (onBudget) => {
  claude.answer(dearAnswer())
  const router = await openRouter({
    limits: { tenant: { usdPerDay: ONE_ANSWER }, onBudget },
    settings: { LLM_STRATEGY: 'claude_only' },
  })
  await useUp(router)
  const response = await router.post(ask(SIMPLE_PROMPT, { model: OPUS }))
  expect(response.status).toBe(200)
  expect(response.headers.get('x-router-route')).toBe('local')
  expect(response.headers.get('x-router-fallback')).toBe('budget')
  expect(response.headers.get('x-router-cost-usd')).toBe('0')
})

test('local: what the local model cannot serve is refused, and nothing stays reserved', async () => {
  claude.answer(dearAnswer())
  const router = await openRouter({ limits: { tenant: { usdPerDay: ONE_ANSWER }, onBudget: 'local' } })
  await useUp(router)
  const complex = await router.post(ask(COMPLEX_PROMPT))
  expect([complex.status, complex.headers.get('x-router-route')]).toEqual([200, 'local'])
  await complex.text()
  const tools = [{ name: 'look', input_schema: { type: 'object' } }]
  const response = await router.post(ask(COMPLEX_PROMPT, { model: OPUS, tools }))
  expect(response.status).toBe(429)
  expect((await bodyOf(response)).error.message).toContain('Set a lower limit of output tokens')
  await expect.poll(() => router.calls.filter((call) => call === 'settle')).toHaveLength(3)
})

test('a request that would have gone that way anyhow is not marked', async () => {
  claude.answer(dearAnswer())
  const router = await openRouter({ limits: { tenant: { usdPerDay: ONE_ANSWER }, onBudget: 'cheaper' } })
  await useUp(router)
  const response = await router.post(ask(SIMPLE_PROMPT))
  expect(response.headers.get('x-router-route')).toBe('local')
  expect(response.headers.get('x-router-fallback')).toBeNull()
  expect(response.headers.get('x-router-budget')).toBeNull()
})

test('a local model that fails at the limit leaves the request to the cheap Claude model', async () => {
  claude.answer(dearAnswer())
  const router = await openRouter({
    limits: { tenant: { usdPerDay: ONE_ANSWER }, onBudget: 'cheaper' },
    settings: { LLM_STRATEGY: 'claude_only' },
  })
  await useUp(router)
  claude.answer(answerNonStreaming(claudeMessage()))
  container.answer(refused)
  const response = await router.post(ask(SIMPLE_PROMPT, { model: OPUS }))
  expect(response.headers.get('x-router-model')).toBe('claude-haiku-5-5')
  expect(response.headers.get('x-router-fallback')).toBe('budget')
})

test('requests per minute are refused whatever ON_BUDGET says, with Anthropic’s headers', async () => {
  const router = await openRouter({
    limits: { tenant: { requestsPerMinute: 2 } },
    settings: { ON_BUDGET: 'cheaper', CACHE_TTL_SECONDS: '300' },
  })
  const first = await router.post(ask())
  await first.text()
  expect(first.headers.get('anthropic-ratelimit-requests-limit')).toBe('2')
  expect(first.headers.get('anthropic-ratelimit-requests-remaining')).toBe('1')
  expect(first.headers.get('anthropic-ratelimit-requests-reset')).toBe('2026-11-27T12:00:30Z')
  await (await router.post(ask())).text()
  const response = await router.post(ask())
  expect(response.status).toBe(429)
  expect(response.headers.get('retry-after')).toBe('30')
  expect(response.headers.get('x-should-retry')).toBeNull()
  expect((await bodyOf(response)).error.message).toBe(
    'The limit of 2 requests a minute for this key is reached. It opens again at 2026-11-27T12:00:30Z, in 30 seconds.',
  )
  // Nobody waits for the end of what only its beginning counts.
  expect(router.calls).toEqual(['reserve', 'reserve', 'reserve'])
})

test('a stream is on its way until it ends', async () => {
  const router = await openRouter({ limits: { tenant: { concurrent: 1 } } })
  claude.answer(() => streamOf(framesToFirstContent(claudeMessage()), { end: 'stall' }))
  const abort = new AbortController()
  const open = await router.post(ask(COMPLEX_PROMPT, { stream: true }), {}, { signal: abort.signal })
  expect(open.status).toBe(200)
  const response = await router.post(ask(COMPLEX_PROMPT))
  expect(response.status).toBe(429)
  expect(response.headers.get('retry-after')).toBe('1')
  expect((await bodyOf(response)).error.message).toBe(
    'All 1 requests that this key may have on their way at once are. Try again when one of them has ended.',
  )
  abort.abort()
  claude.answer(answerNonStreaming(claudeMessage()))
  await expect.poll(async () => (await router.post(ask(COMPLEX_PROMPT))).status).toBe(200)
})

test('a receipt of a request that never ended: its lease frees its place, and what was reserved counts', async () => {
  const router = await openRouter({ limits: { tenant: { concurrent: 1, usdPerDay: 1 } } })
  claude.answer(() => streamOf(framesToFirstContent(claudeMessage()), { end: 'stall' }))
  const abort = new AbortController()
  await router.post(ask(COMPLEX_PROMPT, { stream: true }), {}, { signal: abort.signal })
  expect(await router.used()).toEqual({ 'tenant concurrent': 1, 'tenant usdPerDay': 0 })
  // Nobody tells of an end: to the account it is as if the isolate were gone.
  router.advance(3_600_000)
  const leased = await router.used()
  expect(leased).toMatchObject({ 'tenant concurrent': 0 })
  expect(leased['tenant usdPerDay']).toBeGreaterThan(0)
  claude.answer(answerNonStreaming(claudeMessage()))
  expect((await router.post(ask(COMPLEX_PROMPT))).status).toBe(200)
  const before = (await router.used())['tenant usdPerDay'] ?? 0
  // The late word of its end corrects what the lease had counted, and frees no place a second time.
  abort.abort()
  await expect.poll(async () => (await router.used())['tenant usdPerDay']).toBeLessThan(before)
  expect(await router.used()).toMatchObject({ 'tenant concurrent': 0 })
})

test('an answer that broke off is charged by what came of it', async () => {
  const router = await openRouter({ limits: { tenant: { usdPerDay: 1, tokensPerDay: 100_000 } } })
  claude.answer(() => streamOf(framesToFirstContent(claudeMessage()), { end: 'break' }))
  const response = await router.post(ask(COMPLEX_PROMPT, { stream: true }))
  await response.text().catch(() => {})
  await expect.poll(() => router.calls.at(-1)).toBe('settle')
  const used = await router.used()
  expect(used['tenant usdPerDay']).toBeGreaterThan(0)
  expect(used['tenant usdPerDay']).toBeLessThan(1e6)
  expect(used['tenant tokensPerDay']).toBeGreaterThan(12)
})

test('an answer from the cache takes a request, and neither tokens nor money', async () => {
  const limits = { tenant: { requestsPerMinute: 10, usdPerDay: 1, tokensPerDay: 100_000 } }
  const router = await openRouter({ limits, settings: { CACHE_TTL_SECONDS: '300' } })
  const cached = async () => {
    const response = await router.post(ask(COMPLEX_PROMPT, { model: OPUS }))
    await response.text()
    return response.headers.get('x-router-cache')
  }
  await cached()
  await expect.poll(() => router.calls.at(-1)).toBe('settle')
  const before = await router.used()
  expect(await cached()).toBe('hit')
  const after = await router.used()
  expect(after).toEqual({ ...before, 'tenant requestsPerMinute': 2 })
})

test('at a hard limit the cache still answers', async () => {
  claude.answer(dearAnswer())
  const router = await openRouter({
    limits: { tenant: { usdPerDay: ONE_ANSWER } },
    settings: { CACHE_TTL_SECONDS: '300' },
  })
  await useUp(router)
  const again = await router.post(ask(COMPLEX_PROMPT, { model: OPUS }))
  expect([again.status, again.headers.get('x-router-route')]).toEqual([200, 'cache'])
  expect((await router.post(ask(`${COMPLEX_PROMPT} Again.`, { model: OPUS }))).status).toBe(429)
})

test('users are limited by their own names, hostile ones included', async () => {
  const limits = { user: { requestsPerMinute: 1 }, users: { ann: { requestsPerMinute: 2 } } }
  const router = await openRouter({ limits })
  const statusOf = async (user: string) => {
    const response = await router.post(ask(SIMPLE_PROMPT, { metadata: { user_id: user } }))
    await response.text()
    return response.status
  }
  for (const user of [
    '__proto__',
    "'; DROP TABLE budget_use; --",
    '../../etc/passwd',
    'constructor',
    'tenant',
  ])
    expect([user, await statusOf(user), await statusOf(user)]).toEqual([user, 200, 429])
  expect([await statusOf('ann'), await statusOf('ann'), await statusOf('ann')]).toEqual([200, 200, 429])
})

test('a soft limit shows in a header and is told of once', async () => {
  claude.answer(dearAnswer())
  const router = await openRouter({
    limits: { tenant: { usdPerDay: 2 * ONE_ANSWER, softShare: 0.4 }, timezone: 'Europe/Berlin' },
    settings: { WEBHOOK_URL, WEBHOOK_SECRET: 'a secret of sixteen' },
  })
  const told = () =>
    new Set(router.sent.filter(({ url }) => url === WEBHOOK_URL).map(({ init }) => init.body))
  await useUp(router)
  await expect.poll(() => told().size).toBe(1)
  expect(JSON.parse(String([...told()][0]))).toEqual({
    timestamp: '2026-11-27T12:00:00.000Z',
    type: 'budget.soft_limit_reached',
    data: {
      tenant: 'alice',
      user: null,
      limit: 'usdPerDay',
      used: 0.0018,
      hard: 0.004,
      resetsAt: '2026-11-27T23:00:00.000Z',
    },
  })
  const response = await router.post(ask(SIMPLE_PROMPT, { model: OPUS, max_tokens: 5 }))
  expect(response.headers.get('x-router-budget')).toBe('soft: usdPerDay 45 %')
  expect(told().size).toBe(1)
})

test('a model without a known price is refused where money is limited, and counted where it is not', async () => {
  const model = 'claude-unknown-9'
  const limited = await openRouter({ limits: { tenant: { usdPerDay: 1 } } })
  const response = await limited.post(ask(COMPLEX_PROMPT, { model }))
  expect(response.status).toBe(403)
  expect((await bodyOf(response)).error.message).toContain('knows no price for "claude-unknown-9"')
  claude.answer(answerNonStreaming(claudeMessage({ model })))
  const open = await openRouter({ limits: { tenant: { tokensPerDay: 1_000 } } })
  expect((await open.post(ask(COMPLEX_PROMPT, { model }))).status).toBe(200)
  await expect.poll(() => open.used()).toMatchObject({ 'tenant tokensPerDay': 19 })
  // Whose cost nobody knows makes no sum of money that later requests would stand before.
  for (let at = 2; at <= 3; at++) {
    claude.answer(answerNonStreaming(claudeMessage({ model })))
    expect((await open.post(ask(COMPLEX_PROMPT, { model }))).status).toBe(200)
    await expect.poll(() => open.used()).toMatchObject({ 'tenant tokensPerDay': at * 19 })
  }
  const uses = await open.counted.use('alice', {
    limits: { tenant: { usdPerDay: 1 }, user: undefined, timezone: 'UTC' },
    user: undefined,
  })
  expect(uses).toMatchObject([{ limit: 'usdPerDay', used: 0, reserved: 0 }])
})

const FULL = 'database or disk is full: SQLITE_FULL'
const SPENT = 'Exceeded allowed rows written in Durable Objects free tier.'

function failing(text: string, which: 'reserve' | 'settle'): (accounts: Accounts) => Accounts {
  const fail = async () => {
    throw new Error(text)
  }
  return (accounts) => ({ ...accounts, [which]: fail })
}

test.each([FULL, SPENT])('an account that fails (%s) spends no money uncounted', async (text) => {
  const accounts = failing(text, 'reserve')
  const router = await openRouter({ limits: { tenant: { usdPerMonth: 1 } }, accounts })
  const response = await router.post(ask(COMPLEX_PROMPT))
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toBe('5')
  const { error } = await bodyOf(response)
  expect(error.message).toContain('nothing is spent uncounted')
  expect(error.message).not.toContain('SQLITE')
  expect(claude.hits).toEqual([])
  const bending = await openRouter({ limits: { tenant: { usdPerMonth: 1 }, onBudget: 'cheaper' }, accounts })
  const bent = await bending.post(ask(COMPLEX_PROMPT))
  expect([bent.status, bent.headers.get('x-router-route')]).toEqual([200, 'local'])
  expect(bent.headers.get('x-router-fallback')).toBe('budget')
  const rates = await openRouter({ limits: { tenant: { requestsPerMinute: 1, concurrent: 1 } }, accounts })
  expect((await rates.post(ask(COMPLEX_PROMPT))).status).toBe(200)
})

test('an account that does not answer in time gives back what it reserves after all', async () => {
  let answerNow = () => {}
  const router = await openRouter({
    limits: { tenant: { usdPerMonth: 1 } },
    accounts: (accounts) => ({
      ...accounts,
      async reserve(...given) {
        await new Promise<void>((resolve) => {
          answerNow = resolve
        })
        return await accounts.reserve(...given)
      },
    }),
  })
  expect((await router.post(ask(COMPLEX_PROMPT))).status).toBe(503)
  answerNow()
  await expect.poll(() => router.calls).toEqual(['reserve', 'settle'])
  expect(await router.used()).toEqual({ 'tenant usdPerMonth': 0 })
})

test('an answer that has been paid for is given, also where it cannot be settled', async () => {
  const router = await openRouter({
    limits: { tenant: { usdPerMonth: 1 } },
    accounts: failing(FULL, 'settle'),
  })
  const response = await router.post(ask(COMPLEX_PROMPT, { model: OPUS }))
  expect(response.status).toBe(200)
  await expect
    .poll(() => loggedLines().map(({ message }) => message))
    .toContain('[Router] What a request took cannot be settled; what was reserved for it counts')
  router.advance(3_600_000)
  await (await router.post(ask(SIMPLE_PROMPT, { model: OPUS }))).text()
  expect((await router.used())['tenant usdPerMonth']).toBeGreaterThan(0)
})

test('a stream at the limit is bent like any other answer', async () => {
  claude.answer(dearAnswer())
  const router = await openRouter({ limits: { tenant: { usdPerDay: ONE_ANSWER }, onBudget: 'cheaper' } })
  await useUp(router)
  claude.answer(answerNonStreaming(claudeMessage()))
  const response = await router.post(ask(COMPLEX_PROMPT, { model: OPUS, stream: true }), {
    'x-api-key': ALICE_KEY,
  })
  expect(response.headers.get('x-router-fallback')).toBe('budget')
  const events = readEvents(await response.text())
  expect(events.at(-1)?.event).toBe('message_stop')
  await expect.poll(() => router.calls.filter((call) => call === 'settle')).toHaveLength(2)
})

test('a tenant reads what is used of its limits', async () => {
  const router = await openRouter({ limits: { tenant: { usdPerDay: 1, requestsPerMinute: 10 } } })
  claude.answer(dearAnswer())
  await useUp(router)
  const response = await router.request('/v1/router/budgets/alice', { headers: { 'x-api-key': ALICE_KEY } })
  const { usage }: { usage: unknown } = JSON.parse(await response.text())
  expect(usage).toEqual([
    { limit: 'requestsPerMinute', hard: 10, used: 1, reserved: 0, resetsAt: '2026-11-27T12:00:06.000Z' },
    { limit: 'usdPerDay', hard: 1, used: 0.0018, reserved: 0, resetsAt: '2026-11-28T00:00:00.000Z' },
  ])
})
