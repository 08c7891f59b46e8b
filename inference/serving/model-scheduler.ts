/**
 * The scheduler in front of one model: its limits from the settings, its first estimate of an answer's duration from
 * the model's self-test.
 */
import type { InferenceConfig } from '../config.ts'
import type { Speed } from '../engine/self-test.ts'
import { createScheduler, type Scheduler } from './scheduler.ts'

/** Tokens of a typical answer to a simple request: what a wait is estimated by before any was measured. */
const TYPICAL_ANSWER_TOKENS = 64

/**
 * Returns the scheduler.
 * @param speed undefined until it was measured
 * @param now milliseconds of a clock that never goes back
 */
export function createModelScheduler(
  { maxConcurrency, maxQueue, queueTimeoutMs }: InferenceConfig,
  speed: () => Speed | undefined,
  now: () => number,
): Scheduler {
  return createScheduler({
    maxConcurrency,
    maxQueue,
    queueTimeoutMs,
    now,
    expectedServiceMs() {
      const measured = speed()
      if (measured === undefined) return 0
      return measured.firstTokenMs + (TYPICAL_ANSWER_TOKENS / measured.tokensPerSecond) * 1000
    },
  })
}
