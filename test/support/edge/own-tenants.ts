/**
 * A ledger of a test's own inside one that many tests share: its tenants have a prefix there, and it sees no others.
 * Objects that start anew for each test would take seconds.
 */
import type { Ledger } from '../../../edge/ledger/ledger.ts'
import type { LedgerDirectory, LedgerObjects } from '../../../edge/ledger/ledger-objects.ts'
import { createLedger } from '../../../edge/ledger/object-ledger.ts'

type Parts = { readonly objects: LedgerObjects; readonly directory: LedgerDirectory }

/** Returns the ledger of the tenants whose names begin with `prefix` in the shared one. */
export function ledgerOfOwnTenants({ objects, directory }: Parts, prefix: string, shards = 1): Ledger {
  const inside = <T extends { readonly tenant: string }>(value: T): T => ({
    ...value,
    tenant: `${prefix}${value.tenant}`,
  })
  const outside = <T extends { readonly tenant: string }>(value: T): T => ({
    ...value,
    tenant: value.tenant.slice(prefix.length),
  })
  return createLedger({
    shards,
    objects: {
      archive: (tenant) => objects.archive(`${prefix}${tenant}`),
      receipts(place) {
        const object = objects.receipts(inside(place))
        return {
          append: (owner, record) => object.append(inside(owner), inside(record)),
          appendAll: (owner, records) => object.appendAll(inside(owner), records.map(inside)),
          async find(id) {
            const found = await object.find(id)
            return found && outside(found)
          },
          async list(range, filter, limit) {
            const { receipts, end } = await object.list(range, filter, limit)
            return { end, receipts: receipts.map((each) => ({ ...each, receipt: outside(each.receipt) })) }
          },
          usage: (query) => object.usage(query),
          giveFeedback: (id, feedback) => object.giveFeedback(id, feedback),
        }
      },
    },
    directory: {
      register: (place) => directory.register(inside(place)),
      noteArchived: (place) => directory.noteArchived(inside(place)),
      async entries(tenant) {
        const entries = await directory.entries(tenant === undefined ? undefined : `${prefix}${tenant}`)
        return entries.filter((entry) => entry.tenant.startsWith(prefix)).map(outside)
      },
    },
  })
}
