/**
 * The Durable Object that keeps the receipts of one tenant, month and shard. Everything that it does stands in
 * `edge/ledger/store`; here it gets its platform.
 */
import { DurableObject } from 'cloudflare:workers'
import { createLog } from '../../shared/log.ts'
import { readLogFormat, readRetentionDays } from '../config.ts'
import type { ReceiptFilter } from '../ledger/ledger.ts'
import type { Place } from '../ledger/places.ts'
import type { Feedback, ReceiptRecord } from '../ledger/receipt-record.ts'
import type { PositionRange } from '../ledger/store/receipt-rows.ts'
import { createReceiptsObject } from '../ledger/store/receipts-object.ts'
import type { ObjectQuery } from '../ledger/usage-sum.ts'
import type { Account } from './account.ts'
import { createDurableDatabase } from './durable-database.ts'
import type { RouterState } from './router-state.ts'

export type LedgerBindings = Readonly<Record<string, unknown>> & {
  readonly ROUTER_STATE: DurableObjectNamespace<RouterState>
  readonly RECEIPTS: DurableObjectNamespace<Receipts>
  readonly ACCOUNT: DurableObjectNamespace<Account>
}

export class Receipts extends DurableObject<LedgerBindings> {
  readonly #object = createReceiptsObject({
    database: createDurableDatabase(this.ctx.storage),
    erase: () => this.ctx.storage.deleteAll(),
    readAlarm: () => this.ctx.storage.getAlarm(),
    setAlarm: (at) => this.ctx.storage.setAlarm(at),
    directory: {
      register: async (place) => await routerState(this.env).registerReceipts(place),
      noteArchived: async (place) => await routerState(this.env).noteReceiptsArchived(place),
    },
    archive: async (tenant, sums) => await this.env.ACCOUNT.getByName(tenant).keepArchivedSums(sums),
    retentionDays: readRetentionDays(this.env),
    now: () => Date.now(),
    log: createLog(readLogFormat(this.env), (line) => console.error(line)),
  })

  append(place: Place, record: ReceiptRecord) {
    return this.#object.append(place, record)
  }

  appendAll(place: Place, records: readonly ReceiptRecord[]) {
    return this.#object.appendAll(place, records)
  }

  find(id: string) {
    return this.#object.find(id)
  }

  list(range: PositionRange, filter: ReceiptFilter, limit: number) {
    return this.#object.list(range, filter, limit)
  }

  usage(query: ObjectQuery) {
    return this.#object.usage(query)
  }

  giveFeedback(id: string, feedback: Feedback) {
    return this.#object.giveFeedback(id, feedback)
  }

  override alarm() {
    return this.#object.alarm()
  }
}

function routerState({ ROUTER_STATE }: LedgerBindings) {
  return ROUTER_STATE.getByName('router')
}
