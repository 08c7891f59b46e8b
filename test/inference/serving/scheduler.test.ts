/** Who runs, who waits, who is turned away, with a clock of our own. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createObservedPace } from '../../../inference/serving/observed-pace.ts'
import type { Demand } from '../../../inference/serving/progress.ts'
import {
  createScheduler,
  type Deadline,
  type SchedulerOptions,
} from '../../../inference/serving/scheduler.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const never = new AbortController().signal
const now = () => Date.now()

/** Reads 1,000 tokens a second and writes 100: 100 tokens of prompt and 10 of answer take 200 ms. */
function scheduler({
  rows = 1,
  cacheTokens = 10_000,
  ...more
}: Partial<SchedulerOptions> & { rows?: number; cacheTokens?: number } = {}) {
  const speed = { firstTokenMs: 10, prefillTokensPerSecond: 1000, tokensPerSecond: 100 }
  const pace = createObservedPace(() => speed, now)
  const options = { maxQueue: 4, queueTimeoutMs: 60_000, capacity: () => ({ rows, cacheTokens }), pace, now }
  const { acquire, ...rest } = createScheduler({ ...options, ...more })
  const ask = (demand: Partial<Demand> = {}, deadline?: Deadline, signal = never) =>
    acquire(
      { tenant: 'a', promptTokens: 100, maxPromptTokens: 100, maxTokens: 10, ...demand },
      signal,
      deadline,
    )
  return { ask, ...rest }
}

const firstToken = (ms: number) => ({ ms, due: 'first_token' }) as const

test('runs as many as there are rows and serves the rest in the order in which they came', async () => {
  const { ask, load } = scheduler({ rows: 2 })
  const order: string[] = []
  const [first, second] = [await ask(), await ask()]
  const third = ask().finally(() => order.push('third'))
  const fourth = ask().finally(() => order.push('fourth'))
  expect(load()).toMatchObject({ running: 2, queueDepth: 2 })
  first.release()
  ;(await third).release()
  ;(await fourth).release()
  second.release()
  expect(order).toEqual(['third', 'fourth'])
  expect(load()).toEqual({ running: 0, queueDepth: 0, expectedWaitMs: 0 })
})

test('lets a tenant with little waiting pass one with much', async () => {
  const { ask } = scheduler({ maxQueue: 8 })
  const order: string[] = []
  const running = await ask({ tenant: 'crowd' })
  const all = ['crowd', 'crowd', 'crowd', 'single'].map(async (tenant, index) => {
    const slot = await ask({ tenant })
    order.push(`${tenant}${index}`)
    slot.release()
  })
  running.release()
  await Promise.all(all)
  expect(order).toEqual(['crowd0', 'single3', 'crowd1', 'crowd2'])
})

test('turns away with 429 and the expected wait when the queue is full', async () => {
  const { ask } = scheduler({ maxQueue: 2 })
  await ask()
  void ask()
  void ask()
  await expect(ask()).rejects.toMatchObject({ code: 'overloaded', status: 429, retryAfterMs: 600 })
})

test('gives a place in a full queue to a tenant that has fewer there', async () => {
  const { ask, load } = scheduler({ maxQueue: 2 })
  await ask({ tenant: 'crowd' })
  const waiting = ask({ tenant: 'crowd' })
  const newest = ask({ tenant: 'crowd' })
  const single = ask({ tenant: 'single' })
  await expect(newest).rejects.toMatchObject({ code: 'overloaded', status: 429 })
  await expect(ask({ tenant: 'single' })).rejects.toMatchObject({ code: 'overloaded' })
  expect(load()).toMatchObject({ running: 1, queueDepth: 2 })
  for (const place of [waiting, single]) place.catch(() => {})
})

