/**
 * Requests per minute, as a bucket that refills steadily (GCRA): one number remembers it all. Pure.
 */

const MINUTE_MS = 60_000
/** Intervals such as 60000 / 7 have no exact form. */
const ROUNDING_MS = 0.2

export type RequestRate = {
  /** Requests that could come at once. */
  readonly remaining: number
  /** When one can come, ms since the epoch; in the past where one can now. */
  readonly opensAt: number
  /** When the bucket is full again, ms since the epoch. */
  readonly fullAt: number
}

/**
 * Returns how full the bucket is.
 * @param fullAt when it will be full, ms since the epoch; 0 for a new one
 * @param now milliseconds since the epoch
 */
export function requestRate(fullAt: number, perMinute: number, now: number): RequestRate {
  const interval = MINUTE_MS / perMinute
  // Where the clock has jumped back, the bucket is empty and refills from now on.
  const full = Math.min(Math.max(fullAt, now), now + MINUTE_MS)
  const remaining = Math.floor((now + MINUTE_MS + ROUNDING_MS - full) / interval)
  return { remaining, opensAt: full + interval - MINUTE_MS, fullAt: full }
}

/** Takes one request out of the bucket and returns when it will be full. */
export function takeRequest(rate: RequestRate, perMinute: number): number {
  return rate.fullAt + MINUTE_MS / perMinute
}
