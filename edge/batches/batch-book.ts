/**
 * Which tenant made which batch, as the request path sees it. Where that is remembered is the business of the
 * implementations; who may ask Claude for what is decided elsewhere.
 */
import type { Amount } from '../budgets/accounts.ts'

/** What a tenant's limits counted when the batch was made: the most that it can take. */
export type Booking = Amount & {
  /** The most that one of its requests can take. */
  readonly largest: Amount
  /** Counted against the limits of the batch's user as well. */
  readonly ofUser: boolean
  /** IANA name: by it the day and the month began in which this counts. */
  readonly timezone: string
}

export type NewBatch = {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  /** The end user of the batch as a whole; null where it names none. */
  readonly user: string | null
  /** How many it holds, and so how many rows its results must have. */
  readonly requests: number
  /** Null where the tenant has no limits that count tokens or money. */
  readonly booked: Booking | null
}

export type BoundBatch = Pick<NewBatch, 'id' | 'createdAt' | 'user' | 'requests'>

/** What a batch's results say that it took. */
export type BatchUse = {
  /** Of the rows that say it. */
  readonly used: Amount
  /** How many rows do not: each counts as the largest request of the batch, and all of it as what was booked at most. */
  readonly unknown: Amount
  /** Whether every row has its receipt, so that nothing is to be learned from them any more. */
  readonly final: boolean
}

/** Every tenant's batches. Every call may fail: they lie elsewhere. */
export type BatchBook = {
  /** Remembers a batch, for as long as Claude keeps its results; what is older is forgotten. */
  readonly bind: (tenant: string, batch: NewBatch) => Promise<void>
  readonly find: (tenant: string, id: string) => Promise<BoundBatch | undefined>
  /** All that are remembered, newest first. */
  readonly list: (tenant: string) => Promise<readonly BoundBatch[]>
  /**
   * Returns the time at which the results of a batch were fetched first, ms, which is now where they never were: receipts of
   * its rows stand there. Undefined where every row has its receipt, or where there is no such batch.
   */
  readonly fetch: (tenant: string, id: string) => Promise<number | undefined>
  /** The limits count this in the place of what was counted. After one that is final, calls change nothing. */
  readonly settle: (tenant: string, id: string, use: BatchUse) => Promise<void>
  /** It is found and listed no more; its results, where they are being fetched, can still be counted. */
  readonly forget: (tenant: string, id: string) => Promise<void>
}
