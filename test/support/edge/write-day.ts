/** A day of receipts written into a store, sums included: the same work in whatever SQLite it is given. */
import { generateReceipts } from '../../../bench/ledger/generate-receipts.ts'
import { createReceiptStore } from '../../../edge/ledger/store/receipt-store.ts'
import { PART_MS } from '../../../edge/ledger/store/rollup-kinds.ts'
import type { SqlDatabase } from '../../../edge/storage/sql-database.ts'

const PLACE = { tenant: 'alice', month: '2026-11', shard: 0 }
const DAY_START = Date.UTC(2026, 10, 20)
const PARTS = 4

/** Opens the store, calls `begin`, and writes so many receipts. */
export function writeDay(database: SqlDatabase, count: number, begin: () => void): void {
  const store = createReceiptStore(database)
  begin()
  let part = 1
  for (const record of generateReceipts({ from: DAY_START, days: 1, count, users: 100 })) {
    if (record.startedAt >= DAY_START + part * PART_MS) {
      store.flush(DAY_START + part * PART_MS)
      part += 1
    }
    store.append(PLACE, [record])
  }
  store.flush(DAY_START + PARTS * PART_MS)
}
