/**
 * Predicts from the load that a local server told last whether its first word would come too late. A prediction grows old
 * with the wait that it is made of, and after a second one request may find out whether it still holds. Pure but for the
 * injected clock; what is late enough to be left out is the caller's word.
 */

export type Lateness = {
  /** Milliseconds that a request would wait before it runs; 0 where nothing is known, or nothing any more. */
  readonly expectedWaitMs: () => number
  /** Whether a request that may wait so long, ms, is not worth sending: it would wait longer, and nobody need find out. */
  readonly exceeds: (longestWaitMs: number) => boolean
  /** The server told its load: milliseconds that a newcomer waits. */
  readonly told: (waitMs: number) => void
  /** A request is sent, whose response will tell the load. */
  readonly asked: () => void
}

/** A queue may be gone in less time than it predicted: clients disconnect. */
const BELIEVED_MS = 1_000
/** What was told so long ago says nothing. */
const REMEMBERED_MS = 5_000
/** A request that was to find out, and tells nothing for so long, is not waited for. */
const LONGEST_TRIAL_MS = 2_000

/** Returns the lateness of a server of which nothing is known yet. */
export function createLateness(now: () => number): Lateness {
  let report: { readonly waitMs: number; readonly at: number } | undefined
  let trialAt: number | undefined
  const ageMs = () => (report === undefined ? Number.POSITIVE_INFINITY : now() - report.at)
  const isTried = () => trialAt !== undefined && now() - trialAt < LONGEST_TRIAL_MS
  const expectedWaitMs = () =>
    report === undefined || ageMs() >= REMEMBERED_MS ? 0 : Math.max(0, report.waitMs - ageMs())
  return {
    expectedWaitMs,
    exceeds: (longestWaitMs) => expectedWaitMs() > longestWaitMs && (ageMs() < BELIEVED_MS || isTried()),
    told(waitMs) {
      report = { waitMs, at: now() }
      trialAt = undefined
    },
    asked() {
      if (ageMs() >= BELIEVED_MS && !isTried()) trialAt = now()
    },
  }
}
