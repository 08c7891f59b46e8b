/** The account on SQL, as every implementation must be, and what only its database shows. */
import { expect, test } from 'vitest'
import { createAccount } from '../../../edge/budgets/account.ts'
import { BUDGET_MIGRATIONS } from '../../../edge/budgets/account-rows.ts'
import type { EffectiveLimits } from '../../../edge/budgets/effective-limits.ts'
import { migrate } from '../../../edge/storage/migrations.ts'
import { numberOf } from '../../../edge/storage/row-values.ts'
import { openSqliteDatabase } from '../../../llm/sqlite-database.ts'
import { limitsOf, reservation, testAccounts } from '../../contract/budget-accounts.ts'
import { createSqliteAccounts } from '../../support/edge/sqlite-accounts.ts'

const NOON = Date.UTC(2026, 10, 27, 12)

testAccounts('node:sqlite', async () => {
  let now = NOON
  const advance = (milliseconds: number) => {
    now += milliseconds
  }
  return { accounts: createSqliteAccounts(() => now), advance }
})

test('users of whom nothing was counted this month are forgotten', async () => {
  let now = NOON
  const database = await openSqliteDatabase(':memory:')
  migrate(database, BUDGET_MIGRATIONS)
  const account = createAccount(database, () => now)
  const limits = limitsOf({}, { tokensPerDay: 1_000 })
  const rows = () =>
    database.exec('SELECT subject FROM budget_use ORDER BY subject').map(({ subject }) => subject)
  for (const user of ['ann', 'ben']) {
    const asked = reservation(limits, { user })
    account.reserve(asked)
    account.settle({ id: asked.id, limits, used: { tokens: 1, nanoUsd: 0 } })
  }
  expect(rows()).toEqual(['tenant', 'user:ann', 'user:ben'])
  now += 5 * 86_400_000
  account.reserve(reservation(limits, { user: 'ben' }))
  expect(rows()).toEqual(['tenant', 'user:ben'])
  expect(database.exec('SELECT count(*) AS leases FROM budget_lease')).toEqual([{ leases: 1 }])
})

test('what an earlier version has counted of tenant and users is not counted again; who is new begins with receipts', async () => {
  const database = await openSqliteDatabase(':memory:')
  migrate(database, BUDGET_MIGRATIONS.slice(0, 2))
  database.exec('INSERT INTO budget_opening VALUES (?, 1)', NOON - 86_400_000)
  for (const subject of ['tenant', 'user:ann'])
    database.exec('INSERT INTO budget_use VALUES (?, 0, 0, 5, 5, 5, 5, 0, 0, 0, 0, 0)', subject)
  migrate(database, BUDGET_MIGRATIONS)
  const account = createAccount(database, () => NOON)
  expect([account.opening(undefined), account.opening('ann'), account.opening('ben')]).toEqual([
    undefined,
    undefined,
    NOON,
  ])
})

test('a transaction that fails changes nothing', async () => {
  const database = await openSqliteDatabase(':memory:')
  migrate(database, BUDGET_MIGRATIONS)
  const account = createAccount(database, () => NOON)
  const limits = limitsOf({ usdPerDay: 1 })
  const failing = createAccount(
    {
      ...database,
      exec(query, ...bindings) {
        if (query.startsWith('INSERT INTO budget_use'))
          throw new Error('database or disk is full: SQLITE_FULL')
        return database.exec(query, ...bindings)
      },
    },
    () => NOON,
  )
  expect(() => failing.reserve(reservation(limits))).toThrow('SQLITE_FULL')
  expect(account.use({ limits, user: undefined })[0]).toMatchObject({ used: 0, reserved: 0 })
  expect(database.exec('SELECT id FROM budget_lease')).toEqual([])
})

test('leases are looked through when one expires, not with every request', async () => {
  const database = await openSqliteDatabase(':memory:')
  migrate(database, BUDGET_MIGRATIONS)
  let now = NOON
  let scans = 0
  const exec: typeof database.exec = (query, ...bindings) => {
    if (query.includes('bookedAt IS NULL AND')) scans += 1
    return database.exec(query, ...bindings)
  }
  const account = createAccount({ ...database, exec }, () => now)
  const limits = limitsOf({ tokensPerDay: 1_000_000 })
  const reserveMany = () => {
    for (let each = 0; each < 50; each++) account.reserve(reservation(limits, { leaseMs: 60_000 }))
  }
  reserveMany()
  expect(scans).toBe(1)
  now += 60_000
  reserveMany()
  expect(scans).toBe(2)
  expect(account.use({ limits, user: undefined })[0]).toMatchObject({ used: 5_000, reserved: 5_000 })
  // A clock that is set back shows leases that would hold their places for ever.
  now -= 3 * 86_400_000
  expect(account.use({ limits, user: undefined })[0]).toMatchObject({ reserved: 0 })
})

test('a request writes four rows, six where its user is limited, too', async () => {
  const database = await openSqliteDatabase(':memory:')
  migrate(database, BUDGET_MIGRATIONS)
  const account = createAccount(database, () => NOON)
  const written = () => numberOf(database.exec('SELECT total_changes() AS rows')[0] ?? {}, 'rows')
  const rowsOf = (limits: EffectiveLimits) => {
    const before = written()
    const asked = reservation(limits, { user: 'ann' })
    account.reserve(asked)
    account.settle({ id: asked.id, limits, used: { tokens: 1, nanoUsd: 1 } })
    return written() - before
  }
  expect(rowsOf(limitsOf({ usdPerDay: 1 }))).toBe(4)
  expect(rowsOf(limitsOf({ usdPerDay: 1 }, { tokensPerDay: 1_000 }))).toBe(6)
})
