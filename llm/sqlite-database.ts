/**
 * Node's own SQLite as the stores see it, for programs and tests. Loaded only when it is asked for: Node 20 has none.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { numberOf } from '../edge/storage/row-values.ts'
import type { SqlDatabase } from '../edge/storage/sql-database.ts'
import { RouterError } from '../shared/errors.ts'

const BUSY_TIMEOUT_MS = 2_000

/**
 * Opens the database in a file, or one in memory for `:memory:`.
 * @throws {RouterError} `configuration` where this Node has no SQLite
 */
export async function openSqliteDatabase(path: string): Promise<SqlDatabase> {
  const database = new (await loadSqlite())(path)
  // Another program of the same folder, or somebody who looks into the file, must not cost a receipt.
  database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
  // A process that is killed loses no more than its last commits and never the file.
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = NORMAL')
  const prepare = rememberStatements(database)
  const within = <T>(begin: string, work: () => T): T => {
    database.exec(begin)
    try {
      const result = work()
      database.exec('COMMIT')
      return result
    } catch (error) {
      database.exec('ROLLBACK')
      throw error
    }
  }
  return {
    exec: (query, ...bindings) => prepare(query).all(...bindings),
    scan: (query, ...bindings) => prepare(query).iterate(...bindings),
    transaction: (work) => within('BEGIN IMMEDIATE', work),
    // Readers hold nobody up, and nobody holds them up.
    snapshot: (work) => within('BEGIN DEFERRED', work),
    version: () => pragma(database, 'data_version', 'data_version'),
    size: () => pragma(database, 'page_count', 'page_count') * pragma(database, 'page_size', 'page_size'),
  }
}

async function loadSqlite(): Promise<typeof DatabaseSync> {
  try {
    return (await import('node:sqlite')).DatabaseSync
  } catch (cause) {
    const message = `Node ${process.version} has no SQLite: the ledger needs Node 22.13 or newer.`
    throw new RouterError('configuration', message, { cause })
  }
}

/** Queries are constant texts, so that the statements of all of them are few. */
function rememberStatements(database: DatabaseSync): (query: string) => StatementSync {
  const statements = new Map<string, StatementSync>()
  return (query) => {
    const known = statements.get(query)
    if (known !== undefined) return known
    const statement = database.prepare(query)
    statements.set(query, statement)
    return statement
  }
}

function pragma(database: DatabaseSync, name: string, column: string): number {
  return numberOf(database.prepare(`PRAGMA ${name}`).get() ?? {}, column)
}
