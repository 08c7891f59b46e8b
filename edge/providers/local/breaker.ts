/**
 * Decides whether the local model is worth trying, from what happened lately: closed, open, or half open.
 * Pure but for the injected clock; makes no probe itself. Limits after Envoy's outlier detection, tightened because
 * there is one host behind it: see docs/decisions.
 */

export type BreakerState = 'closed' | 'open' | 'half_open'

export type Breaker = {
  readonly state: () => BreakerState
  /** Milliseconds until a probe is due; 0 when closed or due. */
  readonly waitMs: () => number
  /** True once for each time the wait is over: the caller then probes and reports. */
  readonly takeProbe: () => boolean
  readonly succeeded: () => void
  readonly failed: () => void
  /** Opens for as long as the upstream asked. */
  readonly openFor: (milliseconds: number) => void
}

export type BreakerOptions = {
  /** Milliseconds. */
  readonly now: () => number
  readonly consecutiveFailures?: number
  readonly failureShare?: number
  readonly minimumRequests?: number
  readonly windowMs?: number
  readonly firstOpenMs?: number
  readonly longestOpenMs?: number
  /** A probe that never reports is forgotten after this long. */
  readonly probeTimeoutMs?: number
}

/** Longest time for which a Retry-After is believed. */
const LONGEST_RETRY_AFTER_MS = 60_000

/** Returns a closed breaker. */
export function createBreaker(options: BreakerOptions): Breaker {
  const {
    now,
    consecutiveFailures = 3,
    failureShare = 0.5,
    minimumRequests = 10,
    windowMs = 30_000,
    firstOpenMs = 15_000,
    longestOpenMs = 300_000,
    probeTimeoutMs = 30_000,
  } = options
  let outcomes: { at: number; failed: boolean }[] = []
  let consecutive = 0
  let openUntil: number | undefined
  let openings = 0
  let probeStartedAt: number | undefined

  const open = (milliseconds: number) => {
    openUntil = now() + milliseconds
    probeStartedAt = undefined
    outcomes = []
    consecutive = 0
  }
  const tripsNow = () => {
    if (consecutive >= consecutiveFailures) return true
    const failures = outcomes.filter((outcome) => outcome.failed).length
    return outcomes.length >= minimumRequests && failures / outcomes.length >= failureShare
  }
  const remember = (failed: boolean) => {
    const oldest = now() - windowMs
    outcomes = [...outcomes.filter((outcome) => outcome.at > oldest), { at: now(), failed }]
  }

  return {
    state: () => (openUntil === undefined ? 'closed' : now() < openUntil ? 'open' : 'half_open'),
    waitMs: () => (openUntil === undefined ? 0 : Math.max(0, openUntil - now())),
    takeProbe() {
      if (openUntil === undefined || now() < openUntil) return false
      if (probeStartedAt !== undefined && now() - probeStartedAt < probeTimeoutMs) return false
      probeStartedAt = now()
      return true
    },
    succeeded() {
      openUntil = undefined
      openings = 0
      consecutive = 0
      probeStartedAt = undefined
      remember(false)
    },
    failed() {
      // A request that began before the breaker opened says nothing new when it fails after.
      if (openUntil !== undefined && now() < openUntil) return
      if (openUntil === undefined) {
        consecutive++
        remember(true)
        if (!tripsNow()) return
      }
      open(Math.min(longestOpenMs, firstOpenMs * 2 ** openings))
      openings++
    },
    openFor(milliseconds) {
      const until = Math.min(Math.max(milliseconds, 1), LONGEST_RETRY_AFTER_MS)
      if (openUntil === undefined || openUntil < now() + until) open(until)
    },
  }
}
