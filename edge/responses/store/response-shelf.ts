/**
 * The kept responses of one tenant: how long and how many. Its alarm drives the deletion of what has expired; the platform
 * is passed in.
 */
import { isMigrated, migrate } from '../../storage/migrations.ts'
import type { SqlDatabase } from '../../storage/sql-database.ts'
import { byteLength } from './byte-length.ts'
import { createResponseRows, RESPONSE_MIGRATIONS, type ResponseRows } from './response-rows.ts'
import type { ResponseShelf } from './response-store.ts'

export type ShelfPlatform = {
  readonly database: SqlDatabase
  /** Deletes the whole database and the alarm. */
  readonly erase: () => Promise<void>
  /** Milliseconds since the epoch, or null where none is set. */
  readonly readAlarm: () => Promise<number | null>
  readonly setAlarm: (at: number) => Promise<void>
  /** Hours since a conversation went on for the last time. */
  readonly retentionHours: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly bounds?: ShelfBounds
}

/** In bytes. */
export type ShelfBounds = {
  /** The most that one response with its input may hold. */
  readonly response: number
  /** What all together may hold; beyond it the conversations that expire first are deleted. */
  readonly shelf: number
}

export type LivingShelf = ResponseShelf & {
  /** To be called at the time of the alarm. */
  readonly alarm: () => Promise<void>
}

const HOUR_MS = 60 * 60_000
/** What one call to a Durable Object carries, and a hundredth of what one keeps. */
const BOUNDS: ShelfBounds = { response: 12 * 1024 * 1024, shelf: 100 * 1024 * 1024 }

/** Returns the shelf. Its database is filled with tables when something is kept for the first time. */
export function createResponseShelf(platform: ShelfPlatform): LivingShelf {
  const { database, now, bounds = BOUNDS } = platform
  let opened: ResponseRows | undefined
  /** Counted once: to sum up every conversation for each response would be dear. */
  let total: number | undefined
  const open = (): ResponseRows => {
    if (opened === undefined) migrate(database, RESPONSE_MIGRATIONS)
    opened ??= createResponseRows(database)
    return opened
  }
  /** Undefined where nothing was ever kept. */
  const openForReading = (): ResponseRows | undefined =>
    opened !== undefined || isMigrated(database) ? open() : undefined
  const wakeAt = async (at: number | undefined) => {
    if (at !== undefined && (await platform.readAlarm()) === null) await platform.setAlarm(at)
  }
  return {
    async keep(response) {
      const items = byteLength(response.items)
      const bytes = { items, all: items + byteLength(response.frame) }
      if (bytes.all > bounds.response) return false
      const rows = open()
      total ??= rows.totalBytes()
      rows.add(response, bytes, now(), now() + platform.retentionHours * HOUR_MS)
      total += bytes.all
      while (total > bounds.shelf && rows.deleteOldest()) total = rows.totalBytes()
      await wakeAt(rows.nextExpiry())
      // A conversation that is larger than the shelf has gone as a whole.
      return rows.has(response.id, now())
    },
    chain: async (id, maxBytes) => openForReading()?.chain(id, maxBytes, now()) ?? { kind: 'missing' },
    gather: async (ids, maxBytes) =>
      openForReading()?.gather(ids, maxBytes, now()) ?? {
        kind: 'found',
        items: [],
        bytes: 0,
        privacyLocal: false,
      },
    find: async (id) => openForReading()?.find(id, now()),
    async remove(id) {
      const rows = openForReading()
      if (!rows?.has(id, now())) return false
      rows.remove(id)
      total = undefined
      return true
    },
    async alarm() {
      const rows = open()
      rows.deleteExpired(now())
      total = undefined
      const next = rows.nextExpiry()
      if (next !== undefined) return platform.setAlarm(Math.max(next, now() + HOUR_MS / 4))
      opened = undefined
      await platform.erase()
    },
  }
}
