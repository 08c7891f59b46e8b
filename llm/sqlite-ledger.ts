/**
 * The ledger in one Node process: the same objects as on Workers, each with a database of Node's SQLite in a folder or in
 * memory, and with alarms that whoever owns the ledger sets off.
 */
import { join } from 'node:path'
import type { Ledger } from '../edge/ledger/ledger.ts'
import type { ArchiveObject, LedgerDirectory, LedgerObjects } from '../edge/ledger/ledger-objects.ts'
import { createLedger } from '../edge/ledger/object-ledger.ts'
import { type Place, receiptsObjectName } from '../edge/ledger/places.ts'
import { ARCHIVE_MIGRATIONS, createArchiveStore } from '../edge/ledger/store/archive-store.ts'
import { createDirectoryStore, DIRECTORY_MIGRATIONS } from '../edge/ledger/store/directory-store.ts'
import { createReceiptsObject, type LivingReceiptsObject } from '../edge/ledger/store/receipts-object.ts'
import { migrate } from '../edge/storage/migrations.ts'
import { textOf } from '../edge/storage/row-values.ts'
import type { SqlDatabase } from '../edge/storage/sql-database.ts'
import type { Log } from '../shared/log.ts'
import { openSqliteDatabase } from './sqlite-database.ts'

export type SqliteLedgerOptions = {
  /** Opens the database of a name, always the same one; see `databasesIn`. */
  readonly open: (name: string) => Promise<SqlDatabase>
  readonly shards: number
  readonly retentionDays: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly log: Log
}

export type SqliteLedger = Ledger & {
  /** Does what is due by now: writes sums, deletes receipts that are over. @throws if a database does */
  readonly tend: () => Promise<void>
}

type Tended = { readonly object: LivingReceiptsObject; readonly alarmAt: () => number | null }

/** Returns what opens databases in a folder that exists, or in memory for `:memory:`. */
export function databasesIn(folder: string): (name: string) => Promise<SqlDatabase> {
  return async (name) => {
    const file = `${encodeURIComponent(name.toWellFormed())}.sqlite`
    return openSqliteDatabase(folder === ':memory:' ? folder : join(folder, file))
  }
}

/** Returns the ledger. @throws {RouterError} `configuration` where this Node has no SQLite */
export async function createSqliteLedger(options: SqliteLedgerOptions): Promise<SqliteLedger> {
  const directory = await openDirectory(options.open)
  const archives = remembered((tenant: string) => openArchive(options.open, tenant))
  const receipts = remembered(async (name: string): Promise<Tended> => {
    const database = await options.open(name)
    let alarmAt: number | null = null
    const object = createReceiptsObject({
      ...options,
      database,
      erase: async () => dropTables(database),
      readAlarm: async () => alarmAt,
      setAlarm: async (at) => {
        alarmAt = at
      },
      directory,
      archive: async (tenant, sums) => (await archives(tenant)).keep(sums),
    })
    return { object, alarmAt: () => alarmAt }
  })
  const objectOf = async (place: Place) => (await receipts(receiptsObjectName(place))).object
  const objects: LedgerObjects = {
    receipts: (place) => ({
      append: async (owner, record) => (await objectOf(place)).append(owner, record),
      appendAll: async (owner, records) => (await objectOf(place)).appendAll(owner, records),
      find: async (id) => (await objectOf(place)).find(id),
      list: async (range, filter, limit) => (await objectOf(place)).list(range, filter, limit),
      usage: async (query) => (await objectOf(place)).usage(query),
      giveFeedback: async (id, feedback) => (await objectOf(place)).giveFeedback(id, feedback),
    }),
    archive: (tenant) => ({
      keep: async (sums) => (await archives(tenant)).keep(sums),
      usage: async (query) => (await archives(tenant)).usage(query),
    }),
  }
  return {
    ...createLedger({ objects, directory, shards: options.shards }),
    async tend() {
      for (const entry of await directory.entries(undefined)) {
        if (entry.archived) continue
        const { object, alarmAt } = await receipts(receiptsObjectName(entry))
        // Alarms of an earlier process are not remembered: what was due then is due now.
        if ((alarmAt() ?? 0) <= options.now()) await object.alarm()
      }
    },
  }
}

async function openDirectory(open: SqliteLedgerOptions['open']): Promise<LedgerDirectory> {
  const database = await open('router')
  migrate(database, DIRECTORY_MIGRATIONS)
  const store = createDirectoryStore(database)
  return {
    register: async (place) => store.register(place),
    noteArchived: async (place) => store.noteArchived(place),
    entries: async (tenant) => store.entries(tenant),
  }
}

async function openArchive(open: SqliteLedgerOptions['open'], tenant: string): Promise<ArchiveObject> {
  const database = await open(`account:${tenant}`)
  migrate(database, ARCHIVE_MIGRATIONS)
  const store = createArchiveStore(database)
  return { keep: async (sums) => store.keep(sums), usage: async (query) => store.usage(query) }
}

/** Opens everything once, also where it is asked for twice at once; what could not be opened is tried again. */
function remembered<T>(open: (name: string) => Promise<T>): (name: string) => Promise<T> {
  const opened = new Map<string, Promise<T>>()
  return (name) => {
    const known = opened.get(name)
    if (known !== undefined) return known
    const opening = open(name).catch((error: unknown) => {
      opened.delete(name)
      throw error
    })
    opened.set(name, opening)
    return opening
  }
}

function dropTables(database: SqlDatabase): void {
  const tables = database.exec("SELECT name FROM sqlite_master WHERE type = 'table'")
  for (const table of tables) database.exec(`DROP TABLE "${textOf(table, 'name')}"`)
  database.exec('VACUUM')
}
