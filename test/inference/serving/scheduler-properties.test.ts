/** What holds of the scheduler whoever comes, leaves, is slow or breaks off, in whatever order. */
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createObservedPace } from '../../../inference/serving/observed-pace.ts'
import { createScheduler, type Slot } from '../../../inference/serving/scheduler.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const now = () => Date.now()
const SPEED = { firstTokenMs: 10, prefillTokensPerSecond: 1000, tokensPerSecond: 100 }
const QUEUE_TIMEOUT_MS = 3000

const limits = fc.record({
  rows: fc.integer({ min: 1, max: 6 }),
  cacheTokens: fc.integer({ min: 50, max: 3000 }),
  maxQueue: fc.nat(6),
})
const demand = fc.record({
  tenant: fc.constantFrom('a', 'b', 'c'),
  promptTokens: fc.integer({ min: 1, max: 200 }),
  maxTokens: fc.integer({ min: 1, max: 200 }),
})
const actions = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant('ask' as const),
        demand,
        deadlineMs: fc.option(fc.nat(4000), { nil: undefined }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ type: fc.constant('finish' as const), which: fc.nat(10), served: fc.boolean() }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('leave' as const), which: fc.nat(10) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constant('write' as const),
        which: fc.nat(10),
        tokens: fc.integer({ min: 1, max: 20 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('pass' as const), ms: fc.nat(1500) }) },
  ),
  { maxLength: 60 },
)

test('keeps rows, cache and queue within their bounds, settles everybody, and expects waits that can be', async () => {
  await fc.assert(
    fc.asyncProperty(limits, actions, async ({ rows, cacheTokens, maxQueue }, script) => {
      const scheduler = createScheduler({
        capacity: () => ({ rows, cacheTokens }),
        maxQueue,
        queueTimeoutMs: QUEUE_TIMEOUT_MS,
        pace: createObservedPace(() => SPEED, now),
        now,
      })
      type Request = {
        readonly tokens: number
        readonly client: AbortController
        slot?: Slot
        over: boolean
        started: boolean
      }
      const requests: Request[] = []
      const running = () => requests.filter(({ slot, over }) => slot && !over)
      const waiting = () => requests.filter(({ slot, over }) => !slot && !over)
      const pick = (list: Request[], which: number) => list[which % Math.max(1, list.length)]
      const end = (request: Request | undefined, served: boolean) => {
        if (!request) return
        request.over = true
        request.slot?.release(served)
      }
      const check = async () => {
        // Lets promises settle, and timers that are due at this very moment.
        await vi.advanceTimersByTimeAsync(0)
        const load = scheduler.load()
        expect(load.running).toBe(running().length)
        expect(load.queueDepth).toBe(waiting().length)
        expect(load.running).toBeLessThanOrEqual(rows)
        expect(load.queueDepth).toBeLessThanOrEqual(maxQueue)
        const longest = Math.max(0, ...running().map(({ tokens }) => tokens))
        if (load.running > 1) expect(load.running * longest).toBeLessThanOrEqual(cacheTokens)
        // Whoever waits, waits for somebody.
        if (load.queueDepth > 0) expect(load.running).toBeGreaterThan(0)
        expect(Number.isFinite(load.expectedWaitMs)).toBe(true)
        expect(load.expectedWaitMs).toBeGreaterThanOrEqual(0)
        if (load.running < rows && load.queueDepth === 0 && (load.running + 1) * longest <= cacheTokens)
          expect(load.expectedWaitMs).toBe(0)
      }
      for (const action of script) {
        if (action.type === 'ask') {
          const { promptTokens, maxTokens, tenant } = action.demand
          const request: Request = {
            tokens: promptTokens + maxTokens,
            client: new AbortController(),
            over: false,
            started: false,
          }
          requests.push(request)
          const deadline =
            action.deadlineMs === undefined
              ? undefined
              : ({ ms: action.deadlineMs, due: 'first_token' } as const)
          const askedAt = now()
          void scheduler
            .acquire(
              { tenant, promptTokens, maxPromptTokens: promptTokens, maxTokens },
              request.client.signal,
              deadline,
            )
            .then(
              (slot) => {
                request.slot = slot
                expect(now() - askedAt).toBeLessThanOrEqual(
                  Math.min(QUEUE_TIMEOUT_MS, action.deadlineMs ?? Infinity),
                )
              },
              () => {
                request.over = true
              },
            )
        } else if (action.type === 'finish') end(pick(running(), action.which), action.served)
        else if (action.type === 'leave') pick(waiting(), action.which)?.client.abort()
        else if (action.type === 'write') {
          const request = pick(running(), action.which)
          if (request?.started) request.slot?.wrote(action.tokens)
          else if (request) request.slot?.started(request.tokens, 0)
          if (request) request.started = true
        } else await vi.advanceTimersByTimeAsync(action.ms)
        await check()
      }
      const drained = scheduler.drain()
      await check()
      for (const request of running()) end(request, true)
      await drained
      expect(requests.every(({ over }) => over)).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('serves everybody who waits, however many others keep coming', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(demand, { minLength: 1, maxLength: 30 }), demand, async (others, own) => {
      const scheduler = createScheduler({
        capacity: () => ({ rows: 2, cacheTokens: 800 }),
        maxQueue: 10,
        queueTimeoutMs: 1e9,
        pace: createObservedPace(() => SPEED, now),
        now,
      })
      const ask = (given: typeof own, tenant: string) =>
        scheduler.acquire(
          { ...given, tenant, maxPromptTokens: given.promptTokens },
          new AbortController().signal,
        )
      const slots: Slot[] = []
      const keep = (given: typeof own, tenant: string) =>
        void ask(given, tenant).then(
          (slot) => slots.push(slot),
          () => {},
        )
      for (let count = 0; count < 6; count++) keep(own, 'crowd')
      let served = false
      void ask({ ...own, promptTokens: 200, maxTokens: 200 }, 'crowd').then(() => {
        served = true
      })
      let turns = 0
      for (; !served && turns < 1000; turns++) {
        const other = others[turns % others.length] ?? own
        keep(other, `new${turns}`)
        await vi.advanceTimersByTimeAsync(0)
        slots.shift()?.release()
        await vi.advanceTimersByTimeAsync(0)
      }
      expect(served).toBe(true)
    }),
    { numRuns: 100 },
  )
})
