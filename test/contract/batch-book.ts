/** What every book of batches promises, wherever it keeps them. `now` is the test's own clock. */
import { expect, test } from 'vitest'
import type { BatchBook, BatchUse, NewBatch } from '../../edge/batches/batch-book.ts'
import type { Accounts } from '../../edge/budgets/accounts.ts'
import { limitsOf, reservation } from './budget-accounts.ts'

export type BookUnderTest = {
  readonly book: BatchBook
  /** Of the same tenants. */
  readonly accounts: Accounts
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

const USD = 1_000_000_000
const KNOWN = { unknown: { tokens: 0, nanoUsd: 0 }, final: true }
/** Every row says what it took. */
const took = (tokens: number, nanoUsd: number): BatchUse => ({ used: { tokens, nanoUsd }, ...KNOWN })

/** Registers the tests; `open` returns a book without a batch of the tenants that it names. */
export function testBatchBook(name: string, open: () => Promise<BookUnderTest>): void {
  let tenants = 0
  const newTenant = () => {
    tenants += 1
    return `${name} ${tenants}`
  }
  const batchOf = (id: string, createdAt: number, changes: Partial<NewBatch> = {}): NewBatch => ({
    id,
    createdAt,
    user: null,
    requests: 1,
    booked: null,
    ...changes,
  })

  test(`${name}: a batch is found by the tenant that made it, and by no other`, async () => {
    const { book, now } = await open()
    const [one, other] = [newTenant(), newTenant()]
    const at = now()
    await book.bind(one, batchOf('msgbatch_1', at, { user: 'ann', requests: 7 }))
    await book.bind(one, batchOf('msgbatch_1', at + 5, { user: 'ben' }))
    const kept = { id: 'msgbatch_1', createdAt: at, user: 'ann', requests: 7 }
    expect(await book.find(one, 'msgbatch_1')).toEqual(kept)
    expect(await book.find(other, 'msgbatch_1')).toBeUndefined()
    expect(await book.list(other)).toEqual([])
    expect(await book.fetch(other, 'msgbatch_1')).toBeUndefined()
    await book.forget(other, 'msgbatch_1')
    expect(await book.list(one)).toHaveLength(1)
    await book.forget(one, 'msgbatch_1')
    expect(await book.find(one, 'msgbatch_1')).toBeUndefined()
  })

  test(`${name}: batches are listed newest first, those of one moment in a fixed order`, async () => {
    const { book, now } = await open()
    const tenant = newTenant()
    const at = now()
    for (const [id, createdAt] of [
      ['b', at],
      ['c', at - 1],
      ['a', at],
      ['d', at + 1],
    ] as const)
      await book.bind(tenant, batchOf(id, createdAt))
    expect((await book.list(tenant)).map(({ id }) => id)).toEqual(['d', 'b', 'a', 'c'])
  })

  test(`${name}: what is older than Claude keeps results is forgotten`, async () => {
    const { book, now } = await open()
    const tenant = newTenant()
    const day = 86_400_000
    await book.bind(tenant, batchOf('old', now() - 31 * day))
    await book.bind(tenant, batchOf('young', now() - 29 * day))
    await book.bind(tenant, batchOf('new', now()))
    expect((await book.list(tenant)).map(({ id }) => id)).toEqual(['new', 'young'])
  })

  test(`${name}: the first fetch is remembered until every row is counted`, async () => {
    const { book, now } = await open()
    const tenant = newTenant()
    await book.bind(tenant, batchOf('a', now()))
    const first = await book.fetch(tenant, 'a')
    expect(first).toBeTypeOf('number')
    expect(await book.fetch(tenant, 'a')).toBe(first)
    await book.settle(tenant, 'a', took(1, 1))
    expect(await book.fetch(tenant, 'a')).toBeUndefined()
    expect(await book.find(tenant, 'a')).toBeDefined()
    await book.settle(tenant, 'unknown', took(1, 1))
  })

  test(`${name}: what a batch took counts once in the place of what was booked, for tenant and user`, async () => {
    const { book, accounts, now } = await open()
    const tenant = newTenant()
    const limits = limitsOf({ usdPerDay: 1, tokensPerMonth: 1_000 }, { usdPerDay: 1 })
    const asked = reservation(limits, { user: 'ann' })
    await accounts.reserve(tenant, asked)
    const booked = { ...asked.planned, largest: asked.planned, ofUser: true, timezone: 'UTC' }
    await book.bind(tenant, batchOf('a', now(), { user: 'ann', booked }))
    await accounts.settle(tenant, { id: asked.id, limits, used: asked.planned })
    const used = async () => {
      const uses = await accounts.use(tenant, { limits, user: 'ann' })
      return uses.map(({ scope, limit, used, reserved }) => [scope, limit, used, reserved])
    }
    expect(await used()).toContainEqual(['user', 'usdPerDay', USD / 10, 0])
    for (let times = 0; times < 2; times++) {
      await book.settle(tenant, 'a', took(7, 123))
      expect(await used()).toEqual([
        ['tenant', 'tokensPerMonth', 7, 0],
        ['tenant', 'usdPerDay', 123, 0],
        ['user', 'usdPerDay', 123, 0],
      ])
    }
  })

  test(`${name}: what is forgotten is found no more, and can still be counted`, async () => {
    const { book, accounts, now } = await open()
    const tenant = newTenant()
    const limits = limitsOf({ usdPerDay: 1 })
    const asked = reservation(limits)
    await accounts.reserve(tenant, asked)
    const booked = { ...asked.planned, largest: asked.planned, ofUser: false, timezone: 'UTC' }
    await book.bind(tenant, batchOf('a', now(), { booked }))
    await accounts.settle(tenant, { id: asked.id, limits, used: asked.planned })
    await book.forget(tenant, 'a')
    await book.bind(tenant, batchOf('a', now()))
    expect([await book.find(tenant, 'a'), await book.list(tenant)]).toEqual([undefined, []])
    expect(await book.fetch(tenant, 'a')).toBeTypeOf('number')
    await book.settle(tenant, 'a', took(7, 123))
    expect(await accounts.use(tenant, { limits, user: undefined })).toMatchObject([
      { used: 123, reserved: 0 },
    ])
  })

  test(`${name}: rows that do not say what they took count as the largest request, until they say it`, async () => {
    const { book, accounts, now } = await open()
    const tenant = newTenant()
    const limits = limitsOf({ usdPerDay: 1, tokensPerMonth: 1_000 })
    const asked = reservation(limits)
    const { planned } = asked
    await accounts.reserve(tenant, asked)
    const largest = { tokens: Math.ceil(planned.tokens / 3), nanoUsd: planned.nanoUsd / 4 }
    await book.bind(
      tenant,
      batchOf('a', now(), { requests: 4, booked: { ...planned, largest, ofUser: false, timezone: 'UTC' } }),
    )
    await accounts.settle(tenant, { id: asked.id, limits, used: planned })
    const settle = async (use: BatchUse) => {
      await book.settle(tenant, 'a', use)
      const uses = await accounts.use(tenant, { limits, user: undefined })
      return Object.fromEntries(uses.map(({ limit, used }) => [limit, used]))
    }
    const used = { tokens: 2, nanoUsd: 100 }
    const open3 = { used, unknown: { tokens: 3, nanoUsd: 3 }, final: false }
    expect(await settle({ ...open3, unknown: { tokens: 9, nanoUsd: 9 } })).toEqual({
      tokensPerMonth: planned.tokens,
      usdPerDay: planned.nanoUsd,
    })
    const lowered = {
      tokensPerMonth: Math.min(planned.tokens, 2 + 3 * largest.tokens),
      usdPerDay: 100 + 3 * largest.nanoUsd,
    }
    expect(lowered.usdPerDay).toBeLessThan(planned.nanoUsd)
    for (let times = 0; times < 2; times++) expect(await settle(open3)).toEqual(lowered)
    expect(await book.fetch(tenant, 'a')).toBeTypeOf('number')
    const last = { used, unknown: { tokens: 0, nanoUsd: 1 }, final: true }
    const settled = { tokensPerMonth: 2, usdPerDay: 100 + largest.nanoUsd }
    expect(await settle(last)).toEqual(settled)
    expect(await settle(took(1, 1))).toEqual(settled)
    expect(await book.fetch(tenant, 'a')).toBeUndefined()
  })
}
