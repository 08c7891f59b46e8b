/**
 * What is known of one local server: which model it has, how busy it is, whether trying it is worth a client's time.
 * Probes are made beside requests, never in front of them once the server is known; a sleeping server is woken by
 * its probe. State of the isolate: it may vanish at any time.
 */

import { type ErrorCode, RouterError } from '../../../shared/errors.ts'
import type { Log } from '../../../shared/log.ts'
import type { WaitUntil } from '../../request.ts'
import { createBreaker } from './breaker.ts'
import { createLateness } from './lateness.ts'
import { askReadiness, DEFAULT_LOADING_WAIT_MS, type LocalModel, type ReadinessOptions } from './readiness.ts'

export type LocalState = 'unknown' | 'ready' | 'waking' | 'busy' | 'down'

export type LocalHealth = {
  readonly url: string
  readonly model: () => LocalModel | undefined
  readonly state: () => LocalState
  /** Milliseconds that a request would wait before it runs, by what the server said last. */
  readonly expectedWaitMs: () => number
  /**
   * Why a request must not be sent now, or undefined where it may. Starts a probe when one is due.
   * @param isLast nobody else could answer, so that it may wait for longer
   */
  readonly unavailableReason: (waitUntil: WaitUntil, isLast: boolean) => RouterError | undefined
  /** Refreshes model and readiness, in the foreground only while nothing is known. Never throws. */
  readonly refresh: (waitUntil: WaitUntil) => Promise<void>
  /** Takes the right to send a request. @throws {RouterError} where another request is trying already */
  readonly begin: () => void
  /** Tells that a request was answered to its end. */
  readonly succeeded: (waitUntil: WaitUntil) => void
  /** Tells of a failed request; `waitUntil` keeps the probe alive that may follow. */
  readonly failed: (error: RouterError, waitUntil: WaitUntil) => void
  /** Reads the load that a response's headers tell. */
  readonly noteLoad: (headers: Headers) => void
}

/** Told of changes, not of states. */
export type HealthListener = {
  /** Failures have opened the breaker, which was closed. */
  readonly opened: (cause: RouterError, waitUntil: WaitUntil) => void
  /** The server answers, for the first time or again. */
  readonly ready: (waitUntil: WaitUntil) => void
}

export type LocalHealthOptions = ReadinessOptions & {
  readonly log: Log
  /** Longest time a request waits to hear what the server is, ms. */
  readonly refreshTimeoutMs: number
  /** A request that would wait longer than this is not sent, ms. */
  readonly longestWaitMs: number
  /** The same where nobody else could answer, ms. */
  readonly longestLastWaitMs: number
  readonly listener?: HealthListener | undefined
}

/** What says something about the server; a client's doing, or what its model cannot or will not answer, does not. */
const SERVER_FAULTS: ReadonlySet<ErrorCode> = new Set(['timeout', 'unavailable', 'overloaded', 'upstream'])
const MODEL_FRESH_MS = 60_000
/** A free instance takes 30 to 60 s to wake; work may go on for 30 s after the response. */
const PROBE_TIMEOUT_MS = 25_000
const REFUSED_AGAIN_MS = 2_000

