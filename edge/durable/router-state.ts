/**
 * The Durable Object that remembers for all isolates: today the strategy set at runtime and which objects keep receipts. Decides
 * nothing.
 */
import { DurableObject } from 'cloudflare:workers'
import type { Place } from '../ledger/places.ts'
import { createDirectoryStore, DIRECTORY_MIGRATIONS } from '../ledger/store/directory-store.ts'
import { migrate } from '../storage/migrations.ts'
import { isStrategy, type Strategy } from '../strategy.ts'
import type { StrategyRecord } from '../strategy-store.ts'
import { createDurableDatabase } from './durable-database.ts'

const STRATEGY = 'strategy'
type Stored = { readonly strategy: Strategy; readonly configured: Strategy }

export class RouterState extends DurableObject {
  readonly #database = createDurableDatabase(this.ctx.storage)
  readonly #directory = createDirectoryStore(this.#database)

  constructor(context: DurableObjectState, env: Cloudflare.Env) {
    super(context, env)
    migrate(this.#database, [...DIRECTORY_MIGRATIONS])
  }

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

  registerReceipts(place: Place) {
    this.#directory.register(place)
  }

  noteReceiptsArchived(place: Place) {
    this.#directory.noteArchived(place)
  }

  /** Returns where receipts of a tenant are or were, or everybody's. */
  listReceipts(tenant: string | undefined) {
    return this.#directory.entries(tenant)
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
