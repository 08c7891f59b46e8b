/**
 * Which tenant made which batch, as the request path sees it. Where that is remembered is the business of the
 * implementations; who may ask Claude for what is decided elsewhere.
 */
import type { Settlement } from '../budgets/accounts.ts'

/** What a tenant's limits counted when the batch was made: the most that it can take. */
export type Booking = {
  readonly tokens: number
  readonly nanoUsd: number
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
  /** Every row has its receipt: the limits count what was used in the place of what was booked. Later calls change nothing. */
  readonly settle: (tenant: string, id: string, used: Settlement['used']) => Promise<void>
  /** It is found and listed no more; its results, where they are being fetched, can still be counted. */
  readonly forget: (tenant: string, id: string) => Promise<void>
}
