/**
 * The strategy set at runtime: what every isolate must agree on. Reads are answered from memory and refreshed beside
 * requests; a store that fails leaves the strategy in force that was known last, at first the configured one.
 */

import type { Log } from '../shared/log.ts'
import { settledWithin } from './fallback/deadline.ts'
import type { WaitUntil } from './request.ts'
import type { Strategy } from './strategy.ts'

/** Where the strategy is kept. */
export type StrategyRecord = {
  /** The strategy set at runtime, or undefined where none is. */
  readonly read: () => Promise<Strategy | undefined>
  readonly write: (strategy: Strategy) => Promise<void>
  readonly clear: () => Promise<void>
}

export type StrategyStore = {
  /** Returns the strategy in force. Never throws. */
  readonly current: (waitUntil: WaitUntil) => Promise<Strategy>
  /** @throws if the record cannot be written */
  readonly set: (strategy: Strategy) => Promise<void>
  /** Lets the configured strategy hold again. @throws if the record cannot be written */
  readonly reset: () => Promise<void>
}

const FRESH_MS = 2_000
const LONGEST_WAIT_MS = 500

/**
 * Returns a store over `record`.
 * @param configured the strategy of the settings
 * @param now milliseconds since the epoch
 */
export function createStrategyStore(
  record: StrategyRecord,
  configured: Strategy,
  now: () => number,
  log: Log,
): StrategyStore {
  let known: { strategy: Strategy; at: number } | undefined
  let changes = 0
  const refresh = async () => {
    const changesBefore = changes
    try {
      const stored = await readInTime(record)
      // What was read before a change that this isolate has confirmed since is out of date.
      if (changes !== changesBefore) return
      if (known === undefined && stored !== undefined && stored !== configured)
        log('[Router] A strategy set at runtime is in force', { strategy: stored, configured })
      known = { strategy: stored ?? configured, at: now() }
    } catch {
      const strategy = known?.strategy ?? configured
      log('[Router] The stored strategy cannot be read; the one known last holds', { strategy }, 'error')
      known = { strategy, at: now() }
    }
  }
  return {
    async current(waitUntil) {
      if (known === undefined) await refresh()
      else if (now() - known.at > FRESH_MS) {
        known = { ...known, at: now() }
        waitUntil(refresh())
      }
      return known?.strategy ?? configured
    },
    async set(strategy) {
      await record.write(strategy)
      changes += 1
      known = { strategy, at: now() }
    },
    async reset() {
      await record.clear()
      changes += 1
      known = { strategy: configured, at: now() }
    },
  }
}

/** Returns a record for one process. */
export function createMemoryStrategyRecord(): StrategyRecord {
  let strategy: Strategy | undefined
  return {
    read: async () => strategy,
    write: async (next) => {
      strategy = next
    },
    clear: async () => {
      strategy = undefined
    },
  }
}

/** @throws if the record does not answer in time */
async function readInTime(record: StrategyRecord): Promise<Strategy | undefined> {
  const read = await settledWithin(
    record.read().then((strategy) => ({ strategy })),
    LONGEST_WAIT_MS,
  )
  if (read === undefined) throw new Error('timeout')
  return read.strategy
}
