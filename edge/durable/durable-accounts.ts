/** The accounts of tenants over Durable Objects: one object each, by the tenant's name. */
import type { Accounts } from '../budgets/accounts.ts'
import type { Account } from './account.ts'

/** Returns the accounts of a deployment. */
export function createDurableAccounts(namespace: DurableObjectNamespace<Account>): Accounts {
  return {
    reserve: async (tenant, reservation) => await namespace.getByName(tenant).reserve(reservation),
    settle: async (tenant, settlement) => await namespace.getByName(tenant).settle(settlement),
    use: async (tenant, question) => await namespace.getByName(tenant).useOfLimits(question),
    opening: async (tenant, user) => await namespace.getByName(tenant).opening(user),
    open: async (tenant, earlier) => await namespace.getByName(tenant).open(earlier),
  }
}
