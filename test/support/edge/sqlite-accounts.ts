/**
 * Accounts and batches of tenants in memory, on Node's own SQLite: one database per tenant, as in production.
 */
import type { BatchBook } from '../../../edge/batches/batch-book.ts'
import { BATCH_MIGRATIONS, type BatchStore, createBatchStore } from '../../../edge/batches/batch-store.ts'
import { type Account, createAccount } from '../../../edge/budgets/account.ts'
import { BUDGET_MIGRATIONS } from '../../../edge/budgets/account-rows.ts'
import type { Accounts } from '../../../edge/budgets/accounts.ts'
import { migrate } from '../../../edge/storage/migrations.ts'
import { openSqliteDatabase } from '../../../llm/sqlite-database.ts'

type Stores = { readonly account: Account; readonly batches: BatchStore }

/** @param now milliseconds since the epoch */
export function createSqliteTenants(now: () => number): {
  readonly accounts: Accounts
  readonly batchBook: BatchBook
} {
  const opened = new Map<string, Promise<Stores>>()
  const open = async (): Promise<Stores> => {
    const database = await openSqliteDatabase(':memory:')
    migrate(database, [...BUDGET_MIGRATIONS, ...BATCH_MIGRATIONS])
    return { account: createAccount(database, now), batches: createBatchStore(database, now) }
  }
  const of = (tenant: string) => {
    const known = opened.get(tenant) ?? open()
    opened.set(tenant, known)
    return known
  }
  return {
    accounts: {
      reserve: async (tenant, reservation) => (await of(tenant)).account.reserve(reservation),
      settle: async (tenant, settlement) => (await of(tenant)).account.settle(settlement),
      use: async (tenant, question) => (await of(tenant)).account.use(question),
      opening: async (tenant, user) => (await of(tenant)).account.opening(user),
      open: async (tenant, earlier) => (await of(tenant)).account.open(earlier),
    },
    batchBook: {
      bind: async (tenant, batch) => (await of(tenant)).batches.bind(batch),
      find: async (tenant, id) => (await of(tenant)).batches.find(id),
      list: async (tenant) => (await of(tenant)).batches.list(),
      fetch: async (tenant, id) => (await of(tenant)).batches.fetch(id),
      settle: async (tenant, id, used) => (await of(tenant)).batches.settle(id, used),
      forget: async (tenant, id) => (await of(tenant)).batches.forget(id),
    },
  }
}

/** @param now milliseconds since the epoch */
export function createSqliteAccounts(now: () => number): Accounts {
  return createSqliteTenants(now).accounts
}