test('holds back who does not fit into the cache, and whoever is behind, until there is room', async () => {
  const { ask, load } = scheduler({ rows: 4, cacheTokens: 300 })
  const [first, second] = [await ask(), await ask()]
  const third = ask()
  const small = ask({ promptTokens: 1, maxPromptTokens: 1, maxTokens: 1 })
  expect(load()).toMatchObject({ running: 2, queueDepth: 2 })
  first.release()
  const slot = await third
  expect(load()).toMatchObject({ running: 2, queueDepth: 1 })
  for (const running of [second, slot]) running.release()
  ;(await small).release()
})

test('sets aside less cache when the prompt turns out to be shorter', async () => {
  const { ask, load } = scheduler({ rows: 4, cacheTokens: 300 })
  const slots = [await ask(), await ask()]
  const third = ask({ promptTokens: 50, maxPromptTokens: 50 })
  for (const slot of slots) slot.started(30, 0)
  await third
  expect(load()).toMatchObject({ running: 3, queueDepth: 0 })
})

test('runs one that is larger than the whole cache alone', async () => {
  const { ask, load } = scheduler({ rows: 4, cacheTokens: 10 })
  await ask()
  ask().catch(() => {})
  expect(load()).toMatchObject({ running: 1, queueDepth: 1 })
})

test('turns away at once where the first token could not come in time, and says how much too late', async () => {
  const { ask, load } = scheduler()
  await expect(ask({}, firstToken(99))).rejects.toMatchObject({ status: 429, retryAfterMs: 1 })
  await ask({}, firstToken(100))
  // The one that runs takes 200 ms, the prompt 100 more.
  await expect(ask({}, firstToken(250))).rejects.toMatchObject({ status: 429, retryAfterMs: 50 })
  const waiting = ask({}, firstToken(300))
  expect(load()).toMatchObject({ running: 1, queueDepth: 1 })
  waiting.catch(() => {})
})

test('turns away at once where a whole answer could not come in time', async () => {
  const { ask } = scheduler()
  await expect(ask({}, { ms: 199, due: 'whole_answer' })).rejects.toMatchObject({ code: 'overloaded' })
  await ask({}, { ms: 200, due: 'whole_answer' })
})

test('counts the prompts that others still have to read', async () => {
  const { ask } = scheduler({ rows: 4 })
  const running = await ask({ promptTokens: 1000, maxPromptTokens: 1000 })
  await expect(ask({}, firstToken(1000))).rejects.toMatchObject({ code: 'overloaded' })
  running.started(900, 0)
  await ask({}, firstToken(1000))
})

test('tries an idle model whatever it did before, and gives no row to one whose time has passed', async () => {
  const { ask } = scheduler()
  const slow = await ask()
  slow.started(100, 0)
  vi.advanceTimersByTime(5000)
  slow.prefilled()
  const waiting = ask({}, firstToken(5000))
  vi.advanceTimersByTime(4950)
  const turnedAway = expect(waiting).rejects.toMatchObject({ code: 'overloaded' })
  slow.release(false)
  await turnedAway
  await ask({}, firstToken(100))
})

test('lets go of one who waited for longer than the queue allows', async () => {
  const { ask, load } = scheduler({ queueTimeoutMs: 2000 })
  await ask()
  const waiting = expect(ask()).rejects.toMatchObject({ code: 'overloaded', status: 429 })
  await vi.advanceTimersByTimeAsync(2000)
  await waiting
  expect(load().queueDepth).toBe(0)
})

test('turns away at once who would wait for longer than the queue allows', async () => {
  const { ask } = scheduler({ queueTimeoutMs: 150 })
  await ask()
  await expect(ask()).rejects.toMatchObject({ status: 429, retryAfterMs: 50 })
})

test('forgets one who left while waiting, and the next is served', async () => {
  const { ask, load } = scheduler()
  const first = await ask()
  const left = new AbortController()
  const gone = ask({}, undefined, left.signal)
  const next = ask()
  left.abort()
  await expect(gone).rejects.toMatchObject({ code: 'cancelled' })
  expect(load().queueDepth).toBe(1)
  first.release()
  ;(await next).release()
  await expect(ask({}, undefined, left.signal)).rejects.toMatchObject({ code: 'cancelled' })
})

