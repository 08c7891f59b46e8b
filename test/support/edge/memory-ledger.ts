/** The real ledger in this process, in memory: what tests give a router. */
import {
  createSqliteLedger,
  databasesIn,
  type SqliteLedger,
  type SqliteLedgerOptions,
} from '../../../llm/sqlite-ledger.ts'
import { collectLog } from './log-collector.ts'

/** Returns an empty ledger; its clock stands still unless the test brings one. */
export function createMemoryLedger(options: Partial<SqliteLedgerOptions> = {}): Promise<SqliteLedger> {
  return createSqliteLedger({
    open: databasesIn(':memory:'),
    shards: 1,
    retentionDays: 30,
    now: () => Date.UTC(2026, 10, 23),
    log: collectLog,
    ...options,
  })
}
