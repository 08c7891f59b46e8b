/** The batches of a tenant on SQL, as every implementation must be, and what only a clock of the test's shows. */
import { expect, test } from 'vitest'
import { testBatchBook } from '../../contract/batch-book.ts'
import { limitsOf } from '../../contract/budget-accounts.ts'
import { createSqliteTenants } from '../../support/edge/sqlite-accounts.ts'

const NOON = Date.UTC(2026, 10, 27, 12)
const DAY = 86_400_000

testBatchBook('node:sqlite', async () => {
  const { accounts, batchBook } = createSqliteTenants(() => NOON)
  return { accounts, book: batchBook, now: () => NOON }
})

test('what was booked in a day that is over changes nothing of today, and this month still', async () => {
  let now = NOON
  const { accounts, batchBook } = createSqliteTenants(() => now)
  const limits = limitsOf({ usdPerDay: 1, usdPerMonth: 1 })
  const planned = { tokens: 10, nanoUsd: 1_000 }
  await accounts.reserve('alice', { id: 'r', user: undefined, limits, planned, bent: null, leaseMs: 1_000 })
  const booked = { ...planned, largest: planned, ofUser: false, timezone: 'UTC' }
  await batchBook.bind('alice', { id: 'a', createdAt: now, user: null, requests: 1, booked })
  await accounts.settle('alice', { id: 'r', limits, used: planned })
  now += 2 * DAY
  await batchBook.settle('alice', 'a', {
    used: { tokens: 1, nanoUsd: 300 },
    unknown: { tokens: 0, nanoUsd: 0 },
    final: true,
  })
  const uses = await accounts.use('alice', { limits, user: undefined })
  expect(uses.map(({ limit, used }) => [limit, used])).toEqual([
    ['usdPerDay', 0],
    ['usdPerMonth', 300],
  ])
})
