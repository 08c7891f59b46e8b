/**
 * The Durable Object that remembers for all isolates: what is set at runtime (strategy, keys, limits), and which objects keep
 * receipts. Decides nothing.
 */
import { DurableObject } from 'cloudflare:workers'
import { createControlKeeper } from '../control/control-record.ts'
import type { ControlChange, ControlResult, ControlState } from '../control/control-state.ts'
import type { Place } from '../ledger/places.ts'
import { createDirectoryStore, DIRECTORY_MIGRATIONS } from '../ledger/store/directory-store.ts'
import { migrate } from '../storage/migrations.ts'
import type { Strategy } from '../strategy.ts'
import { createControlStorage } from './control-storage.ts'
import { createDurableDatabase } from './durable-database.ts'

export class RouterState extends DurableObject {
  readonly #control = createControlKeeper(createControlStorage(this.ctx.storage))
  readonly #database = createDurableDatabase(this.ctx.storage)
  readonly #directory = createDirectoryStore(this.#database)

  constructor(context: DurableObjectState, env: Cloudflare.Env) {
    super(context, env)
    migrate(this.#database, [...DIRECTORY_MIGRATIONS])
  }

  /** Returns what is set at runtime, or undefined where that is the version known already. */
  readControl(configured: Strategy, knownVersion: number | undefined): Promise<ControlState | undefined> {
    return this.#control.read(configured, knownVersion)
  }

  /** Makes one change for all isolates. */
  changeControl(change: ControlChange): Promise<ControlResult> {
    return this.#control.change(change)
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
