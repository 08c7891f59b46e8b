/**
 * A day of 80,000 requests stays under the 100,000 rows that a free plan may write. Counted by SQLite itself, which counts
 * rows inserted, changed and deleted, as Cloudflare does where there is no index (test/integration/rows-written.test.ts holds
 * Cloudflare's own count against it), and by alarms, each of which is a row as well.
 */
import { expect, test } from 'vitest'
import { generateReceipts } from '../../../../bench/ledger/generate-receipts.ts'
import type { Place } from '../../../../edge/ledger/places.ts'
import type { ReceiptRecord } from '../../../../edge/ledger/receipt-record.ts'
import { createReceiptsObject } from '../../../../edge/ledger/store/receipts-object.ts'
import { numberOf } from '../../../../edge/storage/row-values.ts'
import { openSqliteDatabase } from '../../../../llm/sqlite-database.ts'
import { collectLog } from '../../../support/edge/log-collector.ts'

const endOf = ({ startedAt, latencyMs }: ReceiptRecord) => startedAt + latencyMs
const PLACE: Place = { tenant: 'alice', month: '2026-11', shard: 0 }
const DAY_START = Date.UTC(2026, 10, 20)

test('80,000 requests of 1,000 users in 24 hours write less than 81,000 rows', {
  timeout: 120_000,
}, async () => {
  const database = await openSqliteDatabase(':memory:')
  let now = DAY_START
  let alarmAt: number | null = null
  let alarms = 0
  let registered = 0
  const object = createReceiptsObject({
    database,
    erase: async () => {},
    readAlarm: async () => alarmAt,
    setAlarm: async (at) => {
      alarmAt = at
      alarms += 1
    },
    directory: {
      register: async () => {
        registered += 1
      },
      noteArchived: async () => {},
    },
    archive: async () => {},
    retentionDays: 30,
    now: () => now,
    log: collectLog,
  })
  const receipts = [...generateReceipts({ from: DAY_START, days: 1, count: 80_000, users: 1_000 })]
  // Requests end in another order than they began.
  for (const record of receipts.toSorted((left, right) => endOf(left) - endOf(right))) {
    now = endOf(record)
    if (alarmAt !== null && now >= alarmAt) {
      alarmAt = null
      await object.alarm()
    }
    await object.append(PLACE, record)
  }
  now += 24 * 60 * 60_000
  await object.alarm()
  const [row = {}] = database.exec('SELECT total_changes() AS changes')
  const written = numberOf(row, 'changes') + alarms + registered
  expect(written).toBeGreaterThan(80_000)
  expect(written).toBeLessThan(81_000)
  const query = { from: 0, to: now, groupBy: [], timezone: 'UTC' } as const
  expect(String(await object.usage(query))).toContain('80000')
})
