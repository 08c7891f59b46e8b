/**
 * When leases have expired and who books them: before anything is read or reserved, and without looking through the leases of
 * requests on their way each time. What booking one means is the account's affair.
 */
import type { SqlDatabase } from '../storage/sql-database.ts'
import { earliestExpiry, expiredLeases, forgetLeases, type Lease } from './account-rows.ts'

/** No lease runs longer, and no settlement comes later after one has expired. */
const DAY_MS = 86_400_000

export type ExpiredLeases = {
  /** Books what has expired by now, ms. Inside a transaction. */
  readonly book: (now: number) => void
  /** To be told of every lease that is made, by its end, ms. */
  readonly made: (expiresAt: number) => void
  /** To be told where a transaction failed: what it did counts for nothing. */
  readonly failed: () => void
}

/** Returns the expiry of one account. @param bookLease counts a lease's sum as used and frees its place */
export function createExpiredLeases(
  database: SqlDatabase,
  bookLease: (lease: Lease, now: number) => void,
): ExpiredLeases {
  /** In the place of an index, which would write a row more for each lease: before this nothing expires. */
  let quietUntil = Number.NEGATIVE_INFINITY
  let seenAt = Number.NEGATIVE_INFINITY
  return {
    book(now) {
      // A clock that was set back makes leases of a time that is not there yet; those must not hold their places either.
      const isQuiet = seenAt <= now && now < quietUntil
      seenAt = now
      if (isQuiet) return
      const expired = expiredLeases(database, now, now + DAY_MS)
      for (const lease of expired) bookLease(lease, now)
      if (expired.length > 0) forgetLeases(database, now - DAY_MS)
      quietUntil = earliestExpiry(database) ?? Number.POSITIVE_INFINITY
    },
    made(expiresAt) {
      quietUntil = Math.min(quietUntil, expiresAt)
    },
    failed() {
      quietUntil = Number.NEGATIVE_INFINITY
    },
  }
}
