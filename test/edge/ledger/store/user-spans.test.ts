/** Users over some days: read instead of their days where a question allows it, and the same sums whatever came when. */
import { expect, test } from 'vitest'
import { readGroups } from '../../../../edge/ledger/packed-groups.ts'
import { createReceiptStore, type ReceiptStore } from '../../../../edge/ledger/store/receipt-store.ts'
import { sumsOfSpan } from '../../../../edge/ledger/store/user-spans.ts'
import { addPacked, createSums, packSums, totalsOf } from '../../../../edge/ledger/totals.ts'
import { MOST_GROUPS } from '../../../../edge/ledger/usage-sum.ts'
import type { SqlDatabase } from '../../../../edge/storage/sql-database.ts'
import { openSqliteDatabase } from '../../../../llm/sqlite-database.ts'
import { receiptRecord } from '../../../support/edge/receipt-records.ts'

const HOUR_MS = 60 * 60_000
const DAY_MS = 24 * HOUR_MS
const MONTH = { from: Date.UTC(2026, 10, 1), to: Date.UTC(2026, 11, 1) }
const PLACE = { tenant: 'alice', month: '2026-11', shard: 0 }

/** A month of receipts, four a day of three users, each part of which is written once it is over. */
function fillMonth(store: ReceiptStore): void {
  for (let at = MONTH.from, index = 0; at < MONTH.to; at += 6 * HOUR_MS, index += 1) {
    store.append(PLACE, [receiptRecord(at + 7, { user: `user-${index % 3}`, costNanoUsd: index })])
    store.flush(at + 6 * HOUR_MS)
  }
  store.flush(MONTH.to + 7 * DAY_MS)
}

function usageByUser(
  store: ReceiptStore,
  range: { readonly from: number; readonly to: number },
): Readonly<Record<string, { readonly requests: number; readonly costNanoUsd: number }>> {
  const answer = store.usage({ ...range, groupBy: ['user'], timezone: 'UTC' })
  if (answer === 'too_many_groups') throw new Error(answer)
  return Object.fromEntries(
    answer.flatMap(readGroups).map(([, [user], packed]) => {
      const sums = createSums()
      addPacked(sums, packed)
      const { requests, costNanoUsd } = totalsOf(sums)
      return [user, { requests, costNanoUsd }]
    }),
  )
}

/** Counts what is read of which kind of sums. */
function watchSegments(database: SqlDatabase) {
  const read: string[] = []
  const watched: SqlDatabase = {
    ...database,
    *scan(query, ...bindings) {
      for (const row of database.scan(query, ...bindings)) {
        if (query.includes('FROM segments')) read.push(String(bindings[0]))
        yield row
      }
    },
  }
  return { watched, read }
}

const SUMS_OF_MONTH = {
  'user-0': { requests: 40, costNanoUsd: 2_340 },
  'user-1': { requests: 40, costNanoUsd: 2_380 },
  'user-2': { requests: 40, costNanoUsd: 2_420 },
}

test('a month that is over is added up by user from its spans alone, whatever the time zone', async () => {
  const { watched, read } = watchSegments(await openSqliteDatabase(':memory:'))
  const store = createReceiptStore(watched)
  fillMonth(store)
  read.length = 0
  expect(usageByUser(store, MONTH)).toEqual(SUMS_OF_MONTH)
  expect(new Set(read)).toEqual(new Set(['spans']))
  expect(read.length).toBeLessThan(10)
})

test('days at both ends of a range are added up by the day, and what is asked by the day is', async () => {
  const { watched, read } = watchSegments(await openSqliteDatabase(':memory:'))
  const store = createReceiptStore(watched)
  fillMonth(store)
  read.length = 0
  const range = { from: MONTH.from + DAY_MS, to: MONTH.to - 2 * DAY_MS }
  const users = Object.values(usageByUser(store, range))
  expect(users.reduce((sum, { requests }) => sum + requests, 0)).toBe(4 * 27)
  expect(new Set(read)).toEqual(new Set(['spans', 'users']))
  read.length = 0
  store.usage({ ...MONTH, groupBy: ['user', 'day'], timezone: 'UTC' })
  expect(new Set(read)).toEqual(new Set(['users']))
})

test('an object of an earlier version gets the spans of its month with the next sums', async () => {
  const database = await openSqliteDatabase(':memory:')
  fillMonth(createReceiptStore(database))
  database.exec("DELETE FROM segments WHERE kind = 'spans'")
  database.exec("DELETE FROM state WHERE name = 'spanned'")
  const { watched, read } = watchSegments(database)
  const store = createReceiptStore(watched)
  expect(usageByUser(store, MONTH)).toEqual(SUMS_OF_MONTH)
  store.flush(MONTH.to + 8 * DAY_MS)
  read.length = 0
  expect(usageByUser(store, MONTH)).toEqual(SUMS_OF_MONTH)
  expect(new Set(read)).toEqual(new Set(['spans']))
})

test('what comes after its span was written is added to it once', async () => {
  const database = await openSqliteDatabase(':memory:')
  const store = createReceiptStore(database)
  fillMonth(store)
  const late = receiptRecord(MONTH.from + 3 * DAY_MS + 11, { user: 'user-0', costNanoUsd: 1_000 })
  expect([store.append(PLACE, [late]), store.append(PLACE, [late])]).toEqual([1, 0])
  const expected = { ...SUMS_OF_MONTH, 'user-0': { requests: 41, costNanoUsd: 3_340 } }
  expect(usageByUser(store, MONTH)).toEqual(expected)
  expect(usageByUser(createReceiptStore(database), MONTH)).toEqual(expected)
})

test('holds no more users than would make an answer too long', () => {
  const packed = packSums(createSums())
  const users = Array.from(
    { length: MOST_GROUPS + 50 },
    (_, index) => [0, [`user-${index}`], packed] as const,
  )
  expect(sumsOfSpan(users)).toHaveLength(MOST_GROUPS + 1)
})
