/** The ledger over Durable Objects: which object a place and a tenant have. */
import { createAppendTogether } from '../ledger/append-together.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { LedgerDirectory, LedgerObjects } from '../ledger/ledger-objects.ts'
import { createLedger } from '../ledger/object-ledger.ts'
import { receiptsObjectName } from '../ledger/places.ts'
import type { LedgerBindings } from './receipts.ts'

type Bindings = Pick<LedgerBindings, 'RECEIPTS' | 'ACCOUNT' | 'ROUTER_STATE'>

/** Returns the ledger of a deployment. `shards`: how many objects take a tenant's receipts of a month. */
export function createDurableLedger(bindings: Bindings, shards: number): Ledger {
  const ledger = createLedger({ ...durableLedgerParts(bindings), shards })
  return {
    ...ledger,
    appendLater: createAppendTogether({ appendAll: ledger.appendAll, sleep, now: () => Date.now() }),
  }
}

/** Returns what the ledger is made of. */
export function durableLedgerParts({ RECEIPTS, ACCOUNT, ROUTER_STATE }: Bindings): {
  readonly objects: LedgerObjects
  readonly directory: LedgerDirectory
} {
  const objects: LedgerObjects = {
    receipts(place) {
      const stub = RECEIPTS.getByName(receiptsObjectName(place))
      return {
        append: async (owner, record) => await stub.append(owner, record),
        appendAll: async (owner, records) => await stub.appendAll(owner, records),
        find: async (id) => await stub.find(id),
        list: async (range, filter, limit) => await stub.list(range, filter, limit),
        usage: async (query) => await stub.usage(query),
        giveFeedback: async (id, feedback) => await stub.giveFeedback(id, feedback),
      }
    },
    archive(tenant) {
      const stub = ACCOUNT.getByName(tenant)
      return {
        keep: async (sums) => await stub.keepArchivedSums(sums),
        usage: async (query) => await stub.archivedUsage(query),
      }
    },
  }
  const state = () => ROUTER_STATE.getByName('router')
  return {
    objects,
    directory: {
      register: async (place) => await state().registerReceipts(place),
      noteArchived: async (place) => await state().noteReceiptsArchived(place),
      entries: async (tenant) => await state().listReceipts(tenant),
    },
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
