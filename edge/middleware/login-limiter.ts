/**
 * Slows down whoever guesses the admin key at the dashboard's log-in: a number of wrong tries for each address, then a
 * pause. Counts in this isolate only, so it is no accounting: the key's length is what keeps guesses out.
 */

const WRONG_TRIES = 10
const WINDOW_MS = 5 * 60_000
/** Addresses remembered; the oldest are forgotten. */
const MOST_ADDRESSES = 1_000

export type LoginLimiter = {
  /** Returns how many milliseconds this address must wait before another try; 0 where it need not. */
  readonly waitMs: (address: string) => number
  readonly noteWrong: (address: string) => void
  /** Forgets the wrong tries of an address that knew the key. */
  readonly noteRight: (address: string) => void
}

/** Returns a limiter. @param now milliseconds since the epoch */
export function createLoginLimiter(now: () => number): LoginLimiter {
  const windows = new Map<string, { readonly since: number; count: number }>()
  const current = (address: string) => {
    const window = windows.get(address)
    if (window === undefined || now() - window.since < WINDOW_MS) return window
    windows.delete(address)
    return undefined
  }
  return {
    waitMs(address) {
      const window = current(address)
      return window === undefined || window.count < WRONG_TRIES ? 0 : window.since + WINDOW_MS - now()
    },
    noteWrong(address) {
      const window = current(address)
      if (window !== undefined) {
        window.count += 1
        return
      }
      windows.set(address, { since: now(), count: 1 })
      const oldest = windows.keys().next().value
      if (windows.size > MOST_ADDRESSES && oldest !== undefined) windows.delete(oldest)
    },
    noteRight: (address) => void windows.delete(address),
  }
}
