/** Which limits hold for whom. */
import { expect, test } from 'vitest'
import { effectiveLimits, hasCap } from '../../../edge/budgets/effective-limits.ts'
import { tenantLimitsSchema } from '../../../edge/budgets/limits.ts'

test('a user that is named has limits of its own, every other one those of all users', () => {
  const limits = { user: { tokensPerDay: 10 }, users: { ann: { usdPerDay: 1 } } }
  expect(effectiveLimits(limits, 'ann')?.user).toEqual({ usdPerDay: 1 })
  expect(effectiveLimits(limits, 'never seen')?.user).toEqual({ tokensPerDay: 10 })
  expect(effectiveLimits(limits, undefined)).toBeUndefined()
})

test.each(['__proto__', 'constructor', 'toString', "'; DROP TABLE budget_use; --"])(
  'a user called %s is a user like any other',
  (name) => {
    const limits = tenantLimitsSchema.parse(
      JSON.parse('{"user":{"tokensPerDay":10},"users":{"ann":{"concurrent":1}}}'),
    )
    expect(effectiveLimits(limits, name)?.user).toEqual({ tokensPerDay: 10 })
  },
)

test('limits that limit nothing are none', () => {
  expect(effectiveLimits({}, 'ann')).toBeUndefined()
  expect(effectiveLimits({ tenant: { softShare: 0.8 }, user: {} }, 'ann')).toBeUndefined()
})

test('tokens and money are caps, rates are not', () => {
  const capOf = (limits: unknown) => {
    const effective = effectiveLimits(tenantLimitsSchema.parse(limits), 'ann')
    return effective !== undefined && hasCap(effective)
  }
  expect(capOf({ tenant: { requestsPerMinute: 1, concurrent: 1 } })).toBe(false)
  expect(capOf({ tenant: { usdPerMonth: 1 } })).toBe(true)
  expect(capOf({ user: { tokensPerDay: 1 } })).toBe(true)
})
