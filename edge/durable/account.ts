/**
 * The Durable Object of one tenant: what must be true of it everywhere and outlives its receipts. Everything that it does
 * stands in stores over its database.
 */
import { DurableObject } from 'cloudflare:workers'
import { createAccount } from '../budgets/account.ts'
import { BUDGET_MIGRATIONS } from '../budgets/account-rows.ts'
import type { LimitsQuestion, Reservation, Settlement } from '../budgets/accounts.ts'
import type { ArchivedSums } from '../ledger/ledger-objects.ts'
import { ARCHIVE_MIGRATIONS, createArchiveStore } from '../ledger/store/archive-store.ts'
import type { ObjectQuery } from '../ledger/usage-sum.ts'
import { migrate } from '../storage/migrations.ts'
import { createDurableDatabase } from './durable-database.ts'

export class Account extends DurableObject {
  readonly #database = createDurableDatabase(this.ctx.storage)
  readonly #archive = createArchiveStore(this.#database)
  readonly #budgets = createAccount(this.#database, () => Date.now())

  constructor(context: DurableObjectState, env: Cloudflare.Env) {
    super(context, env)
    migrate(this.#database, [...ARCHIVE_MIGRATIONS, ...BUDGET_MIGRATIONS])
  }

  keepArchivedSums(sums: ArchivedSums) {
    this.#archive.keep(sums)
  }

  archivedUsage(query: ObjectQuery) {
    return this.#archive.usage(query)
  }

  reserve(reservation: Reservation) {
    return this.#budgets.reserve(reservation)
  }

  settle(settlement: Settlement) {
    return this.#budgets.settle(settlement)
  }

  useOfLimits(question: LimitsQuestion) {
    return this.#budgets.use(question)
  }
}
