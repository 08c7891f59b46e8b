/**
 * The batches of one tenant on SQL, in the database that its limits are counted in, so that both change together. Knows
 * nothing of other tenants.
 */
import * as z from 'zod/mini'
import { type Lease, readUse, subjectOf, TENANT, writeUse } from '../budgets/account-rows.ts'
import type { Amount } from '../budgets/accounts.ts'
import { correct, countable } from '../budgets/bookings.ts'
import { inPresentWindows } from '../budgets/use-windows.ts'
import type { Migration } from '../storage/migrations.ts'
import { numberOf } from '../storage/row-values.ts'
import type { SqlDatabase } from '../storage/sql-database.ts'
import type { BatchUse, BoundBatch, NewBatch } from './batch-book.ts'

export const BATCH_MIGRATIONS: readonly Migration[] = [
  {
    name: 'batches',
    statements: [
      `CREATE TABLE batch (
    id TEXT PRIMARY KEY, createdAt INTEGER NOT NULL, user TEXT, fetchedAt INTEGER, settledAt INTEGER,
    tokens INTEGER NOT NULL, nanoUsd INTEGER NOT NULL, ofUser INTEGER NOT NULL, timezone TEXT,
    day INTEGER NOT NULL, month INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
    ],
  },
  { name: 'batches: forgotten', statements: ['ALTER TABLE batch ADD COLUMN forgottenAt INTEGER'] },
  {
    name: 'batches: requests',
    // Of those made before nobody knows how many rows they have.
    statements: ['ALTER TABLE batch ADD COLUMN requests INTEGER NOT NULL DEFAULT 0'],
  },
  {
    name: 'batches: largest request',
    statements: [
      'ALTER TABLE batch ADD COLUMN largestTokens INTEGER',
      'ALTER TABLE batch ADD COLUMN largestNanoUsd INTEGER',
    ],
  },
]

export type BatchStore = {
  readonly bind: (batch: NewBatch) => void
  readonly find: (id: string) => BoundBatch | undefined
  readonly list: () => readonly BoundBatch[]
  readonly fetch: (id: string) => number | undefined
  readonly settle: (id: string, use: BatchUse) => void
  readonly forget: (id: string) => void
}

/** Claude keeps results for 29 days. */
const KEPT_MS = 30 * 86_400_000

const boundSchema = z.object({
  id: z.string(),
  createdAt: z.int(),
  user: z.nullable(z.string()),
  requests: z.int(),
})
const rowSchema = z.extend(boundSchema, {
  fetchedAt: z.nullable(z.int()),
  settledAt: z.nullable(z.int()),
  forgottenAt: z.nullable(z.int()),
  tokens: z.int(),
  nanoUsd: z.int(),
  ofUser: z.int(),
  timezone: z.nullable(z.string()),
  day: z.int(),
  month: z.int(),
  largestTokens: z.nullable(z.int()),
  largestNanoUsd: z.nullable(z.int()),
})

/**
 * Returns the store in a database whose tables are there, those of limits included.
 * @param now milliseconds since the epoch
 */
export function createBatchStore(database: SqlDatabase, now: () => number): BatchStore {
  const moment = () => Math.floor(now())
  const rowOf = (id: string) => {
    const [row] = database.exec('SELECT * FROM batch WHERE id = ?', id)
    return row === undefined ? undefined : rowSchema.parse(row)
  }
  return {
    bind: (batch) =>
      database.transaction(() => {
        database.exec('DELETE FROM batch WHERE createdAt < ?', moment() - KEPT_MS)
        insert(database, batch, moment())
      }),
    find(id) {
      const row = rowOf(id)
      if (row === undefined || row.forgottenAt !== null) return undefined
      return { id, createdAt: row.createdAt, user: row.user, requests: row.requests }
    },
    list: () =>
      z
        .array(boundSchema)
        .parse(
          database.exec(
            'SELECT id, createdAt, user, requests FROM batch WHERE forgottenAt IS NULL ORDER BY createdAt DESC, id DESC',
          ),
        ),
    fetch(id) {
      const [row] = database.exec(
        'UPDATE batch SET fetchedAt = coalesce(fetchedAt, ?) WHERE id = ? AND settledAt IS NULL RETURNING fetchedAt',
        moment(),
        id,
      )
      return row && numberOf(row, 'fetchedAt')
    },
    settle: (id, use) =>
      database.transaction(() => {
        const row = rowOf(id)
        if (row === undefined || row.settledAt !== null) return
        if (use.final) database.exec('UPDATE batch SET settledAt = ? WHERE id = ?', moment(), id)
        if (row.timezone !== null) settleBooking(database, { ...row, timezone: row.timezone }, use, moment())
      }),
    // Its results may still be on their way to a client: what they say is counted.
    forget: (id) =>
      void database.exec(
        'UPDATE batch SET forgottenAt = coalesce(forgottenAt, ?) WHERE id = ?',
        moment(),
        id,
      ),
  }
}

function insert(
  database: SqlDatabase,
  { id, createdAt, user, requests, booked }: NewBatch,
  now: number,
): void {
  const { tokens, nanoUsd } = countable(booked ?? { tokens: 0, nanoUsd: 0 })
  const largest = booked && countable(booked.largest)
  const timezone = booked?.timezone ?? null
  const { row } = inPresentWindows(readUse(database, TENANT), now, timezone ?? 'UTC')
  database.exec(
    'INSERT INTO batch VALUES (?, ?, ?, NULL, NULL, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
    id,
    Math.floor(createdAt),
    user,
    tokens,
    nanoUsd,
    booked?.ofUser ? 1 : 0,
    timezone,
    row.day,
    row.month,
    requests,
    largest?.tokens ?? null,
    largest?.nanoUsd ?? null,
  )
}

type Booked = Omit<z.infer<typeof rowSchema>, 'timezone'> & { readonly timezone: string }

function settleBooking(database: SqlDatabase, booked: Booked, use: BatchUse, now: number): void {
  const { id, user, tokens, nanoUsd, day, month, timezone, ofUser } = booked
  const amount = countable({
    tokens: countedOf('tokens', use, tokens, booked.largestTokens),
    nanoUsd: countedOf('nanoUsd', use, nanoUsd, booked.largestNanoUsd),
  })
  const lease: Lease = { id, user, tokens, nanoUsd, expiresAt: now, bookedAt: now, day, month }
  const subjects = ofUser === 1 && user !== null ? [TENANT, subjectOf(user)] : [TENANT]
  for (const subject of subjects) {
    const { row } = inPresentWindows(readUse(database, subject), now, timezone)
    writeUse(database, correct(row, lease, amount))
  }
  // What is counted from here on, and replaced by what is learned later.
  database.exec('UPDATE batch SET tokens = ?, nanoUsd = ? WHERE id = ?', amount.tokens, amount.nanoUsd, id)
}

/** Rows that say nothing never raise what is counted, and where nobody knows the largest request they leave it as it is. */
function countedOf(kind: keyof Amount, use: BatchUse, counted: number, largest: number | null): number {
  const used = use.used[kind]
  const unknown = use.unknown[kind]
  if (unknown === 0) return used
  const bound = largest === null ? counted : Math.min(counted, used + unknown * largest)
  return Math.max(used, bound)
}
