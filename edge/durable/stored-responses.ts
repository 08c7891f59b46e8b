/**
 * The Durable Object that keeps the responses of one tenant for a while. Everything that it does stands in
 * `edge/responses/store`; here it gets its platform.
 */
import { DurableObject } from 'cloudflare:workers'
import { readResponsesRetentionHours } from '../config.ts'
import { createResponseShelf } from '../responses/store/response-shelf.ts'
import type { KeptResponse } from '../responses/store/response-store.ts'
import { createDurableDatabase } from './durable-database.ts'

export class StoredResponses extends DurableObject<Readonly<Record<string, unknown>>> {
  readonly #shelf = createResponseShelf({
    database: createDurableDatabase(this.ctx.storage),
    erase: () => this.ctx.storage.deleteAll(),
    readAlarm: () => this.ctx.storage.getAlarm(),
    setAlarm: (at) => this.ctx.storage.setAlarm(at),
    retentionHours: readResponsesRetentionHours(this.env),
    now: () => Date.now(),
  })

  keep(response: KeptResponse) {
    return this.#shelf.keep(response)
  }

  chain(id: string, maxBytes: number) {
    return this.#shelf.chain(id, maxBytes)
  }

  gather(ids: readonly string[], maxBytes: number) {
    return this.#shelf.gather(ids, maxBytes)
  }

  find(id: string) {
    return this.#shelf.find(id)
  }

  remove(id: string) {
    return this.#shelf.remove(id)
  }

  override alarm() {
    return this.#shelf.alarm()
  }
}