test('expects the wait that is left, at the pace that is observed', async () => {
  const { ask, load } = scheduler()
  const slot = await ask({ maxTokens: 100 })
  expect(load().expectedWaitMs).toBe(100 + 640)
  slot.started(100, 50)
  expect(load().expectedWaitMs).toBe(50 + 640)
  vi.advanceTimersByTime(50)
  slot.prefilled()
  for (let token = 0; token < 60; token++) {
    slot.wrote(1)
    vi.advanceTimersByTime(20)
  }
  // Longer than usual soon: half a usual answer is expected to follow, at 10 to 20 ms a token.
  expect(load().expectedWaitMs).toBeGreaterThan(320)
  expect(load().expectedWaitMs).toBeLessThan(640)
})

test('expects nothing of runs that broke off', async () => {
  const { ask, load } = scheduler()
  const refused = await ask()
  refused.release(false)
  await ask({ maxTokens: 64 })
  expect(load().expectedWaitMs).toBe(740)
})

test('a row that is given back twice is freed once', async () => {
  const { ask, load } = scheduler({ rows: 2 })
  const first = await ask()
  await ask()
  first.release()
  first.release()
  expect(load().running).toBe(1)
})

test('draining turns away who waits and who comes, and ends for everybody when the last one has finished', async () => {
  const { ask, drain } = scheduler()
  const running = await ask()
  const waiting = ask()
  const drained = [drain(), drain()]
  await expect(waiting).rejects.toMatchObject({ code: 'unavailable' })
  await expect(ask()).rejects.toMatchObject({ code: 'unavailable' })
  running.release()
  await Promise.all([...drained, drain()])
})

test('knows beforehand whom it turns away: of a full queue those of a tenant that waits with no fewer than others', async () => {
  const { ask, turnsAway } = scheduler({ maxQueue: 3 })
  const running = await ask()
  const waiting = ['a', 'a', 'b'].map((tenant, index) => {
    expect(turnsAway(tenant)).toBeUndefined()
    return ask({ tenant }).catch((error) => `${tenant}${index} ${error.status}`)
  })
  expect(turnsAway('a')).toMatchObject({ code: 'overloaded', status: 429, retryAfterMs: expect.any(Number) })
  await expect(ask({ tenant: 'a' })).rejects.toMatchObject({ code: 'overloaded', status: 429 })
  // Who has less waiting gets a place that another one loses; who has nothing may even be served before all of them.
  expect([turnsAway('b'), turnsAway('c')]).toEqual([expect.anything(), undefined])
  waiting.push(ask({ tenant: 'c' }).catch((error) => `c3 ${error.status}`))
  running.release()
  const ends = waiting.map(async (end) => {
    const slot = await end
    if (typeof slot !== 'string') slot.release()
    return typeof slot === 'string' ? slot : 'served'
  })
  expect(await Promise.all(ends)).toEqual(['served', 'a1 429', 'served', 'served'])
})

test('knows beforehand who would be too late even with a request of no tokens, and says nothing where others wait', async () => {
  const { ask, turnsAway } = scheduler({ queueTimeoutMs: 500 })
  expect(turnsAway('a', firstToken(0))).toBeUndefined()
  const all = [await ask(), ask(), ask()]
  // Each takes 200 ms.
  expect(turnsAway('a', firstToken(601))).toMatchObject({
    status: 429,
    message: expect.stringContaining('become free'),
  })
  expect(turnsAway('b', firstToken(1))).toBeUndefined()
  const other = scheduler()
  const others = [await other.ask(), other.ask()]
  expect(other.turnsAway('a', firstToken(399))).toMatchObject({
    status: 429,
    message: expect.stringContaining('answer in time'),
  })
  await expect(other.ask({}, firstToken(399))).rejects.toMatchObject({ status: 429 })
  expect(other.turnsAway('a', firstToken(401))).toBeUndefined()
  for (const slot of [...all, ...others]) (await slot).release()
})
