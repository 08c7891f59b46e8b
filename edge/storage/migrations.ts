/**
 * Brings a database to the present schema: each migration once, in order, remembered by name in one table. Knows none
 * of them.
 */
import { textOf } from './row-values.ts'
import type { SqlDatabase } from './sql-database.ts'

export type Migration = {
  /** Unique within a database and never changed: parts of one database can add theirs without sharing a number. */
  readonly name: string
  readonly statements: readonly string[]
}

/** Says whether any migration has ever run here. Writes nothing, so that looking into what is empty makes nothing. */
export function isMigrated(database: SqlDatabase): boolean {
  const query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'migrations'"
  return database.exec(query).length > 0
}

/**
 * Runs the migrations that have not run yet, each wholly or not at all.
 * @throws if one fails
 */
export function migrate(database: SqlDatabase, migrations: readonly Migration[]): void {
  database.exec('CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID')
  const done = new Set(database.exec('SELECT name FROM migrations').map((row) => textOf(row, 'name')))
  for (const { name, statements } of migrations) {
    if (done.has(name)) continue
    database.transaction(() => {
      // Another program may have run it since it was looked for.
      const query = 'INSERT INTO migrations (name) VALUES (?) ON CONFLICT DO NOTHING RETURNING name'
      if (database.exec(query, name).length === 0) return
      for (const statement of statements) database.exec(statement)
    })
  }
}
