/**
 * Who runs, who waits, who is turned away. Bounded by rows and by tokens of cache, shared fairly among tenants; those who
 * disconnected, or who could not be served in time, never take a row. Knows nothing of models.
 */
import { RouterError } from '../../shared/errors.ts'
import { createFairQueue } from './fair-queue.ts'
import { type Capacity, type Forecast, forecast, hasRoom, type Work } from './forecast.ts'
import type { ObservedPace } from './observed-pace.ts'
import { createProgress, type Demand, expectedWork, type Progress, reservedTokens } from './progress.ts'

export type SchedulerOptions = {
  /** Requests and tokens of cache that the model serves at once, as far as is known now. */
  readonly capacity: () => Capacity
  readonly maxQueue: number
  /** Longest wait for a row, in ms. */
  readonly queueTimeoutMs: number
  readonly pace: ObservedPace
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
}

/** What must be there by when. */
export type Deadline = {
  /** From now. */
  readonly ms: number
  readonly due: 'first_token' | 'whole_answer'
}

export type Load = {
  readonly running: number
  readonly queueDepth: number
  /** What a request of a new tenant would wait for a row, behind everybody who waits now, in ms. */
  readonly expectedWaitMs: number
}

export type Slot = Omit<Progress, 'finished' | 'left'> & {
  /**
   * Frees the row; a second call does nothing.
   * @param served false where the run broke off: its length says nothing about the next one's
   */
  readonly release: (served?: boolean) => void
}

export type Scheduler = {
  /**
   * Resolves once a row is free.
   * @throws {RouterError} `overloaded` (429) when full or too late, `cancelled` when `signal` aborts, `unavailable`
   * while draining
   */
  readonly acquire: (demand: Demand, signal: AbortSignal, deadline?: Deadline) => Promise<Slot>
  /**
   * Returns the refusal (429) that a newcomer of this tenant gets whatever it asks, since the queue is full and nobody else's
   * place is taken for it, or since even a request of no tokens would be too late; undefined where only `acquire` can say.
   */
  readonly turnsAway: (tenant: string, deadline?: Deadline) => RouterError | undefined
  /** Says whether one that came now would get a row at once. */
  readonly isFree: (demand: Demand) => boolean
  readonly load: () => Load
  /** Turns away whoever comes or waits; resolves when nobody runs any more. */
  readonly drain: () => Promise<void>
}

type Waiting = {
  readonly tenant: string
  readonly cost: number
  readonly demand: Demand
  readonly deadline: { readonly at: number; readonly due: Deadline['due'] } | undefined
  readonly start: () => void
  readonly refuse: (error: RouterError) => void
}

/** Takes nothing and waits behind everybody: whose wait is what a newcomer would wait. */
const NOTHING: Work = { prefillTokens: 0, decodeTokens: 0, cacheTokens: 0 }

