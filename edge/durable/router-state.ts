/**
 * The Durable Object that remembers for all isolates: today the strategy set at runtime. Decides nothing.
 */
import { DurableObject } from 'cloudflare:workers'
import { isStrategy, type Strategy } from '../strategy.ts'
import type { StrategyRecord } from '../strategy-store.ts'

const STRATEGY = 'strategy'
type Stored = { readonly strategy: Strategy; readonly configured: Strategy }

export class RouterState extends DurableObject {
  /** Returns the strategy set at runtime, unless the settings have been changed since. */
  async readStrategy(configured: Strategy): Promise<Strategy | undefined> {
    const stored = await this.ctx.storage.get<Stored>(STRATEGY)
    if (stored === undefined) return undefined
    // A new LLM_STRATEGY is the newer word of the same operator: what was set before is over, also when it returns.
    if (stored.configured !== configured) {
      await this.clearStrategy()
      return undefined
    }
    return isStrategy(stored.strategy) ? stored.strategy : undefined
  }

  async writeStrategy(strategy: Strategy, configured: Strategy): Promise<void> {
    await this.ctx.storage.put<Stored>(STRATEGY, { strategy, configured })
  }

  async clearStrategy(): Promise<void> {
    await this.ctx.storage.delete(STRATEGY)
  }
}

/** Returns the record that lives in the Durable Object; there is one for the whole deployment. */
export function createDurableStrategyRecord(
  namespace: DurableObjectNamespace<RouterState>,
  configured: Strategy,
): StrategyRecord {
  const stub = () => namespace.getByName('router')
  return {
    read: async () => await stub().readStrategy(configured),
    write: async (strategy) => await stub().writeStrategy(strategy, configured),
    clear: async () => await stub().clearStrategy(),
  }
}
