/** The batches of tenants over Durable Objects: in the object of each tenant's account. */
import type { BatchBook } from '../batches/batch-book.ts'
import type { Account } from './account.ts'

/** Returns the book of a deployment. */
export function createDurableBatchBook(namespace: DurableObjectNamespace<Account>): BatchBook {
  const of = (tenant: string) => namespace.getByName(tenant)
  return {
    bind: async (tenant, batch) => await of(tenant).bindBatch(batch),
    find: async (tenant, id) => await of(tenant).findBatch(id),
    list: async (tenant) => await of(tenant).listBatches(),
    fetch: async (tenant, id) => await of(tenant).fetchBatch(id),
    settle: async (tenant, id, use) => await of(tenant).settleBatch(id, use),
    forget: async (tenant, id) => await of(tenant).forgetBatch(id),
  }
}
