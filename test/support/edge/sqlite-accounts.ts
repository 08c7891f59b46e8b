/**
 * Accounts in memory, on Node's own SQLite: one database per tenant, as in production.
 */
import { type Account, createAccount } from '../../../edge/budgets/account.ts'
import { BUDGET_MIGRATIONS } from '../../../edge/budgets/account-rows.ts'
import type { Accounts } from '../../../edge/budgets/accounts.ts'
import { migrate } from '../../../edge/storage/migrations.ts'
import { openSqliteDatabase } from '../../../llm/sqlite-database.ts'

/** @param now milliseconds since the epoch */
export function createSqliteAccounts(now: () => number): Accounts {
  const accounts = new Map<string, Promise<Account>>()
  const open = async () => {
    const database = await openSqliteDatabase(':memory:')
    migrate(database, BUDGET_MIGRATIONS)
    return createAccount(database, now)
  }
  const accountOf = (tenant: string) => {
    const known = accounts.get(tenant) ?? open()
    accounts.set(tenant, known)
    return known
  }
  return {
    reserve: async (tenant, reservation) => (await accountOf(tenant)).reserve(reservation),
    settle: async (tenant, settlement) => (await accountOf(tenant)).settle(settlement),
    use: async (tenant, question) => (await accountOf(tenant)).use(question),
  }
}
