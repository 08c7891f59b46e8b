/**
 * The store of one object of receipts: those of one tenant, one month and one shard. Its queries stand in the files
 * beside it; when it is called and when it is emptied is the object's affair (`receipts-object.ts`).
 */
import { migrate } from '../../storage/migrations.ts'
import type { SqlDatabase } from '../../storage/sql-database.ts'
import type { ReceiptFilter } from '../ledger.ts'
import { type PackedGroup, writeGroups } from '../packed-groups.ts'
import { type Place, placedAt } from '../places.ts'
import type { Feedback, KeptReceipt, ReceiptRecord } from '../receipt-record.ts'
import { timeOfRequestId } from '../request-id.ts'
import type { ObjectQuery, UsageAnswer } from '../usage-sum.ts'
import { readPlace, readState, writeState } from './object-state.ts'
import {
  findReceipt,
  insertReceipt,
  listReceipts,
  type PlacedReceipt,
  type PositionRange,
  writeFeedback,
} from './receipt-rows.ts'
import { RECEIPTS_MIGRATIONS } from './receipts-schema.ts'
import { createRollups } from './rollups.ts'
import { usageOfObject } from './usage-of-object.ts'

export type ReceiptStore = {
  /** Returns whose receipts are kept here, or undefined while none are. */
  readonly place: () => Place | undefined
  /** A name that no later content of the same object has. */
  readonly life: () => string
  readonly isRegistered: () => boolean
  readonly noteRegistered: () => void
  /** Returns how many of the receipts are new. @throws if one cannot be kept, and then none of them is */
  readonly append: (place: Place, records: readonly ReceiptRecord[]) => number
  readonly find: (id: string) => KeptReceipt | undefined
  readonly list: (range: PositionRange, filter: ReceiptFilter, limit: number) => ReceiptList
  readonly usage: (query: ObjectQuery) => UsageAnswer
  readonly giveFeedback: (id: string, feedback: Feedback) => boolean
  /** Writes the sums of what was over at this time, ms. */
  readonly flush: (at: number) => void
  readonly isPending: () => boolean
  /** Yields the sums of everything but users, in texts that an archive can keep. Writes what is pending. */
  readonly archive: () => Iterable<string>
}

/** Newest first; every receipt of the range from position `end` on has been looked at. */
export type ReceiptList = { readonly receipts: readonly PlacedReceipt[]; readonly end: number }

/** Rows that one call looks at, of some hundred bytes each. */
const LONGEST_SCAN = 50_000

/** Returns the store in a database, which is brought to the present schema. @throws if the database does */
export function createReceiptStore(database: SqlDatabase): ReceiptStore {
  migrate(database, RECEIPTS_MIGRATIONS)
  const rollups = createRollups(database)
  let place = readPlace(database)
  let isRegistered = readState(database, 'registered') !== undefined
  /** Another program may have written the first receipt. */
  const placed = () => {
    place ??= readPlace(database)
    return place
  }
  const tenant = () => placed()?.tenant ?? ''
  return {
    place: placed,
    life: () => readState(database, 'life') ?? '',
    isRegistered: () => isRegistered,
    noteRegistered() {
      writeState(database, 'registered', 'yes')
      isRegistered = true
    },
    append(owner, records) {
      const [first] = records
      if (first === undefined) return 0
      const added = database.transaction(() => {
        if (place === undefined && readPlace(database) === undefined) {
          writeState(database, 'place', JSON.stringify(owner))
          writeState(database, 'life', first.id)
        }
        return records.flatMap((record) => {
          const position = insertReceipt(database, placedAt(record), record)
          if (position === undefined) return []
          rollups.addLate(position, record)
          return [{ position, record }]
        })
      })
      place ??= owner
      for (const { position, record } of added) rollups.note(position, record)
      return added.length
    },
    find(id) {
      const at = timeOfRequestId(id)
      return at === undefined ? undefined : findReceipt(database, at, id, tenant())
    },
    list: (range, filter, limit) =>
      listReceipts(database, range, filter, { limit, longest: LONGEST_SCAN, tenant: tenant() }),
    usage: (query) => database.snapshot(() => usageOfObject(database, rollups, query)),
    giveFeedback(id, feedback) {
      const at = timeOfRequestId(id)
      return at !== undefined && writeFeedback(database, at, id, feedback)
    },
    flush: rollups.flush,
    isPending: rollups.isPending,
    archive() {
      rollups.flushAll()
      return writeGroups(allGroups())
    },
  }

  function allGroups(): Iterable<PackedGroup> {
    return rollups.groups('routes', 0, Number.MAX_SAFE_INTEGER)
  }
}
