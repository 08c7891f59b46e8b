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
  /** Waits for `work`, or rejects with the abort's reason. Rejections of abandoned work are swallowed. */
  readonly within: <T>(work: Promise<T>) => Promise<T>
  /** Whether the limit of the whole attempt has passed, rather than that of a stage. */
  readonly totalPassed: () => boolean
  /** Aborts the attempt: nobody reads on. */
  readonly cancel: () => void
  /** The attempt is over: the client's signal is no longer listened to. */
  readonly done: () => void
}

/**
 * Returns a running deadline. Its clocks run only inside `within`: a client that reads slowly makes no upstream late, and
 * no timer outlives the wait that it belongs to.
 * @param client aborted when the client disconnects
 * @param totalMs limit of all waits together
 */
export function createDeadline(client: AbortSignal, totalMs: number): Deadline {
  const controller = new AbortController()
  const incomplete = new RouterError('timeout', 'The answer was not complete in time.')
  const total: Clock = { remainingMs: totalMs, error: () => incomplete }
  let stage = total
  const end = (error: RouterError) => {
    client.removeEventListener('abort', disconnected)
    if (!controller.signal.aborted) controller.abort(error)
  }
  const disconnected = () => end(new RouterError('cancelled', 'The client closed the connection.'))
  if (client.aborted) disconnected()
  else client.addEventListener('abort', disconnected, { once: true })

  return {
    signal: controller.signal,
    stage(milliseconds, what) {
      stage = { remainingMs: milliseconds, error: () => new RouterError('timeout', `${what} in time.`) }
    },
    async within(work) {
      const running = stage === total ? [total] : [stage, total]
      const startedAt = Date.now()
      const timers = running.map((clock) =>
        setTimeout(() => end(clock.error()), Math.max(0, clock.remainingMs)),
      )
      try {
        return await raceAbort(work, controller.signal)
      } finally {
        for (const timer of timers) clearTimeout(timer)
        for (const clock of running) clock.remainingMs -= Date.now() - startedAt
      }
    },
    totalPassed: () => controller.signal.reason === incomplete,
    cancel: disconnected,
    done: () => client.removeEventListener('abort', disconnected),
  }
}

type Clock = { remainingMs: number; readonly error: () => RouterError }

/**
 * Returns what `work` resolves to, or undefined if that takes longer than `milliseconds`. The work goes on.
 */
export async function settledWithin<T>(work: Promise<T>, milliseconds: number): Promise<T | undefined> {
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

async function raceAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
  work.catch(() => {})
  try {
    return await Promise.race([work, aborted])
  } catch (error) {
    // Whatever fetch or a reader throws after an abort, the abort's reason says why.
    throw signal.aborted ? signal.reason : error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
