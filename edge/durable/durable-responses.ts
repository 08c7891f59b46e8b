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
        gather: async (ids, maxBytes) => await stub.gather(ids, maxBytes),
        find: async (id) => await stub.find(id),
        remove: async (id) => await stub.remove(id),
      }
    },
  }
}
