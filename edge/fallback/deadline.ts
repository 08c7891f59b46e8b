/**
 * Time limits of one upstream attempt: one for the whole and one for the stage it is in, both ending in an abort
 * whose reason is a RouterError. Works inside a response pump, where AbortSignal.timeout stops working once the
 * handler has returned.
 */
import { RouterError } from '../../shared/errors.ts'

export type Deadline = {
  /** Aborted when a limit passes, when the client leaves or when `cancel` is called. */
  readonly signal: AbortSignal
  /** Starts a stage in which `within` may wait for `milliseconds` in all. `what` completes "… in time". */
  readonly stage: (milliseconds: number, what: string) => void
  /** Waits for `work`, or rejects with the abort's reason. Rejections of abandoned work are swallowed. */
  readonly within: <T>(work: Promise<T>) => Promise<T>
  /** Aborts the attempt: nobody reads on. */
  readonly cancel: () => void
  /** Ends all timers; the attempt is over. */
  readonly done: () => void
}

/**
 * Returns a running deadline.
 * @param client aborted when the client leaves
 * @param totalMs limit of the whole attempt
 */
export function createDeadline(client: AbortSignal, totalMs: number): Deadline {
  const controller = new AbortController()
  const abort = (error: RouterError) => {
    if (!controller.signal.aborted) controller.abort(error)
  }
  const left = () => abort(new RouterError('cancelled', 'The client closed the connection.'))
  const total = setTimeout(
    () => abort(new RouterError('timeout', 'The answer was not complete in time.')),
    totalMs,
  )
  let remainingMs = totalMs
  let late = () => abort(new RouterError('timeout', 'The answer was not complete in time.'))
  if (client.aborted) left()
  else client.addEventListener('abort', left, { once: true })

  const done = () => {
    clearTimeout(total)
    client.removeEventListener('abort', left)
  }
  return {
    signal: controller.signal,
    stage(milliseconds, what) {
      remainingMs = milliseconds
      late = () => abort(new RouterError('timeout', `${what} in time.`))
    },
    async within(work) {
      // A client that reads slowly makes nobody late: the stage's clock runs only while the upstream is waited for.
      const startedAt = Date.now()
      const timer = setTimeout(late, Math.max(0, remainingMs))
      const stageAtStart = late
      try {
        return await raceAbort(work, controller.signal)
      } finally {
        clearTimeout(timer)
        if (late === stageAtStart) remainingMs -= Date.now() - startedAt
      }
    },
    cancel() {
      left()
      done()
    },
    done,
  }
}

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
