/** The limits of one model: the operator's, its own, and those of memory. */
import { expect, test } from 'vitest'
import type { Serving } from '../../../inference/engine/engine.ts'
import { createModelScheduler } from '../../../inference/serving/model-scheduler.ts'

const SERVING: Serving = {
  loop: 'batched',
  weights: 'int8',
  rows: 4,
  cacheBytesPerToken: 10,
  reason: undefined,
}
const speed = { firstTokenMs: 200, prefillTokensPerSecond: 250, tokensPerSecond: 32 }
const demand = { tenant: 'a', promptTokens: 50, maxPromptTokens: 50, maxTokens: 50 }

type Given = { maxConcurrency?: number; serving?: Serving | undefined; cacheBytes?: number }

function modelScheduler(given: Given) {
  const { maxConcurrency, serving, cacheBytes } = {
    maxConcurrency: 8,
    serving: SERVING,
    cacheBytes: 1e9,
    ...given,
  }
  const scheduler = createModelScheduler({
    config: { maxConcurrency, maxQueue: 20, queueTimeoutMs: 60_000 },
    serving: () => serving,
    speed: () => speed,
    cacheBytes: () => cacheBytes,
    now: () => 0,
  })
  for (let request = 0; request < 10; request++)
    scheduler.acquire(demand, new AbortController().signal).catch(() => {})
  return scheduler
}

test.each([
  ['MAX_CONCURRENCY', { maxConcurrency: 2 }, 2],
  ['the model’s rows', {}, 4],
  ['memory for the cache', { cacheBytes: 3500 }, 3],
  ['one, where memory has no room', { cacheBytes: 0 }, 1],
  ['one, before the model says how it serves', { serving: undefined }, 1],
  [
    'rows alone, where nothing is known of the cache',
    { serving: { ...SERVING, cacheBytesPerToken: 0 }, cacheBytes: 0 },
    4,
  ],
] as const)('runs as many at once as allowed by %s', (_by, given, running) => {
  expect(modelScheduler(given).load()).toMatchObject({ running, queueDepth: 10 - running })
})

test('expects the first wait at the speed that the self-test measured', async () => {
  // 50 tokens are read in 200 ms, 50 written in 1,562.5.
  expect(modelScheduler({ maxConcurrency: 1 }).load().expectedWaitMs).toBe(10 * 1762.5)
})
