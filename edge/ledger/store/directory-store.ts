/**
 * Which objects of receipts there are: of each tenant, month and shard whether receipts or only sums are left. One table
 * for the whole deployment, a row a month and tenant.
 */
import * as z from 'zod/mini'
import type { Migration } from '../../storage/migrations.ts'
import type { SqlDatabase } from '../../storage/sql-database.ts'
import type { DirectoryEntry } from '../ledger-objects.ts'
import type { Place } from '../places.ts'

/** For the list of whoever owns the database. */
export const DIRECTORY_MIGRATIONS: readonly Migration[] = [
  {
    name: 'ledger directory',
    statements: [
      `CREATE TABLE ledger_directory (
        tenant TEXT NOT NULL,
        month TEXT NOT NULL,
        shard INTEGER NOT NULL,
        archived INTEGER NOT NULL,
        PRIMARY KEY (tenant, month, shard, archived)
      ) STRICT, WITHOUT ROWID`,
    ],
  },
]

const rowSchema = z.object({ tenant: z.string(), month: z.string(), shard: z.int(), archived: z.int() })

export type DirectoryStore = {
  readonly register: (place: Place) => void
  readonly noteArchived: (place: Place) => void
  readonly entries: (tenant: string | undefined) => readonly DirectoryEntry[]
}

/** Returns the directory in a database that has the migrations above. */
export function createDirectoryStore(database: SqlDatabase): DirectoryStore {
  const insert = ({ tenant, month, shard }: Place, archived: 0 | 1) => {
    database.exec(
      'INSERT OR IGNORE INTO ledger_directory (tenant, month, shard, archived) VALUES (?, ?, ?, ?)',
      tenant,
      month,
      shard,
      archived,
    )
  }
  return {
    register: (place) => insert(place, 0),
    noteArchived(place) {
      database.transaction(() => {
        insert(place, 1)
        database.exec(
          'DELETE FROM ledger_directory WHERE tenant = ? AND month = ? AND shard = ? AND archived = 0',
          place.tenant,
          place.month,
          place.shard,
        )
      })
    },
    entries(tenant) {
      const rows =
        tenant === undefined
          ? database.exec('SELECT * FROM ledger_directory')
          : database.exec('SELECT * FROM ledger_directory WHERE tenant = ?', tenant)
      return rows.map((row) => {
        const { archived, ...place } = rowSchema.parse(row)
        return { ...place, archived: archived === 1 }
      })
    },
  }
}
