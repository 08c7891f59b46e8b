/**
 * What is known of one prefix in Claude's cache: when it came, when it was marked, whether it can be read by now. Knows no
 * request and does not decide what is worth a mark.
 */
import { FIVE_MINUTES } from '../routing/sessions/cache-life.ts'

/** Less than Claude's five minutes by what a request may take to get there. */
export const LIFE_MS = FIVE_MINUTES - 5_000
/** After that long nobody waits any more for a write that has not begun to be answered. */
export const WRITING_MS = 20_000

export type Cached = {
  usedAt: number | undefined
  /** When the last request with it began that has been answered, marked or not: had it been written, it could be read. */
  answeredAt: number | undefined
  /** Since when requests with it are on their way of which none has been answered. */
  unansweredSince: number
  /** When the last request began that was marked and answered; what it left lives from then on. */
  cachedAt: number | undefined
  writingSince: number | undefined
  everMarked: boolean
}

/** Returns what is known of a prefix that never came. */
export function newCached(): Cached {
  return {
    usedAt: undefined,
    answeredAt: undefined,
    unansweredSince: 0,
    cachedAt: undefined,
    writingSince: undefined,
    everMarked: false,
  }
}

/**
 * Notes that a prefix came, and says how: `again` while a cache of it would have lived, `beside` others before whose answers
 * nobody could read it, `late`, or for the first time.
 */
export function arrive(cached: Cached, at: number): 'first' | 'again' | 'beside' | 'late' {
  const { usedAt, answeredAt, unansweredSince } = cached
  cached.usedAt = at
  if (usedAt === undefined || !isWithin(usedAt, at)) {
    cached.unansweredSince = at
    return usedAt === undefined ? 'first' : 'late'
  }
  const isReadable =
    (answeredAt !== undefined && isWithin(answeredAt, at)) || at - unansweredSince >= WRITING_MS
  return isReadable ? 'again' : 'beside'
}

/** Says whether it was marked and can be read now. */
export function isWarm({ cachedAt }: Cached, at: number): boolean {
  return cachedAt !== undefined && isWithin(cachedAt, at)
}

/** Says whether a cache that was used then lives now. */
export function isWithin(since: number, at: number): boolean {
  return at - since < LIFE_MS
}
