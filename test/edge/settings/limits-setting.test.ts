/** LIMITS and the policies of ROUTER_KEYS: what is read, and what is refused by name. */
import { expect, test } from 'vitest'
import { readConfig } from '../../../edge/config.ts'
import { findTenant } from '../../../edge/tenants.ts'
import { ALICE_KEY, BOB_KEY } from '../../support/edge/canaries.ts'

const read = (settings: Record<string, string>) =>
  readConfig({ ROUTER_KEYS: `alice:${ALICE_KEY}`, ...settings })

async function problemOf(settings: Record<string, string>): Promise<string> {
  const result = await read(settings)
  return result.ok ? '' : result.problems.join('\n')
}

test('reads limits by tenant, of any name', async () => {
  const result = await read({ LIMITS: '{"*":{"user":{"concurrent":2}},"__proto__":{"timezone":"UTC"}}' })
  expect(result.ok && [...result.config.limits]).toEqual([
    ['*', { user: { concurrent: 2 } }],
    ['__proto__', { timezone: 'UTC' }],
  ])
})

test.each([
  ['nonsense', /^LIMITS must be a JSON object/],
  ['[]', /^LIMITS must be a JSON object/],
  ['{"a b":{}}', /^LIMITS names "a b", which must be the name of a tenant/],
  [
    '{"alice":{"tenant":{"usdPerDay":"5"}}}',
    /^LIMITS of alice: tenant\.usdPerDay must be a number of US dollars/,
  ],
  ['{"alice":{"timezone":"Mars"}}', /^LIMITS of alice: timezone must be a time zone/],
  ['{"alice":5}', /^LIMITS of alice: they must be an object with tenant/],
])('refuses %s', async (text, message) => {
  expect(await problemOf({ LIMITS: text })).toMatch(message)
})

test('a key of ROUTER_KEYS may carry a policy', async () => {
  const policy = { strategy: 'claude_only', models: ['auto'], forbid: ['cache'] }
  const entry = { id: 'alice', key: ALICE_KEY, ...policy, limits: { tenant: { concurrent: 1 } } }
  const result = await read({ ROUTER_KEYS: JSON.stringify([entry]) })
  if (!result.ok) throw new Error(result.problems.join())
  expect(await findTenant(result.config.keys, ALICE_KEY)).toEqual({ id: 'alice', admin: false, ...policy })
  expect(result.config.limits.get('alice')).toEqual({ tenant: { concurrent: 1 } })
})

test.each([
  [{ strategy: 'best' }, /^ROUTER_KEYS: entry 2: strategy must be one of/],
  [{ models: 'auto' }, /^ROUTER_KEYS: entry 2: models must be a list/],
  [{ limits: { tenant: { concurrent: 0 } } }, /^ROUTER_KEYS: entry 2: limits\.tenant\.concurrent must be/],
  [{ [BOB_KEY]: 1 }, /^ROUTER_KEYS: entry 2: the entry has other members than id, key/],
  [{ strategy: 'local_only' }, /^ROUTER_KEYS gives the tenant "bob" the strategy local_only, which needs/],
])('refuses the policy %j without quoting a key', async (policy, message) => {
  const entries = [
    { id: 'alice', key: ALICE_KEY },
    { id: 'bob', key: BOB_KEY, ...policy },
  ]
  const problem = await problemOf({ ROUTER_KEYS: JSON.stringify(entries) })
  expect(problem).toMatch(message)
  expect(problem).not.toContain(BOB_KEY)
})

test('limits said twice are refused', async () => {
  const entry = { id: 'alice', limits: {} }
  const twice = JSON.stringify([
    { ...entry, key: ALICE_KEY },
    { ...entry, key: BOB_KEY },
  ])
  expect(await problemOf({ ROUTER_KEYS: twice })).toMatch(/limits of the tenant "alice" that stand elsewhere/)
  const once = JSON.stringify([{ ...entry, key: ALICE_KEY }])
  expect(await problemOf({ ROUTER_KEYS: once, LIMITS: '{"alice":{}}' })).toMatch(
    /stand elsewhere as well, in LIMITS/,
  )
})
