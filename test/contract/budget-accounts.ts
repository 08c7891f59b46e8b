/**
 * What every implementation of accounts promises, wherever it keeps them. `now` is the test's own clock.
 */
import { expect, test } from 'vitest'
import type { Accounts, LimitUse, Reservation } from '../../edge/budgets/accounts.ts'
import type { EffectiveLimits, LimitName } from '../../edge/budgets/effective-limits.ts'
import type { Limit } from '../../edge/budgets/limits.ts'

export type AccountsUnderTest = {
  readonly accounts: Accounts
  /** Moves the clock, ms; also back. */
  readonly advance: (milliseconds: number) => void
}

const DAY = 86_400_000
const USD = 1_000_000_000

export function limitsOf(tenant: Limit, user?: Limit, timezone = 'UTC'): EffectiveLimits {
  return { tenant, user, timezone }
}

let ids = 0

/** Returns a reservation of a tenth of a dollar and 100 tokens. */
export function reservation(limits: EffectiveLimits, changes: Partial<Reservation> = {}): Reservation {
  ids += 1
  return {
    id: `req_${ids}`,
    user: undefined,
    limits,
    planned: { tokens: 100, nanoUsd: USD / 10 },
    bent: null,
    leaseMs: 60_000,
    ...changes,
  }
}

function useOf(uses: readonly LimitUse[], limit: LimitName, scope = 'tenant') {
  const found = uses.find((use) => use.limit === limit && use.scope === scope)
  if (found === undefined) throw new Error(`no ${limit} of the ${scope}`)
  return found
}

