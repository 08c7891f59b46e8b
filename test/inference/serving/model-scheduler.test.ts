import { expect, test } from 'vitest'
import { readInferenceConfig } from '../../../inference/config.ts'
import type { Speed } from '../../../inference/engine/self-test.ts'
import { createModelScheduler } from '../../../inference/serving/model-scheduler.ts'

test('expects a typical answer at the speed that the self-test measured', async () => {
  const config = readInferenceConfig({ HOST: '127.0.0.1', MAX_CONCURRENCY: '1' }, 2)
  let speed: Speed | undefined
  const scheduler = createModelScheduler(
    config,
    () => speed,
    () => 0,
  )
  await scheduler.acquire(new AbortController().signal)
  expect(scheduler.load().expectedWaitMs).toBe(0)
  speed = { firstTokenMs: 200, prefillTokensPerSecond: 300, tokensPerSecond: 32 }
  expect(scheduler.load().expectedWaitMs).toBe(2200)
})
