/** The SQLite of a Durable Object as the stores see it. Knows no table. */
import type { SqlDatabase } from '../storage/sql-database.ts'

/** Returns the database of the object whose storage this is. */
export function createDurableDatabase(storage: DurableObjectStorage): SqlDatabase {
  const { sql } = storage
  return {
    exec: (query, ...bindings) => sql.exec(query, ...bindings).toArray(),
    scan: (query, ...bindings) => sql.exec(query, ...bindings),
    transaction: (work) => storage.transactionSync(work),
    // Nobody else has the database of an object.
    snapshot: (work) => work(),
    version: () => 0,
    size: () => sql.databaseSize,
  }
}
