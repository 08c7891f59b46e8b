import { expect, test } from 'vitest'
import { createScheduler, type SchedulerOptions } from '../../../inference/serving/scheduler.ts'

const never = new AbortController().signal

function scheduler(more: Partial<SchedulerOptions> = {}) {
  const clock = { ms: 0 }
  const options = { maxConcurrency: 1, maxQueue: 2, queueTimeoutMs: 60_000, expectedServiceMs: () => 1000 }
  return { clock, ...createScheduler({ ...options, now: () => clock.ms, ...more }) }
}

test('runs as many as it may and serves the rest in the order in which they came', async () => {
  const { acquire, load } = scheduler()
  const order: string[] = []
  const first = await acquire(never)
  const second = acquire(never).then((slot) => {
    order.push('second')
    return slot
  })
  const third = acquire(never).then((slot) => {
    order.push('third')
    return slot
  })
  expect(load()).toMatchObject({ running: 1, queueDepth: 2 })
  first.release()
  const slot = await second
  slot.release()
  const last = await third
  last.release()
  expect(order).toEqual(['second', 'third'])
  expect(load()).toEqual({ running: 0, queueDepth: 0, expectedWaitMs: 0 })
})

test('turns away with 429 and the measured wait when the queue is full', async () => {
  const { acquire, clock, load } = scheduler()
  const warm = await acquire(never)
  clock.ms = 4000
  warm.release()
  await acquire(never)
  void acquire(never)
  void acquire(never)
  expect(load().expectedWaitMs).toBe(12_000)
  await expect(acquire(never)).rejects.toMatchObject({
    code: 'overloaded',
    status: 429,
    retryAfterMs: 12_000,
  })
})

test('expects nothing of runs that broke off', async () => {
  const { acquire, clock, load } = scheduler()
  const refused = await acquire(never)
  clock.ms = 20
  refused.release(false)
  await acquire(never)
  expect(load().expectedWaitMs).toBe(1000)
})

test('turns away at once whose deadline cannot be met', async () => {
  const { acquire } = scheduler()
  await acquire(never)
  await expect(acquire(never, 500)).rejects.toMatchObject({ code: 'overloaded', status: 429 })
})

test('lets go of one who waited for longer than the queue allows', async () => {
  const { acquire, load } = scheduler({ queueTimeoutMs: 20, expectedServiceMs: () => 0 })
  await acquire(never)
  await expect(acquire(never)).rejects.toMatchObject({ code: 'overloaded' })
  expect(load().queueDepth).toBe(0)
})

test('forgets one who left while waiting, and the next is served', async () => {
  const { acquire, load } = scheduler()
  const first = await acquire(never)
  const left = new AbortController()
  const gone = acquire(left.signal)
  const next = acquire(never)
  left.abort()
  await expect(gone).rejects.toMatchObject({ code: 'cancelled' })
  expect(load().queueDepth).toBe(1)
  first.release()
  ;(await next).release()
})

test('a slot that is released twice is freed once', async () => {
  const { acquire, load } = scheduler({ maxConcurrency: 2 })
  const first = await acquire(never)
  await acquire(never)
  first.release()
  first.release()
  expect(load().running).toBe(1)
})

test('draining turns away who waits and who comes, and ends when the last one has finished', async () => {
  const { acquire, drain } = scheduler()
  const running = await acquire(never)
  const waiting = acquire(never)
  const drained = drain()
  await expect(waiting).rejects.toMatchObject({ code: 'unavailable' })
  await expect(acquire(never)).rejects.toMatchObject({ code: 'unavailable' })
  running.release()
  await drained
})
