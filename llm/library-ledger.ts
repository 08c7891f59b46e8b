/**
 * The ledger of a program: receipts in the folder that `LEDGER_PATH` names, opened when the first one comes, and tended
 * now and then. What is kept and how stands in `sqlite-ledger.ts`.
 */

import type { Ledger } from '../edge/ledger/ledger.ts'
import { makeFolder } from '../inference/models/make-folder.ts'
import { causeName } from '../shared/errors.ts'
import type { Log } from '../shared/log.ts'
import { createSqliteLedger, databasesIn, type SqliteLedger } from './sqlite-ledger.ts'

export type LibraryLedgerOptions = {
  /** Made where there is none. */
  readonly folder: string
  readonly retentionDays: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly log: Log
}

const TEND_EVERY_MS = 3_600_000

/** Returns the ledger; every method throws a RouterError `configuration` where this Node has no SQLite. */
export function createLibraryLedger({ folder, ...options }: LibraryLedgerOptions): Ledger {
  const { now, log } = options
  let opening: Promise<SqliteLedger> | undefined
  let tendedAt = Number.NEGATIVE_INFINITY
  const open = async (): Promise<SqliteLedger> => {
    makeFolder(folder)
    return createSqliteLedger({ ...options, open: databasesIn(folder), shards: 1 })
  }
  const opened = (): Promise<SqliteLedger> => {
    // A folder that could not be written may be writable the next time.
    opening ??= open().catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }
  const tend = async (ledger: SqliteLedger): Promise<void> => {
    if (now() - tendedAt < TEND_EVERY_MS) return
    tendedAt = now()
    // What was appended is kept, whatever becomes of older receipts.
    await ledger
      .tend()
      .catch((error: unknown) =>
        log('[Router] The ledger cannot be tended', { name: causeName(error) }, 'error'),
      )
  }
  return {
    async append(record) {
      const ledger = await opened()
      await ledger.append(record)
      await tend(ledger)
    },
    async appendAll(records) {
      const ledger = await opened()
      await ledger.appendAll(records)
      await tend(ledger)
    },
    find: async (scope, id) => (await opened()).find(scope, id),
    list: async (...asked) => (await opened()).list(...asked),
    usage: async (...asked) => (await opened()).usage(...asked),
    giveFeedback: async (scope, id, feedback) => (await opened()).giveFeedback(scope, id, feedback),
    firstDay: async () => (await opened()).firstDay(),
    tenants: async () => (await opened()).tenants(),
  }
}
