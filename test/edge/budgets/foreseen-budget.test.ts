/** Explanations and budgets over HTTP know what limits will do to a request, and what single users have used of theirs. */
import { expect, test } from 'vitest'
import type { Accounts } from '../../../edge/budgets/accounts.ts'
import { explanationSchema } from '../../../edge/http/explanation-schema.ts'
import { ADMIN_KEY, ALICE_KEY, BOB_KEY, COMPLEX_PROMPT, SIMPLE_PROMPT } from '../../support/edge/canaries.ts'
import '../../support/edge/log-collector.ts'
import { claudeMessage } from '../../support/edge/messages.ts'
import { ask, createTestRouter, type TestRouter } from '../../support/edge/router.ts'
import { createSqliteAccounts } from '../../support/edge/sqlite-accounts.ts'
import { answerNonStreaming, claude, readiness, ready } from '../../support/edge/upstreams.ts'
import { UNSURE_SIMPLE } from '../../support/stack-client.ts'

const NOON = Date.UTC(2026, 10, 27, 12)
const usage = { input_tokens: 400, output_tokens: 600 }

async function limitedRouter(alice: object, wrap: (accounts: Accounts) => Accounts = (each) => each) {
  claude.answer(answerNonStreaming(claudeMessage({ model: 'claude-sonnet-5-5', usage })))
  const accounts = wrap(createSqliteAccounts(() => NOON))
  const settings = { CACHE_TTL_SECONDS: '0', LIMITS: JSON.stringify({ alice }) }
  return createTestRouter(settings, { now: () => NOON, accounts })
}

/** Every answer of Claude’s takes a thousand tokens. */
const useUp = async (router: TestRouter, user: string) => {
  await (await router.post(ask(COMPLEX_PROMPT, { metadata: { user_id: user } }))).text()
}
const explain = async (router: TestRouter, prompt: string, user = 'ann') => {
  const body = ask(prompt, { metadata: { user_id: user } })
  const response = await router.post(body, {}, { path: '/v1/router/explain' })
  return explanationSchema.parse(JSON.parse(await response.text()))
}
const budgetOf = async (router: TestRouter, query: string, key = ADMIN_KEY) => {
  const response = await router.request(`/v1/router/budgets/alice${query}`, { headers: { 'x-api-key': key } })
  return { status: response.status, body: JSON.parse(await response.text()) }
}

test('an explanation says that a reached limit bends the request, and where to', async () => {
  const router = await limitedRouter({ tenant: { tokensPerDay: 1_100 }, onBudget: 'cheaper' })
  expect(await explain(router, COMPLEX_PROMPT)).toMatchObject({
    budget: null,
    reason: 'hybrid: complex task',
  })
  await useUp(router, 'ann')
  await expect.poll(async () => (await explain(router, COMPLEX_PROMPT)).budget).not.toBeNull()
  expect(await explain(router, COMPLEX_PROMPT)).toMatchObject({
    route: 'claude',
    targets: [{ model: 'claude-haiku-5-5' }],
    reason: 'budget tokensPerDay: complex task',
    rejection: null,
    whatWouldChange: [],
    budget: {
      effect: 'cheaper',
      limit: 'tokensPerDay',
      message: expect.stringMatching(/1000 are used.*opens again at 2026-11-28/),
    },
  })
  // What would have gone the same way anyhow is not bent.
  const before = router.sent.length
  expect(await explain(router, SIMPLE_PROMPT)).toMatchObject({ route: 'local' })
  expect(router.sent.slice(before).filter(({ url }) => url.endsWith('/v1/messages'))).toEqual([])
})

test('an explanation says what a refusal would say', async () => {
  const router = await limitedRouter({ user: { tokensPerDay: 1_100 } })
  await useUp(router, 'ann')
  await expect.poll(async () => (await explain(router, COMPLEX_PROMPT)).budget).not.toBeNull()
  const explained = await explain(router, COMPLEX_PROMPT)
  expect(explained).toMatchObject({ route: null, targets: [], budget: { effect: 'refused' } })
  expect(explained.rejection).toBe(explained.budget?.message)
  expect(await explain(router, COMPLEX_PROMPT, 'bert')).toMatchObject({ budget: null, route: 'claude' })
})

test('an explanation reserves what the gate reserves: for a caller without Claude the local model only', async () => {
  const settings = {
    CLAUDE_KEY_SOURCE: 'client',
    ANTHROPIC_API_KEY: '',
    LIMITS: JSON.stringify({ alice: { tenant: { tokensPerDay: 130 } } }),
  }
  const router = await createTestRouter(settings, {
    now: () => NOON,
    accounts: createSqliteAccounts(() => NOON),
  })
  expect(await explain(router, SIMPLE_PROMPT)).toMatchObject({ budget: null, route: 'local' })
  expect((await router.post(ask(SIMPLE_PROMPT, { metadata: { user_id: 'ann' } }))).status).toBe(200)
})

test('an explanation reserves what the gate reserves: for a judged request the strong model as well', async () => {
  readiness.answer(() => ready({ judge: { model: 'tiny-model', head: 'abc' } }))
  const settings = {
    ROUTER_THRESHOLD: '1',
    JUDGE_THRESHOLD: '0.4',
    LIMITS: JSON.stringify({ alice: { tenant: { usdPerDay: 0.0003 }, onBudget: 'refuse' } }),
  }
  const router = await createTestRouter(settings, {
    now: () => NOON,
    accounts: createSqliteAccounts(() => NOON),
  })
  expect(await explain(router, UNSURE_SIMPLE)).toMatchObject({ budget: { effect: 'refused' } })
  expect((await router.post(ask(UNSURE_SIMPLE, { metadata: { user_id: 'ann' } }))).status).toBe(429)
})

test('an explanation is given also where the account cannot be asked', async () => {
  const use = () => Promise.reject(new Error('away'))
  const router = await limitedRouter({ tenant: { tokensPerDay: 1 } }, (each) => ({ ...each, use }))
  expect(await explain(router, COMPLEX_PROMPT)).toMatchObject({ budget: null, route: 'claude' })
})

test('shows what one end user has used of its limits, to the tenant and to the administrator', async () => {
  const limits = { tenant: { tokensPerMonth: 9_000 }, user: { tokensPerDay: 5_000, requestsPerMinute: 4 } }
  const router = await limitedRouter({ ...limits, users: { vip: { usdPerDay: 1 } } })
  await useUp(router, 'ann')
  await expect
    .poll(async () => (await budgetOf(router, '?user=ann', ALICE_KEY)).body.userUsage)
    .toMatchObject([
      { limit: 'requestsPerMinute', hard: 4, used: 1 },
      { limit: 'tokensPerDay', hard: 5_000, used: 1_000, reserved: 0, resetsAt: '2026-11-28T00:00:00.000Z' },
    ])
  expect((await budgetOf(router, '?user=ann')).body).toMatchObject({
    user: 'ann',
    usage: [{ limit: 'tokensPerMonth', used: 1_000 }],
  })
  expect((await budgetOf(router, '?user=vip')).body.userUsage).toMatchObject([
    { limit: 'usdPerDay', used: 0 },
  ])
  expect((await budgetOf(router, '?user=nobody')).body.userUsage).toMatchObject([{ used: 0 }, { used: 0 }])
  expect((await budgetOf(router, '')).body).not.toHaveProperty('userUsage')
  expect((await budgetOf(router, '?user=ann', BOB_KEY)).status).toBe(403)
  expect((await budgetOf(router, '?usr=ann')).status).toBe(400)
})