/** @param open returns new accounts whose clock stands at noon of 2026-11-27, UTC */
export function testAccounts(name: string, open: () => Promise<AccountsUnderTest>): void {
  test(`${name}: what was reserved is given back for what was used`, async () => {
    const { accounts } = await open()
    const limits = limitsOf({ usdPerDay: 1, tokensPerMonth: 1_000 })
    const asked = reservation(limits)
    const result = await accounts.reserve('alice', asked)
    expect(result).toMatchObject({ admission: 'admitted', leased: true, cause: undefined })
    expect(useOf(result.uses, 'usdPerDay')).toMatchObject({ used: 0, reserved: USD / 10, hard: USD })
    await accounts.settle('alice', { id: asked.id, limits, used: { tokens: 7, nanoUsd: 123 } })
    const uses = await accounts.use('alice', { limits, user: undefined })
    expect(useOf(uses, 'usdPerDay')).toMatchObject({ used: 123, reserved: 0 })
    expect(useOf(uses, 'tokensPerMonth')).toMatchObject({ used: 7, reserved: 0 })
  })

  test(`${name}: reserves up to the limit and not beyond it`, async () => {
    const { accounts } = await open()
    const limits = limitsOf({ usdPerDay: 0.25 })
    const admissions = []
    for (let at = 0; at < 3; at++)
      admissions.push((await accounts.reserve('alice', reservation(limits))).admission)
    expect(admissions).toEqual(['admitted', 'admitted', 'refused'])
    const refused = await accounts.reserve('alice', reservation(limits))
    expect(refused.cause).toMatchObject({ limit: 'usdPerDay', opensAt: Date.UTC(2026, 10, 28) })
  })

  test(`${name}: what costs nothing breaks no limit of money, however much is used`, async () => {
    const { accounts } = await open()
    const limits = limitsOf({ usdPerDay: 0.1 })
    await accounts.reserve('alice', reservation(limits))
    const free = reservation(limits, { planned: { tokens: 100, nanoUsd: 0 } })
    expect(await accounts.reserve('alice', free)).toMatchObject({ admission: 'admitted' })
  })

  test(`${name}: bends where there is another way, and reserves what that takes`, async () => {
    const { accounts } = await open()
    const limits = limitsOf({ usdPerDay: 0.15 })
    await accounts.reserve('alice', reservation(limits))
    const bent = await accounts.reserve('alice', reservation(limits, { bent: { tokens: 100, nanoUsd: 5 } }))
    expect(bent).toMatchObject({ admission: 'bent', leased: true, cause: { limit: 'usdPerDay' } })
    expect(useOf(bent.uses, 'usdPerDay').reserved).toBe(USD / 10 + 5)
  })

  test(`${name}: settles once, whoever settles how often`, async () => {
    const { accounts } = await open()
    const limits = limitsOf({ usdPerDay: 1 })
    const asked = reservation(limits)
    await accounts.reserve('alice', asked)
    const settlement = { id: asked.id, limits, used: { tokens: 10, nanoUsd: 50 } }
    const results = await Promise.all([
      accounts.settle('alice', settlement),
      accounts.settle('alice', { ...settlement, used: { tokens: 999, nanoUsd: 999 } }),
      accounts.settle('alice', settlement),
    ])
    expect(results.filter(({ settled }) => settled)).toHaveLength(1)
    const uses = await accounts.use('alice', { limits, user: undefined })
    expect(useOf(uses, 'usdPerDay')).toMatchObject({ reserved: 0 })
    expect([50, 999]).toContain(useOf(uses, 'usdPerDay').used)
    expect(await accounts.settle('alice', { ...settlement, id: 'req_nobody' })).toMatchObject({
      settled: false,
    })
  })

  test(`${name}: a request that asks twice is one request`, async () => {
    const { accounts } = await open()
    const limits = limitsOf({ usdPerDay: 1, requestsPerMinute: 10 })
    const asked = reservation(limits)
    await accounts.reserve('alice', asked)
    const again = await accounts.reserve('alice', asked)
    expect(again).toMatchObject({ admission: 'admitted', leased: true })
    expect(useOf(again.uses, 'usdPerDay').reserved).toBe(USD / 10)
    expect(useOf(again.uses, 'requestsPerMinute').used).toBe(1)
  })

  test(`${name}: a lease that nobody settles frees its place and counts as used; a late word corrects it`, async () => {
    const { accounts, advance } = await open()
    const limits = limitsOf({ usdPerDay: 1, concurrent: 1 })
    const asked = reservation(limits, { leaseMs: 5_000 })
    await accounts.reserve('alice', asked)
    expect(await accounts.reserve('alice', reservation(limits))).toMatchObject({
      admission: 'refused',
      cause: { limit: 'concurrent' },
    })
    advance(5_000)
    const next = await accounts.reserve('alice', reservation(limits))
    expect(next.admission).toBe('admitted')
    expect(useOf(next.uses, 'usdPerDay')).toMatchObject({ used: USD / 10, reserved: USD / 10 })
    await accounts.settle('alice', { id: asked.id, limits, used: { tokens: 1, nanoUsd: 40 } })
    expect(useOf(await accounts.use('alice', { limits, user: undefined }), 'usdPerDay').used).toBe(40)
  })

  test(`${name}: a lease that has expired is shown as used, not as reserved, also before anybody asks again`, async () => {
    const { accounts, advance } = await open()
    const limits = limitsOf({ usdPerDay: 1, concurrent: 1 })
    await accounts.reserve('alice', reservation(limits, { leaseMs: 5_000 }))
    const uses = async () => accounts.use('alice', { limits, user: undefined })
    expect(useOf(await uses(), 'usdPerDay')).toMatchObject({ used: 0, reserved: USD / 10 })
    advance(5_000)
    expect(useOf(await uses(), 'usdPerDay')).toMatchObject({ used: USD / 10, reserved: 0 })
    expect(useOf(await uses(), 'concurrent')).toMatchObject({ used: 0 })
  })

  test(`${name}: a late word about yesterday changes nothing of today`, async () => {
    const { accounts, advance } = await open()
    const limits = limitsOf({ usdPerDay: 1, usdPerMonth: 10 })
    const asked = reservation(limits, { leaseMs: 5_000 })
    await accounts.reserve('alice', asked)
    advance(6_000)
    await accounts.reserve('alice', reservation(limits, { leaseMs: 0 }))
    advance(DAY - 10_000)
    await accounts.settle('alice', { id: asked.id, limits, used: { tokens: 1, nanoUsd: 40 } })
    const uses = await accounts.use('alice', { limits, user: undefined })
    expect(useOf(uses, 'usdPerDay').used).toBe(0)
    expect(useOf(uses, 'usdPerMonth').used).toBe(40)
  })

  test(`${name}: where nobody knows what was used, what was reserved counts`, async () => {
    const { accounts } = await open()
    const limits = limitsOf({ usdPerDay: 1, tokensPerDay: 1_000 })
    const asked = reservation(limits)
    await accounts.reserve('alice', asked)
    await accounts.settle('alice', { id: asked.id, limits, used: { tokens: 3, nanoUsd: null } })
    const uses = await accounts.use('alice', { limits, user: undefined })
    expect(useOf(uses, 'usdPerDay')).toMatchObject({ used: USD / 10, reserved: 0 })
    expect(useOf(uses, 'tokensPerDay')).toMatchObject({ used: 3, reserved: 0 })
  })

  test(`${name}: days begin anew by the tenant's own zone, months go on`, async () => {
    const { accounts, advance } = await open()
    const limits = limitsOf({ usdPerDay: 0.1, usdPerMonth: 10 }, undefined, 'Asia/Kathmandu')
    const asked = reservation(limits)
    const first = await accounts.reserve('alice', asked)
    expect(useOf(first.uses, 'usdPerDay').opensAt).toBe(Date.UTC(2026, 10, 27, 18, 15))
    await accounts.settle('alice', { id: asked.id, limits, used: { tokens: 1, nanoUsd: USD / 10 } })
    advance(6.25 * 3_600_000 - 1)
    expect((await accounts.reserve('alice', reservation(limits))).admission).toBe('refused')
    advance(1)
    const next = await accounts.reserve('alice', reservation(limits))
    expect(next.admission).toBe('admitted')
    expect(useOf(next.uses, 'usdPerDay').used).toBe(0)
    expect(useOf(next.uses, 'usdPerMonth').used).toBe(USD / 10)
  })

  test.each([1, 12, 47, 400])(`${name}: a clock that jumps back by %i hours opens nothing`, async (hours) => {
    const { accounts, advance } = await open()
    const limits = limitsOf({ usdPerDay: 0.1, requestsPerMinute: 5 })
    const asked = reservation(limits)
    await accounts.reserve('alice', asked)
    await accounts.settle('alice', { id: asked.id, limits, used: { tokens: 1, nanoUsd: USD / 10 } })
    const refused = async () => (await accounts.reserve('alice', reservation(limits))).admission
    advance(-hours * 3_600_000)
    expect(await refused()).toBe('refused')
    if (hours > 47) return
    advance(hours * 3_600_000)
    expect(await refused()).toBe('refused')
  })

  test(`${name}: leases of a clock that was wrong do not hold their places for ever`, async () => {
    const { accounts, advance } = await open()
    const limits = limitsOf({ concurrent: 1 })
    await accounts.reserve('alice', reservation(limits))
    advance(-400 * DAY)
    expect((await accounts.reserve('alice', reservation(limits))).admission).toBe('admitted')
  })

  test(`${name}: requests per minute are counted, also those that are over at once`, async () => {
    const { accounts, advance } = await open()
    const limits = limitsOf({ requestsPerMinute: 2 })
    const cached = () =>
      accounts.reserve('alice', reservation(limits, { planned: { tokens: 0, nanoUsd: 0 }, leaseMs: 0 }))
    expect([(await cached()).admission, (await cached()).admission]).toEqual(['admitted', 'admitted'])
    const refused = await cached()
    expect(refused).toMatchObject({ admission: 'refused', cause: { limit: 'requestsPerMinute', used: 2 } })
    expect(refused.cause?.opensAt).toBe(Date.UTC(2026, 10, 27, 12) + 30_000)
    advance(30_000)
    expect((await cached()).admission).toBe('admitted')
  })

  test(`${name}: users are counted for themselves and for their tenant`, async () => {
    const { accounts } = await open()
    const limits = limitsOf({ usdPerDay: 0.3 }, { usdPerDay: 0.1 })
    const admissions = []
    for (const user of ['ann', 'ann', 'ben', 'cleo', 'dora']) {
      const { admission, cause } = await accounts.reserve('alice', reservation(limits, { user }))
      admissions.push([user, admission, cause?.scope])
    }
    expect(admissions).toEqual([
      ['ann', 'admitted', undefined],
      ['ann', 'refused', 'user'],
      ['ben', 'admitted', undefined],
      ['cleo', 'admitted', undefined],
      ['dora', 'refused', 'tenant'],
    ])
  })

  test(`${name}: names of users and tenants are only names`, async () => {
    const { accounts } = await open()
    const limits = limitsOf({ usdPerDay: 100 }, { usdPerDay: 0.1 })
    const names = [
      '__proto__',
      "'); DROP TABLE budget_use; --",
      '../../x',
      'tenant',
      'user:ann',
      '%',
      'a b',
      '🙂',
      '',
    ]
    for (const tenant of names) {
      for (const user of names) {
        const { admission } = await accounts.reserve(tenant, reservation(limits, { user }))
        expect([tenant, user, admission]).toEqual([tenant, user, 'admitted'])
      }
      const uses = await accounts.use(tenant, { limits, user: names[0] })
      expect(useOf(uses, 'usdPerDay').reserved).toBe((names.length * USD) / 10)
      expect(useOf(uses, 'usdPerDay', 'user').reserved).toBe(USD / 10)
    }
  })

  test(`${name}: amounts beyond all reason close limits, and the account can still be read`, async () => {
    const { accounts } = await open()
    const limits = limitsOf({ concurrent: 10, tokensPerDay: Number.MAX_SAFE_INTEGER })
    const planned = { tokens: Number.MAX_SAFE_INTEGER / 4, nanoUsd: Number.MAX_SAFE_INTEGER }
    const asked = Array.from({ length: 3 }, () => reservation(limits, { planned }))
    for (const each of asked) expect((await accounts.reserve('alice', each)).admission).toBe('admitted')
    for (const { id } of asked.slice(1))
      await accounts.settle('alice', { id, limits, used: { tokens: null, nanoUsd: null } })
    for (const { id } of asked.slice(0, 1))
      await accounts.settle('alice', { id, limits, used: { tokens: 1, nanoUsd: 1 } })
    const uses = await accounts.use('alice', { limits, user: undefined })
    expect(useOf(uses, 'concurrent').used).toBe(0)
    expect(useOf(uses, 'tokensPerDay')).toMatchObject({ used: 20_000_000_001, reserved: 0 })
  })

  test.each(['America/Los_Angeles', 'Pacific/Kiritimati', 'Asia/Kathmandu'])(
    `${name}: another time zone (%s) opens nothing that is used up, and the next day does`,
    async (timezone) => {
      const { accounts, advance } = await open()
      const cap = { usdPerDay: 0.15, usdPerMonth: 0.3 }
      const spend = async (limits: EffectiveLimits) => {
        const asked = reservation(limits)
        const { admission } = await accounts.reserve('alice', asked)
        await accounts.settle('alice', { id: asked.id, limits, used: { tokens: 1, nanoUsd: USD / 10 } })
        return admission
      }
      expect(await spend(limitsOf(cap))).toBe('admitted')
      const moved = limitsOf(cap, undefined, timezone)
      expect(await spend(moved)).toBe('refused')
      advance(2 * DAY)
      expect(await spend(moved)).toBe('admitted')
      const uses = await accounts.use('alice', { limits: moved, user: undefined })
      expect(useOf(uses, 'usdPerMonth').used).toBe(USD / 5)
      advance(10 * DAY)
      expect(await spend(moved)).toBe('admitted')
    },
  )

  test(`${name}: a soft limit is told of once in its window`, async () => {
    const { accounts, advance } = await open()
    const limits = limitsOf({ usdPerDay: 1, tokensPerMonth: 1_000_000, softShare: 0.5 })
    const told: string[] = []
    const spend = async () => {
      const asked = reservation(limits)
      const { reached } = await accounts.reserve('alice', asked)
      const settled = await accounts.settle('alice', {
        id: asked.id,
        limits,
        used: { tokens: 1, nanoUsd: 0.3 * USD },
      })
      for (const use of [...reached, ...settled.reached]) told.push(`${use.limit} ${use.used / USD}`)
    }
    await spend()
    expect(told).toEqual([])
    await spend()
    await spend()
    expect(told).toEqual(['usdPerDay 0.6'])
    advance(DAY)
    for (let at = 0; at < 3; at++) await spend()
    expect(told).toEqual(['usdPerDay 0.6', 'usdPerDay 0.6'])
  })
}
