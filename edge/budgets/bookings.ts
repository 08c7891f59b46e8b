/**
 * What becomes of an account's row when a request is let in, ends, or never tells of its end. Pure arithmetic; what is
 * allowed is decided elsewhere (`account.ts`).
 */
import type { Lease, UseRow } from './account-rows.ts'
import type { Amount } from './accounts.ts'
import type { Counter } from './caps.ts'
import { requestRate, takeRequest } from './request-rate.ts'

/**
 * No single request takes more: ten billion tokens, 10,000 USD. Clients name max_tokens as they like, and a sum beyond
 * what numbers hold exactly could never be read again.
 */
const MOST: Amount = { tokens: 10_000_000_000, nanoUsd: 10_000_000_000_000 }

/** Returns what can be counted of an amount. Rounded up: what is limited is never counted too low. */
export function countable({ tokens, nanoUsd }: Amount): Amount {
  return {
    tokens: Math.min(MOST.tokens, Math.max(0, Math.ceil(tokens))),
    nanoUsd: Math.min(MOST.nanoUsd, Math.max(0, Math.ceil(nanoUsd))),
  }
}

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
    reservedTokens: sum(row.reservedTokens, amount?.tokens ?? 0),
    reservedNanoUsd: sum(row.reservedNanoUsd, amount?.nanoUsd ?? 0),
  }
}

/** Ends a request: nothing is reserved for it any more. */
export function release(row: UseRow, { tokens, nanoUsd }: Amount): UseRow {
  return {
    ...row,
    inFlight: row.inFlight - 1,
    reservedTokens: Math.max(0, row.reservedTokens - tokens),
    reservedNanoUsd: Math.max(0, row.reservedNanoUsd - nanoUsd),
  }
}

/** Counts what was used. */
export function charge(row: UseRow, { tokens, nanoUsd }: Amount): UseRow {
  return {
    ...row,
    dayTokens: sum(row.dayTokens, tokens),
    dayNanoUsd: sum(row.dayNanoUsd, nanoUsd),
    monthTokens: sum(row.monthTokens, tokens),
    monthNanoUsd: sum(row.monthNanoUsd, nanoUsd),
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

/** A sum that is full stays full: every limit is closed long before. */
function sum(one: number, other: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, one + other)
}
