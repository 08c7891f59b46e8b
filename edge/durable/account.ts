/**
 * The Durable Object of one tenant: what must be true of it everywhere and outlives its receipts. Everything that it does
 * stands in stores over its database.
 */
import { DurableObject } from 'cloudflare:workers'
import type { NewBatch } from '../batches/batch-book.ts'
import { BATCH_MIGRATIONS, createBatchStore } from '../batches/batch-store.ts'
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
  readonly #batches = createBatchStore(this.#database, () => Date.now())

  constructor(context: DurableObjectState, env: Cloudflare.Env) {
    super(context, env)
    migrate(this.#database, [...ARCHIVE_MIGRATIONS, ...BUDGET_MIGRATIONS, ...BATCH_MIGRATIONS])
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

  bindBatch(batch: NewBatch) {
    this.#batches.bind(batch)
  }

  findBatch(id: string) {
    return this.#batches.find(id)
  }

  listBatches() {
    return this.#batches.list()
  }

  fetchBatch(id: string) {
    return this.#batches.fetch(id)
  }

  settleBatch(id: string, used: Settlement['used']) {
    this.#batches.settle(id, used)
  }

  forgetBatch(id: string) {
    this.#batches.forget(id)
  }
}
