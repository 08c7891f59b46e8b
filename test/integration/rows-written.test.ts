/**
 * Rows as Cloudflare counts and bills them are rows as SQLite counts its changes, so that the unit test of a whole day
 * (test/edge/ledger/store/rows-written.test.ts) tells of both.
 */
import { resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestHarness, type TestHarness } from 'wrangler'
import { numberOf } from '../../edge/storage/row-values.ts'
import { openSqliteDatabase } from '../../llm/sqlite-database.ts'
import { writeDay } from '../support/edge/write-day.ts'
import type { RowsWritten } from './stand-ins/rows-written-worker.ts'

const RECEIPTS = 1_000

let harness: TestHarness
beforeAll(async () => {
  harness = createTestHarness({
    workers: [
      {
        config: {
          name: 'rows-written',
          main: resolve(import.meta.dirname, 'stand-ins/rows-written-worker.ts'),
          compatibility_date: '2026-10-01',
          durable_objects: { bindings: [{ name: 'ROWS', class_name: 'RowsWritten' }] },
          migrations: [{ tag: 'v1', new_sqlite_classes: ['RowsWritten'] }],
        },
      },
    ],
  })
  await harness.listen()
})
afterAll(() => harness?.close())

test('workerd counts as many rows written as SQLite counts changes, hardly more than there are receipts', async () => {
  const { ROWS } = await harness.getWorker<{ ROWS: DurableObjectNamespace<RowsWritten> }>().getEnv()
  const counted = await ROWS.getByName('one').count(RECEIPTS)
  expect(counted).toBe(await changesInNode())
  expect(counted).toBeLessThan(RECEIPTS * 1.05)
})

async function changesInNode(): Promise<number> {
  const database = await openSqliteDatabase(':memory:')
  const changes = () => numberOf(database.exec('SELECT total_changes() AS changes')[0] ?? {}, 'changes')
  let before = 0
  writeDay(database, RECEIPTS, () => {
    before = changes()
  })
  return changes() - before
}
