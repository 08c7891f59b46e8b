/** The life of an object of receipts: registered, summed up now and then, archived and emptied when its days are over. */
import { expect, test } from 'vitest'
import type { ArchivedSums } from '../../../../edge/ledger/ledger-objects.ts'
import type { Place } from '../../../../edge/ledger/places.ts'
import { createReceiptsObject } from '../../../../edge/ledger/store/receipts-object.ts'
import { openSqliteDatabase } from '../../../../llm/sqlite-database.ts'
import { collectLog, loggedLines } from '../../../support/edge/log-collector.ts'
import { createMemoryLedger } from '../../../support/edge/memory-ledger.ts'
import { receiptRecord } from '../../../support/edge/receipt-records.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const NOON = Date.UTC(2026, 10, 20, 12)
const MONTH_END = Date.UTC(2026, 11, 1)
const PLACE: Place = { tenant: 'alice', month: '2026-11', shard: 0 }
const ALL = { from: Date.UTC(2026, 0, 1), to: Date.UTC(2028, 0, 1), timezone: 'UTC' } as const

/** An object on a platform that remembers what it was asked. */
async function createObject() {
  const database = await openSqliteDatabase(':memory:')
  const seen = { now: NOON, alarms: [] as number[], registered: 0, erased: 0, archived: [] as ArchivedSums[] }
  const failing = { directory: false, archive: false }
  let alarmAt: number | null = null
  const object = createReceiptsObject({
    database,
    erase: async () => {
      seen.erased += 1
    },
    readAlarm: async () => alarmAt,
    setAlarm: async (at) => {
      alarmAt = at
      seen.alarms.push(at)
    },
    directory: {
      register: async () => {
        if (failing.directory) throw new Error('the directory is away')
        seen.registered += 1
      },
      noteArchived: async () => {},
    },
    archive: async (_, sums) => {
      if (failing.archive) throw new Error('the account is away')
      seen.archived.push(sums)
    },
    retentionDays: 30,
    now: () => seen.now,
    log: collectLog,
  })
  return { object, seen, failing }
}

test('many receipts set one alarm, for some minutes after the part of the day', async () => {
  const { object, seen } = await createObject()
  for (const step of [0, 1, 2]) await object.append(PLACE, receiptRecord(NOON + step))
  expect(seen.alarms).toEqual([NOON + 6 * HOUR_MS + 10 * MINUTE_MS])
  expect(seen.registered).toBe(1)
})

test('an alarm writes the sums and sleeps at most a week where nothing more is to come', async () => {
  const { object, seen } = await createObject()
  await object.append(PLACE, receiptRecord(NOON))
  seen.now = NOON + 7 * HOUR_MS
  await object.alarm()
  expect(seen.alarms.at(-1)).toBe(seen.now + 7 * DAY_MS)
  seen.now = MONTH_END + 27 * DAY_MS
  await object.alarm()
  expect(seen.alarms.at(-1)).toBe(MONTH_END + 30 * DAY_MS)
})

test('a directory that is away loses no receipt and is told later', async () => {
  const { object, seen, failing } = await createObject()
  failing.directory = true
  const receipt = receiptRecord(NOON)
  await object.append(PLACE, receipt)
  expect(await object.find(receipt.id)).toBeDefined()
  expect(loggedLines()).toMatchObject([{ level: 'error' }])
  failing.directory = false
  await object.append(PLACE, receiptRecord(NOON + 1))
  expect(seen.registered).toBe(1)
})

test('an archive that is away keeps the receipts until it is there', async () => {
  const { object, seen, failing } = await createObject()
  await object.append(PLACE, receiptRecord(NOON))
  seen.now = MONTH_END + 30 * DAY_MS
  failing.archive = true
  await object.alarm()
  expect(seen.erased).toBe(0)
  expect(loggedLines()).toMatchObject([{ level: 'error' }])
  expect(seen.alarms.at(-1)).toBe(seen.now + HOUR_MS)
  failing.archive = false
  await object.alarm()
  expect(seen.erased).toBe(1)
  expect(seen.archived).toHaveLength(1)
})

test('a receipt that comes while its month is archived is in the archive, too', async () => {
  const { object, seen } = await createObject()
  await object.append(PLACE, receiptRecord(NOON))
  seen.now = MONTH_END + 30 * DAY_MS
  const archiving = object.alarm()
  await object.append(PLACE, receiptRecord(NOON, { task: 'other' }))
  await archiving
  expect(seen.erased).toBe(1)
  expect(new Set(seen.archived.map(({ life }) => life)).size).toBe(1)
  const last = seen.archived.filter(({ number }) => number === 0).at(-1)
  expect(last?.groups).toContain('"other"')
})

test('whole months go when their days are over; their sums stay, without users', async () => {
  let now = NOON
  const ledger = await createMemoryLedger({ now: () => now })
  const october = receiptRecord(NOON - 30 * DAY_MS)
  const november = receiptRecord(NOON)
  await ledger.append(october)
  await ledger.append(november)
  const before = await ledger.usage(
    { tenant: 'alice' },
    { ...ALL, groupBy: ['day', 'route', 'model', 'task'] },
  )
  now = MONTH_END
  await ledger.tend()
  expect(await ledger.find({ tenant: 'alice' }, october.id)).toBeUndefined()
  expect(await ledger.find({ tenant: 'alice' }, november.id)).toBeDefined()
  now = MONTH_END + 31 * DAY_MS
  await ledger.tend()
  expect((await ledger.list({ tenant: undefined }, {}, { limit: 10 })).receipts).toEqual([])
  expect(
    await ledger.usage({ tenant: 'alice' }, { ...ALL, groupBy: ['day', 'route', 'model', 'task'] }),
  ).toEqual(before)
  const [nobody] = await ledger.usage({ tenant: 'alice' }, { ...ALL, groupBy: ['user'] })
  expect(nobody).toMatchObject({ group: { user: null }, totals: { requests: 2, identified: 2 } })
  expect(await ledger.tenants()).toEqual(['alice'])
})

test('an emptied object takes receipts again, and archives them beside the first', async () => {
  let now = MONTH_END + 31 * DAY_MS
  const ledger = await createMemoryLedger({ now: () => now })
  for (const _ of [1, 2, 3]) {
    await ledger.append(receiptRecord(NOON))
    now += DAY_MS
    await ledger.tend()
  }
  const [total] = await ledger.usage({ tenant: 'alice' }, { ...ALL, groupBy: [] })
  expect(total?.totals).toMatchObject({ requests: 3, costNanoUsd: 3_000 })
})
