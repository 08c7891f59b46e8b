/** Fills one object with receipts of a month and asks it what people and pages ask. Writes no report. */
import type { ReceiptFilter, UsageQuery } from '../../edge/ledger/ledger.ts'
import { createLedger } from '../../edge/ledger/object-ledger.ts'
import { boundsOfMonth, type Place } from '../../edge/ledger/places.ts'
import { createReceiptsObject } from '../../edge/ledger/store/receipts-object.ts'
import { openSqliteDatabase } from '../../llm/sqlite-database.ts'
import { generateReceipts } from './generate-receipts.ts'

export type LedgerFigures = {
  readonly bytes: number
  readonly appendMs: number
  readonly queries: readonly { readonly name: string; readonly ms: number; readonly found: string }[]
}

const PLACE: Place = { tenant: 'alice', month: '2026-10', shard: 0 }
const SCOPE = { tenant: PLACE.tenant }
const MONTH = boundsOfMonth(PLACE.month)
const DAYS = 31
const FILTERS: readonly (readonly [name: string, filter: ReceiptFilter])[] = [
  ['newest 100', {}],
  ['newest 100 that fell back', { fallback: 'timeout' }],
  ['newest 100 of one user', { user: 'user-7' }],
  ['a user that there is not', { user: 'nobody' }],
]
const USAGES: readonly (readonly [name: string, groupBy: UsageQuery['groupBy']])[] = [
  ['month as one sum', []],
  ['month by day and route', ['day', 'route']],
  ['month by hour, route and model', ['hour', 'route', 'model']],
  ['month by user', ['user']],
]

/** So many receipts share a transaction where they are taken in bulk. */
const BULK = 10_000

/**
 * Returns the figures of `count` receipts by `users` users in the database of this file.
 * @param bulk takes many receipts in one transaction: ten million of them otherwise wait for the disk
 */
export async function measureLedger(
  file: string,
  { count, users, bulk }: { readonly count: number; readonly users: number; readonly bulk: boolean },
): Promise<LedgerFigures> {
  const sqlite = await openSqliteDatabase(file)
  const database = bulk ? { ...sqlite, transaction: <T>(work: () => T) => work() } : sqlite
  let now = MONTH.from
  let alarmAt: number | null = null
  const open = () =>
    createReceiptsObject({
      database,
      erase: async () => {},
      readAlarm: async () => alarmAt,
      setAlarm: async (at) => {
        alarmAt = at
      },
      directory: { register: async () => {}, noteArchived: async () => {} },
      archive: async () => {},
      retentionDays: 30,
      now: () => now,
      log: () => {},
    })
  const object = open()
  let middle = ''
  let taken = 0
  const begun = performance.now()
  if (bulk) database.exec('BEGIN')
  for (const record of generateReceipts({ from: MONTH.from, days: DAYS, count, users })) {
    now = record.startedAt
    if (alarmAt !== null && now >= alarmAt) {
      alarmAt = null
      await object.alarm()
    }
    await object.append(PLACE, record)
    taken += 1
    if (bulk && taken % BULK === 0) {
      database.exec('COMMIT')
      database.exec('BEGIN')
    }
    if (taken === Math.floor(count / 2)) middle = record.id
  }
  if (bulk) database.exec('COMMIT')
  const appendMs = performance.now() - begun
  // As after a restart: nothing is in memory.
  const restarted = open()
  const ledger = createLedger({
    objects: {
      receipts: () => restarted,
      archive: () => ({ keep: async () => {}, usage: async () => [] }),
    },
    directory: {
      register: async () => {},
      noteArchived: async () => {},
      entries: async () => [{ ...PLACE, archived: false }],
    },
    shards: 1,
  })
  const queries: { name: string; ms: number; found: string }[] = []
  const measure = async (name: string, ask: () => Promise<string>) => {
    const start = performance.now()
    const found = await ask()
    queries.push({ name, ms: performance.now() - start, found })
  }
  await measure('one by its id', async () => ((await ledger.find(SCOPE, middle)) === undefined ? '0' : '1'))
  for (const [name, filter] of FILTERS)
    await measure(name, async () => {
      const { receipts, cursor } = await ledger.list(SCOPE, filter, { limit: 100 })
      return `${receipts.length}${cursor === null ? '' : ', more'}`
    })
  for (const [name, groupBy] of USAGES)
    await measure(name, async () => {
      const rows = await ledger.usage(SCOPE, { ...MONTH, groupBy, timezone: 'Europe/Berlin' })
      return `${rows.length} groups`
    })
  await measure('12 days and 3 hours by route', async () => {
    const range = { from: MONTH.from + 7 * 60_000, to: MONTH.from + (12 * 24 + 3) * 60 * 60_000 + 1 }
    const rows = await ledger.usage(SCOPE, { ...range, groupBy: ['route'], timezone: 'Asia/Kolkata' })
    return `${rows.length} groups`
  })
  return { bytes: database.size(), appendMs, queries }
}
