/**
 * What is left of a tenant's receipts once they are over: their sums by quarter hours, without users. In the tenant's
 * account. Knows nothing of the receipts.
 */
import type { Migration } from '../../storage/migrations.ts'
import { textOf } from '../../storage/row-values.ts'
import type { SqlDatabase } from '../../storage/sql-database.ts'
import type { ArchivedSums } from '../ledger-objects.ts'
import { readGroups } from '../packed-groups.ts'
import { monthOf } from '../places.ts'
import { addPacked } from '../totals.ts'
import { createUsageSum, type ObjectQuery, type UsageAnswer } from '../usage-sum.ts'
import { namedValues } from './usage-of-object.ts'

/** For the list of whoever owns the database. */
export const ARCHIVE_MIGRATIONS: readonly Migration[] = [
  {
    name: 'archive',
    statements: [
      `CREATE TABLE archive (
        month TEXT NOT NULL,
        shard INTEGER NOT NULL,
        life TEXT NOT NULL,
        number INTEGER NOT NULL,
        groups TEXT NOT NULL,
        PRIMARY KEY (month, shard, life, number)
      ) STRICT, WITHOUT ROWID`,
    ],
  },
]

export type ArchiveStore = {
  readonly keep: (sums: ArchivedSums) => void
  /** To the quarter hour. Everything counts as nobody's: users are forgotten with their receipts. */
  readonly usage: (query: ObjectQuery) => UsageAnswer
}

/** Returns the archive in a database that has the migrations above. */
export function createArchiveStore(database: SqlDatabase): ArchiveStore {
  return {
    keep({ month, shard, life, number, groups }) {
      database.exec(
        'INSERT OR REPLACE INTO archive (month, shard, life, number, groups) VALUES (?, ?, ?, ?, ?)',
        month,
        shard,
        life,
        number,
        groups,
      )
    },
    usage(query) {
      const { from, to } = query
      const sum = createUsageSum(query)
      if (query.user !== undefined) return sum.answer()
      const rows = database.scan(
        'SELECT groups FROM archive WHERE month >= ? AND month <= ?',
        monthOf(from),
        monthOf(to),
      )
      for (const row of rows)
        for (const [bucket, values, packed] of readGroups(textOf(row, 'groups')))
          if (bucket >= from && bucket < to) addPacked(sum.at(bucket, namedValues('routes', values)), packed)
      return sum.answer()
    },
  }
}
