/**
 * Keeps one program running: starts it again with growing pauses when it ends unexpectedly, and stops it for good.
 * Knows nothing of what the program is; the first failure right after the first start is left to its owner.
 */
import type { Ending, ProcessGroup } from './process-group.ts'

export type Supervisor = {
  /** Settles when the program was stopped or given up; rejects where it cannot be started at all. */
  readonly finished: Promise<void>
  /** Ends the program and keeps it ended. */
  readonly stop: () => Promise<void>
}

export type SupervisorDeps = {
  readonly start: () => Promise<ProcessGroup>
  /** ms since any fixed moment, for the age of a process. */
  readonly now: () => number
  /** Waits; settles early where `signal` is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
  readonly onRestart: (ending: Ending, pauseMs: number) => void
  /** The program ended by itself right after its very first start: it will not get better by repetition. */
  readonly onGivenUp: (ending: Ending) => void
  /** How long the program may take to end when asked, ms. */
  readonly graceMs: number
}

/** A program that ends by itself sooner than this after its first start is misconfigured, ms. */
export const STARTUP_MS = 5_000
/** A program that ran for so long counts as healthy: the next pause is the first one again, ms. */
const HEALTHY_MS = 60_000
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000

/** Starts the program and keeps it running until `stop`. */
export function supervise(deps: SupervisorDeps): Supervisor {
  const stopped = new AbortController()
  let current: ProcessGroup | undefined
  const finished = run()
  return {
    finished,
    async stop() {
      stopped.abort()
      await current?.stop(deps.graceMs)
      await finished
    },
  }

  async function run(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS
    for (let first = true; !stopped.signal.aborted; first = false) {
      const startedAt = deps.now()
      current = await deps.start()
      // `stop` may have come while the program was being started.
      if (stopped.signal.aborted) await current.stop(deps.graceMs)
      const ending = await current.ended
      current = undefined
      if (stopped.signal.aborted) return
      const age = deps.now() - startedAt
      if (first && ending.code !== null && age < STARTUP_MS) {
        deps.onGivenUp(ending)
        return
      }
      if (age >= HEALTHY_MS) pauseMs = FIRST_PAUSE_MS
      deps.onRestart(ending, pauseMs)
      await deps.pause(pauseMs, stopped.signal)
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)
    }
  }
}