/** Returns a scheduler with nobody in it. */
export function createScheduler({
  capacity,
  maxQueue,
  queueTimeoutMs,
  pace,
  now,
}: SchedulerOptions): Scheduler {
  const queue = createFairQueue<Waiting>()
  const running = new Set<Progress>()
  const idle = Promise.withResolvers<void>()
  let draining = false

  const workLeft = () => [...running].map((progress) => progress.left())
  /** In the order of the queue; the last one is of a newcomer. */
  const predict = (order: readonly Waiting[]): readonly Forecast[] =>
    forecast(
      workLeft(),
      [...order.map(({ demand }) => expectedWork(demand, pace)), NOTHING],
      capacity(),
      pace.pace(running.size === 0),
    )
  const newcomerWaitMs = () => predict(queue.order()).at(-1)?.admittedMs ?? 0
  const expectedWaitMs = () => Math.round(newcomerWaitMs())

  const overloaded = (text: string, retryAfterMs: number) =>
    new RouterError('overloaded', `The local model ${text}. Try again later.`, {
      status: 429,
      retryAfterMs: Math.max(1, Math.round(retryAfterMs)),
    })
  const noPlace = () => overloaded('has no free place in its queue', expectedWaitMs())
  const makePlace = () => {
    const last = queue.mostCrowded()
    if (!last) return
    // What it would wait is what all the others have before them.
    queue.remove(last)
    last.refuse(noPlace())
  }

  /** Why it is pointless to wait or to begin, or undefined. */
  const tooLate = (waiter: Waiting): RouterError | undefined => {
    const order = queue.order()
    const expected = predict(order)[order.indexOf(waiter)]
    if (expected === undefined) return undefined
    const { at, due } = waiter.deadline ?? { at: Number.POSITIVE_INFINITY, due: 'first_token' }
    return refusalOf(
      expected.admittedMs,
      due === 'first_token' ? expected.firstTokenMs : expected.finishedMs,
      at - now(),
    )
  }

  const refusalOf = (admittedMs: number, doneMs: number, deadlineMs: number): RouterError | undefined => {
    if (admittedMs > queueTimeoutMs)
      return overloaded('would not become free in time', admittedMs - queueTimeoutMs)
    return doneMs > deadlineMs ? overloaded('would not answer in time', doneMs - deadlineMs) : undefined
  }

  const dispatch = () => {
    for (const waiter of queue.order()) {
      if (!hasRoom(workLeft(), expectedWork(waiter.demand, pace), capacity())) return
      const late = tooLate(waiter)
      if (late) waiter.refuse(late)
      else waiter.start()
    }
  }

  const run = (demand: Demand): Slot => {
    const progress = createProgress(demand, pace, now)
    running.add(progress)
    return {
      started(promptTokens, cachedTokens) {
        progress.started(promptTokens, cachedTokens)
        // What had been set aside for a longer prompt may be enough for the next one.
        dispatch()
      },
      prefilled: progress.prefilled,
      wrote: progress.wrote,
      release(served = true) {
        if (!running.delete(progress)) return
        if (served) progress.finished()
        dispatch()
        if (draining && running.size === 0) idle.resolve()
      },
    }
  }

  const wait = (demand: Demand, signal: AbortSignal, deadline: Deadline | undefined): Promise<Slot> =>
    new Promise<Slot>((resolve, reject) => {
      const stopWaiting = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', abort)
      }
      const self: Waiting = {
        tenant: demand.tenant,
        cost: reservedTokens(demand),
        demand,
        deadline: deadline && { at: now() + deadline.ms, due: deadline.due },
        start() {
          queue.take(self)
          stopWaiting()
          resolve(run(demand))
        },
        refuse(error) {
          queue.remove(self)
          stopWaiting()
          reject(error)
        },
      }
      const abort = () => {
        self.refuse(new RouterError('cancelled', 'The client disconnected while it was waiting.'))
        // Those behind may fit where this one did not.
        dispatch()
      }
      const timer = setTimeout(
        () => {
          self.refuse(overloaded('did not become free in time', expectedWaitMs()))
          dispatch()
        },
        Math.min(queueTimeoutMs, deadline?.ms ?? Number.POSITIVE_INFINITY),
      )
      signal.addEventListener('abort', abort, { once: true })
      queue.add(self)
      dispatch()
      const late = tooLate(self)
      if (late) self.refuse(late)
      else if (queue.size() > maxQueue) makePlace()
    })

  return {
    async acquire(demand, signal, deadline) {
      if (draining) throw shuttingDown()
      if (signal.aborted) throw new RouterError('cancelled', 'The client disconnected before it was served.')
      return await wait(demand, signal, deadline)
    },
    turnsAway(tenant, deadline) {
      if (queue.size() >= maxQueue && queue.wouldCrowd(tenant)) return noPlace()
      if (!queue.isAlone(tenant)) return undefined
      const waitMs = newcomerWaitMs()
      return refusalOf(waitMs, waitMs, deadline?.ms ?? Number.POSITIVE_INFINITY)
    },
    isFree: (demand) => queue.size() === 0 && hasRoom(workLeft(), expectedWork(demand, pace), capacity()),
    load: () => ({ running: running.size, queueDepth: queue.size(), expectedWaitMs: expectedWaitMs() }),
    drain() {
      draining = true
      for (const waiter of queue.order()) waiter.refuse(shuttingDown())
      if (running.size === 0) idle.resolve()
      return idle.promise
    },
  }
}

function shuttingDown(): RouterError {
  return new RouterError('unavailable', 'The local model is shutting down.', { retryAfterMs: 5000 })
}
