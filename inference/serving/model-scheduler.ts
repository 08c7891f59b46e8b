/**
 * The scheduler in front of one model: its limits from the settings and from what the loaded model tells, its first
 * forecasts from the model's self-test.
 */
import type { InferenceConfig } from '../config.ts'
import type { Serving } from '../engine/engine.ts'
import type { Speed } from '../engine/self-test.ts'
import { createObservedPace } from './observed-pace.ts'
import { createScheduler, type Scheduler } from './scheduler.ts'

export type ModelSchedulerOptions = {
  readonly config: Pick<InferenceConfig, 'maxConcurrency' | 'maxQueue' | 'queueTimeoutMs'>
  /** Undefined until the model is loaded. */
  readonly serving: () => Serving | undefined
  /** Undefined until it was measured. */
  readonly speed: () => Speed | undefined
  /** Memory that keys and values of running requests may take, in bytes. */
  readonly cacheBytes: () => number
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
}

/** Returns the scheduler. */
export function createModelScheduler(options: ModelSchedulerOptions): Scheduler {
  const { config, serving, speed, cacheBytes, now } = options
  const { maxConcurrency, maxQueue, queueTimeoutMs } = config
  return createScheduler({
    capacity() {
      const { rows = 1, cacheBytesPerToken = 0 } = serving() ?? {}
      const cacheTokens =
        cacheBytesPerToken > 0 ? cacheBytes() / cacheBytesPerToken : Number.POSITIVE_INFINITY
      return { rows: Math.min(maxConcurrency, rows), cacheTokens }
    },
    maxQueue,
    queueTimeoutMs,
    pace: createObservedPace(speed, now),
    now,
  })
}