/** Returns the health of a server of which nothing is known yet. */
export function createLocalHealth(options: LocalHealthOptions): LocalHealth {
  const { url, now, log, listener } = options
  const breaker = createBreaker({ now })
  let model: LocalModel | undefined
  let refreshedAt = Number.NEGATIVE_INFINITY
  const lateness = createLateness(now)
  let label: LocalState = 'unknown'
  let lastError: RouterError | undefined
  let wokenAt = Number.NEGATIVE_INFINITY
  let saidLoading = false
  let probedAt = Number.NEGATIVE_INFINITY
  let failures = 0

  const note = (error: RouterError, waitUntil: WaitUntil) => {
    lastError = error
    failures += 1
    if (error.code === 'overloaded' || error.retryAfterMs !== undefined) {
      label = error.code === 'overloaded' ? 'busy' : 'waking'
      breaker.openFor(error.retryAfterMs ?? DEFAULT_LOADING_WAIT_MS)
      return
    }
    const wasClosed = breaker.state() === 'closed'
    breaker.failed()
    label = 'down'
    if (wasClosed && breaker.state() !== 'closed') listener?.opened(error, waitUntil)
  }
  const becomesReady = (waitUntil: WaitUntil) => {
    lastError = undefined
    if (label === 'ready') return
    label = 'ready'
    log('[Router] Local model is ready', { model: model?.name })
    listener?.ready(waitUntil)
  }
  const probe = async (timeoutMs: number, waitUntil: WaitUntil) => {
    probedAt = now()
    const failuresBefore = failures
    try {
      const found = await askReadiness(options, AbortSignal.timeout(timeoutMs))
      model = found.model
      if (found.waitMs !== undefined) lateness.told(found.waitMs)
      refreshedAt = now()
      saidLoading = false
      breaker.probeSucceeded()
      // A page that says "ready" while every answer fails is no reason to believe it.
      if (breaker.state() !== 'closed') return
      becomesReady(waitUntil)
    } catch (error) {
      const known = RouterError.from(error)
      saidLoading = known.retryAfterMs !== undefined
      // Probes of requests that came together meet one failure; Workers lets no request wait for another one's probe.
      if (failures === failuresBefore) note(known, waitUntil)
    }
  }
  /** One wake-up call at a time: a sleeping instance must not be kept busy by its callers' impatience. */
  const wake = (waitUntil: WaitUntil) => {
    if (now() - wokenAt < PROBE_TIMEOUT_MS) return
    wokenAt = now()
    waitUntil(
      probe(PROBE_TIMEOUT_MS, waitUntil).finally(() => {
        wokenAt = Number.NEGATIVE_INFINITY
      }),
    )
  }

  return {
    url,
    model: () => model,
    state: () => (label !== 'ready' && breaker.state() === 'closed' && model !== undefined ? 'ready' : label),
    expectedWaitMs: lateness.expectedWaitMs,
    unavailableReason(waitUntil, isLast) {
      if (!breaker.allows()) {
        if (breaker.takeProbe()) waitUntil(probe(PROBE_TIMEOUT_MS, waitUntil))
        // A host that refuses at once costs nothing to ask again: it may be back long before the breaker's wait is over.
        else if (lastError?.code === 'unavailable' && now() - probedAt > REFUSED_AGAIN_MS) wake(waitUntil)
        return lastError ?? notAvailable()
      }
      if (breaker.state() !== 'closed') return undefined
      // A server that cannot say in time what it is would not answer in time either.
      if (model === undefined && lastError?.code === 'timeout') return lastError
      const longestMs = isLast ? options.longestLastWaitMs : options.longestWaitMs
      return lateness.exceeds(longestMs) ? tooLate(lateness.expectedWaitMs()) : undefined
    },
    async refresh(waitUntil) {
      const closed = breaker.state() === 'closed'
      const waking = now() - wokenAt < PROBE_TIMEOUT_MS
      // The wait that a loading server states is a guess, and asking it again is cheap.
      if (saidLoading || (model === undefined && closed && !waking))
        await probe(options.refreshTimeoutMs, waitUntil)
      else if (model !== undefined && closed && now() - refreshedAt > MODEL_FRESH_MS) {
        refreshedAt = now()
        waitUntil(probe(PROBE_TIMEOUT_MS, waitUntil))
      }
      if (breaker.state() === 'closed' && label === 'down') wake(waitUntil)
    },
    begin() {
      if (!breaker.begin()) throw lastError ?? notAvailable()
      lateness.asked()
    },
    succeeded(waitUntil) {
      breaker.succeeded()
      becomesReady(waitUntil)
    },
    failed(error, waitUntil) {
      if (!SERVER_FAULTS.has(error.code)) {
        breaker.abandoned()
        return
      }
      saidLoading = false
      note(error, waitUntil)
      if (breaker.state() === 'closed') wake(waitUntil)
    },
    noteLoad(headers) {
      const waitMs = Number(headers.get('x-expected-wait-ms') ?? Number.NaN)
      if (Number.isFinite(waitMs) && waitMs >= 0) lateness.told(waitMs)
    },
  }
}

function tooLate(retryAfterMs: number): RouterError {
  return new RouterError('overloaded', 'The local model has too many requests waiting.', { retryAfterMs })
}

function notAvailable(): RouterError {
  return new RouterError('unavailable', 'The local model is not available.')
}
