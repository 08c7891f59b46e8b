/**
 * Who runs, who waits, who is turned away. Bounded and first come, first served; those who disconnected, or who could not
 * be served in time, never take a slot. Knows nothing of models.
 */
import { RouterError } from '../../shared/errors.ts'

export type SchedulerOptions = {
  readonly maxConcurrency: number
  readonly maxQueue: number
  /** Longest wait for a slot, in ms. */
  readonly queueTimeoutMs: number
  /** What a request is expected to take before any was measured, in ms. */
  readonly expectedServiceMs: () => number
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
}

export type Load = {
  readonly running: number
  readonly queueDepth: number
  /** What a new request would wait for a slot, in ms. */
  readonly expectedWaitMs: number
}

export type Slot = {
  /**
   * Frees the slot; a second call does nothing.
   * @param served false where the run broke off: its duration says nothing about the next one's
   */
  readonly release: (served?: boolean) => void
}

export type Scheduler = {
  /**
   * Resolves once a slot is free.
   * @param deadlineMs how long the client is willing to wait, from now
   * @throws {RouterError} `overloaded` (429) when full or too late, `cancelled` when `signal` aborts, `unavailable`
   * while draining
   */
  readonly acquire: (signal: AbortSignal, deadlineMs?: number) => Promise<Slot>
  readonly load: () => Load
  /** Turns away whoever comes or waits; resolves when nobody runs any more. */
  readonly drain: () => Promise<void>
}

type Waiting = { readonly start: () => void; readonly refuse: (error: RouterError) => void }

/** Weight of the newest duration in the running mean: follows a changed load within about ten requests. */
const NEWEST_WEIGHT = 0.2

/** Returns a scheduler with nobody in it. */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const waiting = new Set<Waiting>()
  const startedAt = new Set<{ readonly at: number }>()
  let meanMs: number | undefined
  let draining = false
  let whenIdle: (() => void) | undefined

  const serviceMs = () => meanMs ?? options.expectedServiceMs()

  const expectedWaitMs = (): number => {
    if (startedAt.size < options.maxConcurrency) return 0
    const now = options.now()
    const remaining = [...startedAt].map(({ at }) => Math.max(0, serviceMs() - (now - at)))
    const soonest = Math.min(...remaining)
    return Math.round(soonest + (waiting.size * serviceMs()) / options.maxConcurrency)
  }

  const overloaded = (text: string) =>
    new RouterError('overloaded', text, { status: 429, retryAfterMs: Math.max(expectedWaitMs(), 1) })

  const run = (): Slot => {
    const entry = { at: options.now() }
    startedAt.add(entry)
    return {
      release(served = true) {
        if (!startedAt.delete(entry)) return
        const took = options.now() - entry.at
        if (served) meanMs = meanMs === undefined ? took : meanMs + NEWEST_WEIGHT * (took - meanMs)
        const [next] = waiting
        next?.start()
        if (startedAt.size === 0) whenIdle?.()
      },
    }
  }

  const wait = (signal: AbortSignal, limitMs: number): Promise<Slot> =>
    new Promise<Slot>((resolve, reject) => {
      const stopWaiting = () => {
        waiting.delete(self)
        clearTimeout(timer)
        signal.removeEventListener('abort', abort)
      }
      const self: Waiting = {
        start() {
          stopWaiting()
          resolve(run())
        },
        refuse(error) {
          stopWaiting()
          reject(error)
        },
      }
      const abort = () =>
        self.refuse(new RouterError('cancelled', 'The client disconnected while it was waiting.'))
      const timer = setTimeout(
        () => self.refuse(overloaded('The local model did not become free in time. Try again later.')),
        limitMs,
      )
      signal.addEventListener('abort', abort, { once: true })
      waiting.add(self)
    })

  return {
    async acquire(signal, deadlineMs = Number.POSITIVE_INFINITY) {
      if (draining)
        throw new RouterError('unavailable', 'The local model is shutting down.', { retryAfterMs: 5000 })
      if (signal.aborted) throw new RouterError('cancelled', 'The client disconnected before it was served.')
      if (startedAt.size < options.maxConcurrency) return run()
      if (waiting.size >= options.maxQueue)
        throw overloaded('The local model has no free place in its queue. Try again later.')
      const limitMs = Math.min(options.queueTimeoutMs, deadlineMs)
      if (expectedWaitMs() > limitMs)
        throw overloaded('The local model would not become free in time. Try again later.')
      return await wait(signal, limitMs)
    },
    load: () => ({
      running: startedAt.size,
      queueDepth: waiting.size,
      expectedWaitMs: expectedWaitMs(),
    }),
    drain() {
      draining = true
      for (const entry of waiting)
        entry.refuse(
          new RouterError('unavailable', 'The local model is shutting down.', { retryAfterMs: 5000 }),
        )
      if (startedAt.size === 0) return Promise.resolve()
      return new Promise((resolve) => {
        whenIdle = resolve
      })
    },
  }
}
