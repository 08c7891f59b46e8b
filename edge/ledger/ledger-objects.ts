/**
 * What the ledger is made of, as whoever composes it sees it: objects that keep receipts, archives of what they were, and
 * the directory of those that there are. Durable Objects are one kind, objects in a process another.
 */
import type { ReceiptFilter } from './ledger.ts'
import type { Place } from './places.ts'
import type { Feedback, KeptReceipt, ReceiptRecord } from './receipt-record.ts'
import type { PositionRange } from './store/receipt-rows.ts'
import type { ReceiptList } from './store/receipt-store.ts'
import type { ObjectQuery, UsageAnswer } from './usage-sum.ts'

/** Receipts of one place. */
export type ReceiptsObject = {
  readonly append: (place: Place, record: ReceiptRecord) => Promise<void>
  readonly appendAll: (place: Place, records: readonly ReceiptRecord[]) => Promise<void>
  readonly find: (id: string) => Promise<KeptReceipt | undefined>
  readonly list: (range: PositionRange, filter: ReceiptFilter, limit: number) => Promise<ReceiptList>
  readonly usage: (query: ObjectQuery) => Promise<UsageAnswer>
  readonly giveFeedback: (id: string, feedback: Feedback) => Promise<boolean>
}

/** Sums of a place whose receipts are over, one of several texts. */
export type ArchivedSums = Pick<Place, 'month' | 'shard'> & {
  /** Of the object at that time: a place can be filled and emptied more than once. */
  readonly life: string
  readonly number: number
  readonly groups: string
}

/** Of one tenant. */
export type ArchiveObject = {
  /** Keeps sums; what has the same month, shard, life and number is replaced. */
  readonly keep: (sums: ArchivedSums) => Promise<void>
  readonly usage: (query: ObjectQuery) => Promise<UsageAnswer>
}

export type DirectoryEntry = Place & {
  /** False: there are receipts. True: there are sums in the tenant's archive. */
  readonly archived: boolean
}

export type LedgerDirectory = {
  readonly register: (place: Place) => Promise<void>
  /** From now on the place's sums are in the archive, and its receipts nowhere. */
  readonly noteArchived: (place: Place) => Promise<void>
  /** Everybody's where no tenant is named. */
  readonly entries: (tenant: string | undefined) => Promise<readonly DirectoryEntry[]>
}

export type LedgerObjects = {
  readonly receipts: (place: Place) => ReceiptsObject
  readonly archive: (tenant: string) => ArchiveObject
}
