/**
 * 100,000 receipts, none lost and none doubled, with a database that fails at any statement, callers that try again because
 * they heard no answer, sums that cannot be written, and restarts.
 */
import { expect, test } from 'vitest'
import { generateReceipts } from '../../../../bench/ledger/generate-receipts.ts'
import { readGroups } from '../../../../edge/ledger/packed-groups.ts'
import type { ReceiptRecord } from '../../../../edge/ledger/receipt-record.ts'
import { createReceiptStore, type ReceiptStore } from '../../../../edge/ledger/store/receipt-store.ts'
import { PART_MS } from '../../../../edge/ledger/store/rollup-kinds.ts'
import { addPacked, createSums, totalsOf } from '../../../../edge/ledger/totals.ts'
import { numberOf } from '../../../../edge/storage/row-values.ts'
import type { SqlDatabase } from '../../../../edge/storage/sql-database.ts'
import { openSqliteDatabase } from '../../../../llm/sqlite-database.ts'

const COUNT = 100_000
const START = Date.UTC(2026, 10, 20)
const DAY_MS = 24 * 60 * 60_000
const PLACE = { tenant: 'alice', month: '2026-11', shard: 0 }

test('keeps each receipt once whatever fails', { timeout: 180_000 }, async () => {
  const sqlite = await openSqliteDatabase(':memory:')
  let statements = 0
  const database: SqlDatabase = {
    ...sqlite,
    exec(query, ...bindings) {
      statements += 1
      if (statements % 41 === 0)
        throw new Error('Exceeded allowed rows written in Durable Objects free tier.')
      return sqlite.exec(query, ...bindings)
    },
  }
  const start = () => untilItWorks(() => createReceiptStore(database))
  let store: ReceiptStore = start()
  let cost = 0n
  let index = 0
  let batch: ReceiptRecord[] = []
  for (const record of generateReceipts({ from: START, days: 2, count: COUNT, users: 300 })) {
    cost += BigInt(record.costNanoUsd ?? 0)
    batch.push(record)
    // Some come alone, some together.
    if (batch.length > index % 5 || index === COUNT - 1) {
      untilItWorks(() => store.append(PLACE, batch))
      // The answer to the first call was lost.
      if (index % 17 < 2) expect(untilItWorks(() => store.append(PLACE, batch))).toBe(0)
      batch = []
    }
    if (index % 9_973 === 0) untilItWorks(() => store.flush(record.startedAt))
    if (index % 14_009 === 0) store = start()
    // Writes what is not over yet, so that much of what follows comes late.
    if (index % 30_011 === 0) untilItWorks(() => [...store.archive()])
    index += 1
  }
  untilItWorks(() => store.flush(START + 2 * DAY_MS + PART_MS))
  const [row = {}] = sqlite.exec('SELECT COUNT(*) AS rows, COUNT(DISTINCT id) AS ids FROM receipts')
  expect([numberOf(row, 'rows'), numberOf(row, 'ids')]).toEqual([COUNT, COUNT])
  for (const groupBy of [['route'], ['user']] as const) {
    const query = { from: START, to: START + 2 * DAY_MS, groupBy, timezone: 'UTC' }
    const sums = createSums()
    for (const [, , packed] of untilItWorks(() => [...store.usage(query)]).flatMap(readGroups))
      addPacked(sums, packed)
    expect(totalsOf(sums)).toMatchObject({ requests: COUNT, costNanoUsd: Number(cost) })
  }
})

/** The third try is another statement's turn to fail. */
function untilItWorks<T>(work: () => T): T {
  for (let tries = 0; tries < 50; tries += 1) {
    try {
      return work()
    } catch {
      // Tried again, as callers do.
    }
  }
  return work()
}
