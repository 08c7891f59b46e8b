/**
 * Time limits of one upstream attempt: one for the whole attempt and one for the stage it is in, both ending in an abort
 * whose reason is a RouterError. Works inside a response pump, where AbortSignal.timeout stops working once the
 * handler has returned.
 */
import { RouterError } from '../../shared/errors.ts'

export type Deadline = {
  /** Aborted when a limit passes, when the client disconnects or when `cancel` is called. */
  readonly signal: AbortSignal
  /** Starts a stage in which `within` may wait for `milliseconds` in all. `what` completes "… in time". */
  readonly stage: (milliseconds: number, what: string) => void
  /** Waits for `work`, or rejects with the abort's reason. Rejections of abandoned work are swallowed. One wait at a time. */
  readonly within: <T>(work: Promise<T>) => Promise<T>
  /**
   * As `within`, for reads that follow each other: the timer of one serves the next ones as well, and goes when the attempt is
   * over. Setting one for each takes as long as passing the chunk on.
   */
  readonly reading: <T>(work: Promise<T>) => Promise<T>
  /** Whether the limit of the whole attempt has passed, rather than that of a stage. */
  readonly totalPassed: () => boolean
  /** Aborts the attempt: nobody reads on. */
  readonly cancel: () => void
  /** The attempt is over: the client's signal is no longer listened to. */
  readonly done: () => void
}

/**
 * Returns a running deadline. Its clocks run only inside `within` and `reading`: a client that reads slowly makes no upstream
 * late, and no timer outlives the wait, or the reads, that it belongs to.
 * @param client aborted when the client disconnects
 * @param totalMs limit of all waits together
 */
export function createDeadline(client: AbortSignal, totalMs: number): Deadline {
  const controller = new AbortController()
  const { signal } = controller
  const total: Clock = { remainingMs: totalMs, what: 'The answer was not complete' }
  let stage = total
  let totalPassed = false
  let wait: Wait | undefined
  let timer: Timer | undefined
  const stopTimer = () => {
    if (timer !== undefined) clearTimeout(timer.id)
    timer = undefined
  }
  const end = (error: RouterError) => {
    client.removeEventListener('abort', disconnected)
    if (!signal.aborted) controller.abort(error)
    stopTimer()
    wait?.interrupt()
  }
  // Errors are made when they are needed: each one writes down the stack.
  const disconnected = () => {
    if (!signal.aborted) end(new RouterError('cancelled', 'The client closed the connection.'))
  }
  const startTimer = (of: Wait, milliseconds: number) => {
    stopTimer()
    const delayMs = Math.max(0, milliseconds)
    timer = { of, at: Date.now() + delayMs, id: setTimeout(fired, delayMs) }
  }
  const fired = () => {
    const set = timer
    timer = undefined
    if (wait === undefined) return
    const { clock, startedAt } = wait
    // A timer of a read before: this one has what is left of its own time.
    if (set?.of !== wait) return startTimer(wait, clock.remainingMs - (Date.now() - startedAt))
    totalPassed = clock === total
    end(new RouterError('timeout', `${clock.what} in time.`))
  }
  if (client.aborted) disconnected()
  else client.addEventListener('abort', disconnected, { once: true })

  const waitFor = <T>(work: Promise<T>, keepsTimer: boolean): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      const startedAt = Date.now()
      const over = () => {
        if (wait !== current) return
        wait = undefined
        if (!keepsTimer) stopTimer()
        const waitedMs = Date.now() - startedAt
        total.remainingMs -= waitedMs
        if (stage !== total) stage.remainingMs -= waitedMs
      }
      const current: Wait = {
        // The one that passes first is the only one that can.
        clock: stage.remainingMs <= total.remainingMs ? stage : total,
        startedAt,
        interrupt() {
          over()
          reject(signal.reason)
        },
      }
      wait = current
      const dueAt = startedAt + current.clock.remainingMs
      if (timer === undefined || timer.at > dueAt) startTimer(current, current.clock.remainingMs)
      work.then(
        (result) => {
          over()
          resolve(result)
        },
        (error) => {
          over()
          // Whatever fetch or a reader throws after an abort, the abort's reason says why.
          reject(signal.aborted ? signal.reason : error)
        },
      )
      if (signal.aborted) current.interrupt()
    })

  return {
    signal,
    stage(milliseconds, what) {
      stage = { remainingMs: milliseconds, what }
    },
    within: (work) => waitFor(work, false),
    reading: (work) => waitFor(work, true),
    totalPassed: () => totalPassed,
    cancel() {
      stopTimer()
      disconnected()
    },
    done() {
      stopTimer()
      client.removeEventListener('abort', disconnected)
    },
  }
}

type Wait = {
  /** The one that ends it. */
  readonly clock: Clock
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly interrupt: () => void
}

type Timer = {
  readonly of: Wait
  /** When it fires, milliseconds since the epoch. */
  readonly at: number
  readonly id: ReturnType<typeof setTimeout>
}

type Clock = {
  remainingMs: number
  /** Completes "… in time". */
  readonly what: string
}

const TURNS_IN_MEMORY = 4

/**
 * Returns what `work` resolves to, or undefined if that takes longer than `milliseconds`. The work goes on.
 */
export async function settledWithin<T>(work: Promise<T>, milliseconds: number): Promise<T | undefined> {
  let isSettled = false
  const settle = () => {
    isSettled = true
  }
  work.then(settle, settle)
  // What is in memory is there after a turn or two, and needs no timer.
  for (let turn = 0; turn < TURNS_IN_MEMORY && !isSettled; turn += 1) await undefined
  if (isSettled) return await work
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    if (timer !== undefined) clearTimeout(timer)
  }
}
