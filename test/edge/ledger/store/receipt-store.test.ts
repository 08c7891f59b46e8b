/** The store of one object where its database fails, is full, or has more to look through than one call may. */
import { expect, test } from 'vitest'
import type { Place } from '../../../../edge/ledger/places.ts'
import { createRequestId } from '../../../../edge/ledger/request-id.ts'
import { firstPosition, POSITIONS_PER_MS } from '../../../../edge/ledger/store/positions.ts'
import { createReceiptStore } from '../../../../edge/ledger/store/receipt-store.ts'
import { RECEIPTS_MIGRATIONS } from '../../../../edge/ledger/store/receipts-schema.ts'
import { migrate } from '../../../../edge/storage/migrations.ts'
import type { SqlDatabase } from '../../../../edge/storage/sql-database.ts'
import { openSqliteDatabase } from '../../../../llm/sqlite-database.ts'
import { receiptRecord } from '../../../support/edge/receipt-records.ts'

const PLACE: Place = { tenant: 'alice', month: '2026-11', shard: 0 }
const NOON = Date.UTC(2026, 10, 20, 12)
const DAY_MS = 24 * 60 * 60_000
const TOTAL = { from: 0, to: NOON + DAY_MS, groupBy: ['route'], timezone: 'UTC' } as const
const WHOLE = { from: 0, to: Number.MAX_SAFE_INTEGER }

/** What Cloudflare says where an object has 10 GB, and where the account is over its limits. */
const FULL = [
  'database or disk is full: SQLITE_FULL',
  'Exceeded allowed rows written in Durable Objects free tier.',
  'Your account has reached its Durable Objects spending limit.',
]

/** A database whose statements fail while the switch is on: `failsFrom` of them are let through first. */
async function breakable() {
  const database = await openSqliteDatabase(':memory:')
  let failing: { readonly message: string; left: number } | undefined
  const broken: SqlDatabase = {
    ...database,
    exec(query, ...bindings) {
      if (failing !== undefined && /^\s*(INSERT|UPDATE|DELETE)/.test(query)) {
        if (failing.left === 0) throw new Error(failing.message)
        failing.left -= 1
      }
      return database.exec(query, ...bindings)
    },
  }
  return {
    database: broken,
    fail(message: string, left = 0) {
      failing = { message, left }
    },
    mend() {
      failing = undefined
    },
  }
}

test.each(FULL)(
  'a receipt that cannot be kept is kept not at all, and the next one is: %s',
  async (message) => {
    const { database, fail, mend } = await breakable()
    const store = createReceiptStore(database)
    store.append(PLACE, [receiptRecord(NOON)])
    const before = store.usage(TOTAL)
    const lost = receiptRecord(NOON + 1)
    fail(message)
    expect(() => store.append(PLACE, [lost])).toThrow(message)
    expect(store.find(lost.id)).toBeUndefined()
    expect(store.usage(TOTAL)).toEqual(before)
    mend()
    expect(store.append(PLACE, [lost])).toBe(1)
    expect(store.find(lost.id)).toMatchObject({ id: lost.id })
  },
)

test.each([0, 1, 2])(
  'sums that cannot be written after %i statements are still right, and written later',
  async (left) => {
    const { database, fail, mend } = await breakable()
    const store = createReceiptStore(database)
    for (const step of [0, 1, 2]) store.append(PLACE, [receiptRecord(NOON + step, { user: `user-${step}` })])
    const before = store.usage(TOTAL)
    fail('database or disk is full: SQLITE_FULL', left)
    expect(() => store.flush(NOON + DAY_MS)).toThrow('SQLITE_FULL')
    expect(store.usage(TOTAL)).toEqual(before)
    expect(createReceiptStore(database).usage(TOTAL)).toEqual(before)
    mend()
    store.flush(NOON + DAY_MS)
    expect(store.isPending()).toBe(false)
    expect(store.usage(TOTAL)).toEqual(before)
  },
)

test('reading writes nothing', async () => {
  const { database, fail } = await breakable()
  const store = createReceiptStore(database)
  const receipt = receiptRecord(NOON)
  store.append(PLACE, [receipt])
  fail('Exceeded allowed rows written in Durable Objects free tier.')
  expect(store.find(receipt.id)).toBeDefined()
  expect(store.list(WHOLE, {}, 10).receipts).toHaveLength(1)
  expect(store.usage(TOTAL)).toHaveLength(1)
})

test('a millisecond takes so many receipts and says where there are more', async () => {
  const store = createReceiptStore(await openSqliteDatabase(':memory:'))
  const bytes = (index: number) => () => {
    const value = new Uint8Array(10)
    new DataView(value.buffer).setUint32(0, index)
    return value
  }
  const append = (index: number) =>
    store.append(PLACE, [receiptRecord(NOON, { id: createRequestId(NOON, bytes(index)) })])
  for (let index = 0; index < POSITIONS_PER_MS; index += 1) append(index)
  expect(() => append(POSITIONS_PER_MS)).toThrow('millisecond')
  expect(append(0)).toBe(0)
})

test('a rare condition is looked for in bounded pieces, and the end of a piece is told', async () => {
  const database = await openSqliteDatabase(':memory:')
  const store = createReceiptStore(database)
  database.exec(
    `WITH RECURSIVE steps (step) AS (SELECT 0 UNION ALL SELECT step + 1 FROM steps WHERE step < ?)
    INSERT INTO receipts (position, id, user, startedAt, surface, requestedModel, stream, strategy, task, score,
      threshold, evidence, reason, cache, attempts, baselineModel, outcome, latencyMs)
    SELECT ? + step, 'req_' || step, CASE step WHEN 5 THEN 'rare' ELSE 'often' END, ?, 'messages', 'auto', 0, 'hybrid',
      'other', 0.5, 0.5, '[]', 'x', 'miss', '[]', 'm', 'completed', 1 FROM steps`,
    119_999,
    firstPosition(NOON),
    NOON,
  )
  let to = Number.MAX_SAFE_INTEGER
  let calls = 0
  const found: string[] = []
  while (to > 0) {
    const { receipts, end } = store.list({ from: 0, to }, { user: 'rare' }, 10)
    found.push(...receipts.map(({ receipt }) => receipt.id))
    to = end
    calls += 1
  }
  expect(found).toEqual(['req_5'])
  expect(calls).toBe(3)
})

test('what an earlier version has kept is read and added to by this one', async () => {
  const database = await openSqliteDatabase(':memory:')
  migrate(database, RECEIPTS_MIGRATIONS.slice(0, 1))
  const columns = database.exec('SELECT name FROM pragma_table_info(?)', 'receipts').map(({ name }) => name)
  // These objects exist already: what is new comes by a migration of its own.
  expect(columns.join(' ')).toBe(FIRST_COLUMNS)
  const store = createReceiptStore(database)
  const record = receiptRecord(NOON, { verifyScore: 0.5 })
  expect(store.append(PLACE, [record])).toBe(1)
  expect(createReceiptStore(database).find(record.id)).toMatchObject(record)
})

const FIRST_COLUMNS = [
  'position id user startedAt surface requestedModel stream strategy task score threshold judgeScore handoverScore',
  'evidence reason guard cache attempts route model baselineModel fallback budget outcome errorCode',
  'inputTokens outputTokens cacheWriteTokens cacheReadTokens reasoningTokens',
  'costNanoUsd baselineNanoUsd savedNanoUsd latencyMs firstContentMs content feedback',
].join(' ')
