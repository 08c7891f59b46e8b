/** Kept responses over Durable Objects: one object for each tenant, by the tenant's name. */
import type { ResponseStore } from '../responses/store/response-store.ts'
import type { StoredResponses } from './stored-responses.ts'

/** Returns the responses of a deployment. */
export function createDurableResponses(namespace: DurableObjectNamespace<StoredResponses>): ResponseStore {
  return {
    of(tenant) {
      const stub = namespace.getByName(tenant)
      return {
        keep: async (response) => await stub.keep(response),
        chain: async (id, maxBytes) => await stub.chain(id, maxBytes),
        find: async (ids) => await stub.find(ids),
        remove: async (id) => await stub.remove(id),
      }
    },
  }
}
