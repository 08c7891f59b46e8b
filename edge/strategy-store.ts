/**
 * The strategy in force: the one set at runtime, else that of the settings. Decides nothing; keeps nothing itself.
 */
import type { ControlStore } from './control/control-store.ts'
import type { WaitUntil } from './request.ts'
import type { Strategy } from './strategy.ts'

export type StrategyStore = {
  /** Returns the strategy in force. Never throws. */
  readonly current: (waitUntil: WaitUntil) => Promise<Strategy>
  /** @throws if it cannot be stored */
  readonly set: (strategy: Strategy) => Promise<void>
  /** Lets the configured strategy hold again. @throws if that cannot be stored */
  readonly reset: () => Promise<void>
}

/** @param configured the strategy of the settings */
export function createStrategyStore(control: ControlStore, configured: Strategy): StrategyStore {
  return {
    async current(waitUntil) {
      await control.load(waitUntil)
      return control.known()?.strategy?.strategy ?? configured
    },
    async set(strategy) {
      await control.change({ kind: 'set_strategy', strategy, configured })
    },
    async reset() {
      await control.change({ kind: 'clear_strategy' })
    },
  }
}
