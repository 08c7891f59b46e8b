/** A scheduler for one request at once, in front of a model that reads 1,000 tokens a second and writes 640. */
import { createObservedPace } from '../../inference/serving/observed-pace.ts'
import { createScheduler } from '../../inference/serving/scheduler.ts'

/** Returns the scheduler; a usual answer of 64 tokens takes 100 ms. */
export function createOneRowScheduler(maxQueue: number) {
  const now = () => performance.now()
  const speed = { firstTokenMs: 10, prefillTokensPerSecond: 1000, tokensPerSecond: 640 }
  return createScheduler({
    capacity: () => ({ rows: 1, cacheTokens: Number.POSITIVE_INFINITY }),
    maxQueue,
    queueTimeoutMs: 5000,
    pace: createObservedPace(() => speed, now),
    now,
  })
}
