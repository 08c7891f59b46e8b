/**
 * What becomes of an account's row when a request is let in, ends, or never tells of its end. Pure arithmetic; what is
 * allowed is decided elsewhere (`account.ts`).
 */
import type { Lease, UseRow } from './account-rows.ts'
import type { Amount } from './accounts.ts'
import type { Counter } from './caps.ts'
import { requestRate, takeRequest } from './request-rate.ts'

/**
 * Counts a request that is let in.
 * @param amount what is reserved, or undefined where nothing is and nobody waits for an end
 */
export function letIn({ row, limit }: Counter, amount: Amount | undefined, now: number): UseRow {
  const { requestsPerMinute: perMinute } = limit
  const rate = perMinute === undefined ? undefined : requestRate(row.fullAt, perMinute, now)
  return {
    ...row,
    fullAt: rate === undefined || perMinute === undefined ? row.fullAt : takeRequest(rate, perMinute),
    inFlight: row.inFlight + (amount === undefined ? 0 : 1),
    reservedTokens: row.reservedTokens + (amount?.tokens ?? 0),
    reservedNanoUsd: row.reservedNanoUsd + (amount?.nanoUsd ?? 0),
  }
}

/** Ends a request: nothing is reserved for it any more. */
export function release(row: UseRow, { tokens, nanoUsd }: Amount): UseRow {
  return {
    ...row,
    inFlight: row.inFlight - 1,
    reservedTokens: row.reservedTokens - tokens,
    reservedNanoUsd: row.reservedNanoUsd - nanoUsd,
  }
}

/** Counts what was used. */
export function charge(row: UseRow, { tokens, nanoUsd }: Amount): UseRow {
  return {
    ...row,
    dayTokens: row.dayTokens + tokens,
    dayNanoUsd: row.dayNanoUsd + nanoUsd,
    monthTokens: row.monthTokens + tokens,
    monthNanoUsd: row.monthNanoUsd + nanoUsd,
  }
}

/** Puts what was used in the place of what was booked, where that is still being counted. */
export function correct(row: UseRow, lease: Lease, amount: Amount): UseRow {
  const tokens = amount.tokens - lease.tokens
  const nanoUsd = amount.nanoUsd - lease.nanoUsd
  const isDay = row.day === lease.day
  const isMonth = row.month === lease.month
  return {
    ...row,
    dayTokens: row.dayTokens + (isDay ? tokens : 0),
    dayNanoUsd: row.dayNanoUsd + (isDay ? nanoUsd : 0),
    monthTokens: row.monthTokens + (isMonth ? tokens : 0),
    monthNanoUsd: row.monthNanoUsd + (isMonth ? nanoUsd : 0),
  }
}
