/**
 * The Durable Object of one tenant: what must be true of it everywhere and outlives its receipts. Everything that it does
 * stands in stores over its database.
 */
import { DurableObject } from 'cloudflare:workers'
import type { BatchUse, NewBatch } from '../batches/batch-book.ts'
import { BATCH_MIGRATIONS, createBatchStore } from '../batches/batch-store.ts'
import { createAccount } from '../budgets/account.ts'
import { BUDGET_MIGRATIONS } from '../budgets/account-rows.ts'
import type { EarlierSpending, LimitsQuestion, Reservation, Settlement } from '../budgets/accounts.ts'
import type { ArchivedSums } from '../ledger/ledger-objects.ts'
import { ARCHIVE_MIGRATIONS, createArchiveStore } from '../ledger/store/archive-store.ts'
import type { ObjectQuery } from '../ledger/usage-sum.ts'
import { isMigrated, migrate } from '../storage/migrations.ts'
import type { SqlDatabase } from '../storage/sql-database.ts'
import { createDurableDatabase } from './durable-database.ts'

export class Account extends DurableObject {
  readonly #database = createDurableDatabase(this.ctx.storage)
  #opened: ReturnType<typeof openStores> | undefined

  get #stores() {
    this.#opened ??= openStores(this.#database)
    return this.#opened
  }

  /** Anybody may ask for batches that were never made: that alone writes nothing. */
  get #keptBatches() {
    return this.#opened !== undefined || isMigrated(this.#database) ? this.#stores.batches : undefined
  }

  keepArchivedSums(sums: ArchivedSums) {
    this.#stores.archive.keep(sums)
  }

  archivedUsage(query: ObjectQuery) {
    return this.#stores.archive.usage(query)
  }

  reserve(reservation: Reservation) {
    return this.#stores.budgets.reserve(reservation)
  }

  settle(settlement: Settlement) {
    return this.#stores.budgets.settle(settlement)
  }

  useOfLimits(question: LimitsQuestion) {
    return this.#stores.budgets.use(question)
  }

  opening(user: string | undefined) {
    return this.#stores.budgets.opening(user)
  }

  open(earlier: EarlierSpending) {
    this.#stores.budgets.open(earlier)
  }

  bindBatch(batch: NewBatch) {
    this.#stores.batches.bind(batch)
  }

  findBatch(id: string) {
    return this.#keptBatches?.find(id)
  }

  listBatches() {
    return this.#keptBatches?.list() ?? []
  }

  fetchBatch(id: string) {
    return this.#stores.batches.fetch(id)
  }

  settleBatch(id: string, use: BatchUse) {
    this.#stores.batches.settle(id, use)
  }

  forgetBatch(id: string) {
    this.#stores.batches.forget(id)
  }
}

function openStores(database: SqlDatabase) {
  migrate(database, [...ARCHIVE_MIGRATIONS, ...BUDGET_MIGRATIONS, ...BATCH_MIGRATIONS])
  const now = () => Date.now()
  return {
    archive: createArchiveStore(database),
    budgets: createAccount(database, now),
    batches: createBatchStore(database, now),
  }
}
