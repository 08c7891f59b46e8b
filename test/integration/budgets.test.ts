/**
 * Accounts of limits as Durable Objects in workerd: the path of a request through them, what two isolates do to one
 * lease, and names that are no names.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createDurableAccounts } from '../../edge/durable/durable-accounts.ts'
import type { Account } from '../../edge/index.ts'
import { limitsOf, reservation } from '../contract/budget-accounts.ts'
import { eventually } from '../support/processes.ts'
import { COMPLEX, messagesBody } from '../support/stack-client.ts'
import { COMPLETE_SETTINGS, type EdgeHarness, startEdgeHarness } from '../support/stack-harness.ts'

const ADMIN_KEY = 'admin-key-of-these-tests'
const LIMITS = JSON.stringify({ '*': { tenant: { usdPerMonth: 0.5, tokensPerDay: 1_000_000 } } })
const SETTINGS = { ...COMPLETE_SETTINGS, ADMIN_KEY, LIMITS, CACHE_TTL_SECONDS: '0' }

let edge: EdgeHarness
beforeAll(async () => {
  edge = await startEdgeHarness(SETTINGS)
})
afterAll(() => edge?.stop())
beforeEach(() => edge.forget())

test('a request is reserved and settled in the tenant’s own object', async () => {
  const reply = await edge.post('/v1/messages', messagesBody(COMPLEX))
  expect(reply.status).toBe(200)
  expect(reply.headers.get('anthropic-ratelimit-tokens-limit')).toBe('1000000')
  const cost = Number(reply.headers.get('x-router-cost-usd'))
  expect(cost).toBeGreaterThan(0)
  await eventually('the settlement', async () => {
    const { usdPerMonth } = await usage()
    return usdPerMonth?.used === cost && usdPerMonth.reserved === 0
  })
})

test('what could take more than is left is refused, and Claude is not asked', async () => {
  const body = JSON.stringify({ ...JSON.parse(messagesBody(COMPLEX)), max_tokens: 100_000 })
  const reply = await edge.post('/v1/messages', body)
  expect(reply.status).toBe(429)
  expect(JSON.parse(reply.body).error).toMatchObject({ type: 'rate_limit_error' })
  expect(edge.claude).toEqual([])
})

test('two isolates that settle one request change nothing twice', async () => {
  const accounts = await durableAccounts()
  const limits = limitsOf({ usdPerDay: 1 })
  const asked = reservation(limits)
  expect(await accounts.reserve('two', asked)).toMatchObject({ admission: 'admitted', leased: true })
  const settlement = { id: asked.id, limits, used: { tokens: 5, nanoUsd: 70 } }
  const settled = await Promise.all([1, 2, 3].map(() => accounts.settle('two', settlement)))
  expect(settled.filter((each) => each.settled)).toHaveLength(1)
  const [use] = await accounts.use('two', { limits, user: undefined })
  expect(use).toMatchObject({ limit: 'usdPerDay', used: 70, reserved: 0 })
})

test('names of users and tenants are only names', async () => {
  const accounts = await durableAccounts()
  const limits = limitsOf({ usdPerDay: 100 }, { usdPerDay: 0.1 })
  const names = ['__proto__', "'); DROP TABLE budget_use; --", '../../x', 'tenant', '\u0000', '🙂']
  for (const tenant of names)
    for (const user of names) {
      const { admission } = await accounts.reserve(tenant, reservation(limits, { user }))
      expect([tenant, user, admission]).toEqual([tenant, user, 'admitted'])
    }
  const again = await accounts.reserve('__proto__', reservation(limits, { user: '__proto__' }))
  expect(again).toMatchObject({ admission: 'refused', cause: { scope: 'user', limit: 'usdPerDay' } })
})

test('limits set at runtime hold', async () => {
  const headers = { 'content-type': 'application/json', 'x-api-key': ADMIN_KEY }
  const body = JSON.stringify({ tenant: { requestsPerMinute: 1 } })
  expect((await edge.request('PUT', '/v1/router/budgets/anonymous', { headers, body })).status).toBe(200)
  const statuses = []
  for (let at = 0; at < 2; at++)
    statuses.push((await edge.post('/v1/messages', messagesBody(COMPLEX))).status)
  expect(statuses).toEqual([200, 429])
})

async function durableAccounts() {
  const { ACCOUNT } = await edge.harness.getWorker<{ ACCOUNT: DurableObjectNamespace<Account> }>().getEnv()
  return createDurableAccounts(ACCOUNT)
}

type Shown = { readonly limit: string; readonly used: number; readonly reserved: number }

async function usage(): Promise<Record<string, Shown | undefined>> {
  const reply = await edge.request('GET', '/v1/router/budgets/anonymous', {
    headers: { 'x-api-key': ADMIN_KEY },
  })
  const { usage: uses }: { usage: Shown[] } = JSON.parse(reply.body)
  return Object.fromEntries(uses.map((use) => [use.limit, use]))
}
