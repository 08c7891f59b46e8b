/**
 * Decides whether the local model is worth trying, from what happened to requests lately: closed, open, or half open.
 * A readiness page that answers well ends a wait early and lets one request try; only a request's own success closes
 * what failures have opened. Pure but for the injected clock; makes no probe itself. Limits after Envoy's outlier
 * detection, tightened because there is one host behind it: docs/decisions/0006.
 */

export type BreakerState = 'closed' | 'open' | 'half_open'

export type Breaker = {
  readonly state: () => BreakerState
  /** Milliseconds until a probe is due; 0 when closed or due. */
  readonly waitMs: () => number
  /** Whether a request may be sent: closed, or half open with a trial to be had. */
  readonly allows: () => boolean
  /** Takes the right to send a request; false where another request has the one trial. */
  readonly begin: () => boolean
  /** True once for each time the wait is over: the caller then probes and reports. */
  readonly takeProbe: () => boolean
  /** The readiness page answered well. */
  readonly probeSucceeded: () => void
  /** A request was answered to its end. */
  readonly succeeded: () => void
  /** A request or a probe failed by the server's fault. */
  readonly failed: () => void
  /** A request ended without saying anything about the server: the next one may try. */
  readonly abandoned: () => void
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
  /** A probe, or a request that tries, is forgotten after this long without a report. */
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
  let openedByFailures = false
  let probeStartedAt: number | undefined
  let trialAllowed = false
  let trialStartedAt: number | undefined

  const open = (milliseconds: number, byFailures: boolean) => {
    openUntil = now() + milliseconds
    openedByFailures = byFailures
    trialAllowed = false
    trialStartedAt = undefined
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

  const close = () => {
    openUntil = undefined
    trialAllowed = false
    trialStartedAt = undefined
    probeStartedAt = undefined
  }
  const isRunning = (startedAt: number | undefined) =>
    startedAt !== undefined && now() - startedAt < probeTimeoutMs
  const allows = () => openUntil === undefined || (trialAllowed && !isRunning(trialStartedAt))

  return {
    state: () => (openUntil === undefined ? 'closed' : now() < openUntil ? 'open' : 'half_open'),
    waitMs: () => (openUntil === undefined ? 0 : Math.max(0, openUntil - now())),
    allows,
    begin() {
      if (!allows()) return false
      if (openUntil !== undefined) trialStartedAt = now()
      return true
    },
    takeProbe() {
      if (openUntil === undefined || now() < openUntil || trialAllowed) return false
      if (isRunning(probeStartedAt)) return false
      probeStartedAt = now()
      return true
    },
    probeSucceeded() {
      if (openUntil === undefined) return
      // What the server asked for itself ends with its own word.
      if (!openedByFailures) {
        close()
        return
      }
      openUntil = Math.min(openUntil, now())
      trialAllowed = true
      probeStartedAt = undefined
    },
    succeeded() {
      close()
      openings = 0
      consecutive = 0
      remember(false)
    },
    abandoned() {
      trialStartedAt = undefined
    },
    failed() {
      // A request that began before the breaker opened says nothing new when it fails after.
      if (openUntil !== undefined && now() < openUntil) return
      if (openUntil === undefined) {
        consecutive++
        remember(true)
        if (!tripsNow()) return
      }
      open(Math.min(longestOpenMs, firstOpenMs * 2 ** openings), true)
      openings++
    },
    openFor(milliseconds) {
      const until = Math.min(Math.max(milliseconds, 1), LONGEST_RETRY_AFTER_MS)
      if (openUntil === undefined || openUntil < now() + until)
        open(until, openUntil !== undefined && openedByFailures)
    },
  }
}
