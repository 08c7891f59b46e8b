/**
 * The life of one object of receipts: it registers itself, writes its sums now and then, and once its month and the days of
 * retention are over hands the sums to the archive and is emptied. Its alarm drives it; the platform is passed in.
 */
import { causeName } from '../../../shared/errors.ts'
import type { Log } from '../../../shared/log.ts'
import type { SqlDatabase } from '../../storage/sql-database.ts'
import type { ArchivedSums, LedgerDirectory, ReceiptsObject } from '../ledger-objects.ts'
import { boundsOfMonth, type Place } from '../places.ts'
import type { ReceiptRecord } from '../receipt-record.ts'
import { createReceiptStore, type ReceiptStore } from './receipt-store.ts'
import { PART_MS, partOf } from './rollup-kinds.ts'

export type ReceiptsPlatform = {
  readonly database: SqlDatabase
  /** Deletes the whole database and the alarm. */
  readonly erase: () => Promise<void>
  /** Milliseconds since the epoch, or null where none is set. */
  readonly readAlarm: () => Promise<number | null>
  readonly setAlarm: (at: number) => Promise<void>
  readonly directory: Pick<LedgerDirectory, 'register' | 'noteArchived'>
  readonly archive: (tenant: string, sums: ArchivedSums) => Promise<void>
  readonly retentionDays: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly log: Log
}

export type LivingReceiptsObject = ReceiptsObject & {
  /** To be called at the time of the alarm. What fails is tried again at the next. @throws if there can be none */
  readonly alarm: () => Promise<void>
}

/** The longest that a request may take: sums are written when hardly any receipt of their time can still come. */
const LAG_MS = 10 * 60_000
const DAY_MS = 24 * 60 * 60_000
/** So often an object looks whether RETENTION_DAYS has become less. */
const LONGEST_SLEEP_MS = 7 * DAY_MS
const RETRY_MS = 60 * 60_000

/** Returns the object. Its database is opened, and filled with tables, when it is asked for the first time. */
export function createReceiptsObject(platform: ReceiptsPlatform): LivingReceiptsObject {
  const { now, log, directory } = platform
  let opened: ReceiptStore | undefined
  let appended = 0
  let alarmAt: number | null | undefined
  const open = (): ReceiptStore => {
    opened ??= createReceiptStore(platform.database)
    return opened
  }
  return {
    append: (place, record) => append(place, [record]),
    appendAll: append,
    find: async (id) => open().find(id),
    list: async (range, filter, limit) => open().list(range, filter, limit),
    usage: async (query) => open().usage(query),
    giveFeedback: async (id, feedback) => open().giveFeedback(id, feedback),
    async alarm() {
      alarmAt = null
      const store = open()
      const place = store.place()
      if (place === undefined) return
      await loudly(register)
      try {
        await tend(store, place)
      } catch (error) {
        // The platform itself would give up after some tries, and a month that is over has nobody else to wake it.
        logFailure(error)
        await wakeBy(now() + RETRY_MS)
      }
    },
  }

  async function append(place: Place, records: readonly ReceiptRecord[]): Promise<void> {
    try {
      appended += open().append(place, records)
    } finally {
      // Whether or not they are kept: what goes wrong from here on is tried again with the next one.
      await loudly(register)
      await loudly(() => wakeBy(Math.min(partEnd(now()), Math.max(now(), expiryOf(place)))))
    }
  }

  async function tend(store: ReceiptStore, place: Place): Promise<void> {
    const expiry = expiryOf(place)
    if (now() >= expiry) return expire(store, place)
    store.flush(now() - LAG_MS)
    await wakeBy(store.isPending() ? partEnd(now() - LAG_MS) : Math.min(expiry, now() + LONGEST_SLEEP_MS))
  }

  async function register(): Promise<void> {
    const store = open()
    const place = store.place()
    if (place === undefined || store.isRegistered()) return
    await directory.register(place)
    store.noteRegistered()
  }

  /** Setting an alarm counts as a row written. */
  async function wakeBy(at: number): Promise<void> {
    if (alarmAt === undefined) alarmAt = await platform.readAlarm()
    if (alarmAt !== null && alarmAt <= at) return
    await platform.setAlarm(at)
    alarmAt = at
  }

  /** Returns when the sums of the part of this time can be written, ms. */
  function partEnd(at: number): number {
    return partOf(at) + PART_MS + LAG_MS
  }

  function expiryOf({ month }: Place): number {
    return boundsOfMonth(month).to + platform.retentionDays * DAY_MS
  }

  async function expire(store: ReceiptStore, place: Place): Promise<void> {
    let seen: number
    do {
      seen = appended
      const { month, shard } = place
      let number = 0
      for (const groups of store.archive()) {
        await platform.archive(place.tenant, { month, shard, life: store.life(), number, groups })
        number += 1
      }
      await directory.noteArchived(place)
      // A receipt that came meanwhile is in no archive yet.
    } while (appended !== seen)
    opened = undefined
    alarmAt = null
    await platform.erase()
  }

  async function loudly(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      logFailure(error)
    }
  }

  function logFailure(error: unknown): void {
    log('[Router] An object of receipts cannot be tended', { name: causeName(error) }, 'error')
  }
}
