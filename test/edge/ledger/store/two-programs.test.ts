/** One object's database that two programs have open: each counts what the other has written, and nothing twice. */
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Place } from '../../../../edge/ledger/places.ts'
import { createReceiptStore } from '../../../../edge/ledger/store/receipt-store.ts'
import { mergeUsage } from '../../../../edge/ledger/usage-sum.ts'
import { openSqliteDatabase } from '../../../../llm/sqlite-database.ts'
import { receiptRecord } from '../../../support/edge/receipt-records.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const PLACE: Place = { tenant: 'alice', month: '2026-11', shard: 0 }
const START = Date.UTC(2026, 10, 20)
const HOUR_MS = 3_600_000
const TOTAL = { from: 0, to: START + 48 * HOUR_MS, groupBy: ['route'], timezone: 'UTC' } as const

async function twoPrograms() {
  const file = join(temporaryFolder(), 'receipts.sqlite')
  const open = async () => createReceiptStore(await openSqliteDatabase(file))
  return [await open(), await open()] as const
}

const step = fc.record({
  program: fc.constantFrom(0, 1),
  act: fc.constantFrom('append', 'append', 'append', 'flush', 'archive', 'usage'),
  hour: fc.integer({ min: 0, max: 23 }),
})

test('whatever two programs do one after the other, both count every receipt once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const programs = await twoPrograms()
      let count = 0
      for (const { program, act, hour } of steps) {
        const store = programs[program === 0 ? 0 : 1]
        const at = START + hour * HOUR_MS
        if (act === 'append') {
          expect(store.append(PLACE, [receiptRecord(at + count)])).toBe(1)
          count += 1
        } else if (act === 'flush') store.flush(at)
        else if (act === 'archive') for (const _text of store.archive());
        else expect(requestsOf(store)).toBe(count)
      }
      expect(programs.map(requestsOf)).toEqual([count, count])
    }),
    { numRuns: 40 },
  )
})

test('the life of an object is that of its first receipt, whoever wrote it', async () => {
  const [first, second] = await twoPrograms()
  expect(second.place()).toBeUndefined()
  const record = receiptRecord(START)
  first.append(PLACE, [record])
  second.append(PLACE, [receiptRecord(START + 1)])
  expect(second.place()).toEqual(PLACE)
  expect([first.life(), second.life()]).toEqual([record.id, record.id])
  expect(second.find(record.id)).toMatchObject({ id: record.id, tenant: 'alice' })
})

function requestsOf(store: ReturnType<typeof createReceiptStore>): number {
  const usage = store.usage(TOTAL)
  if (usage === 'too_many_groups') throw new Error(usage)
  const rows = mergeUsage(TOTAL.groupBy, [{ tenant: PLACE.tenant, usage }])
  return rows.reduce((sum, { totals }) => sum + totals.requests, 0)
}
