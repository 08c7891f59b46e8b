/**
 * What an account keeps: for the tenant and for each user what is used of the current day and month, and the leases of
 * requests that have not been settled. One function per query; decides nothing.
 */
import * as z from 'zod/mini'
import type { Migration } from '../storage/migrations.ts'
import { numberOf, numberOrNull } from '../storage/row-values.ts'
import type { SqlDatabase } from '../storage/sql-database.ts'

/** Of the tenant, or of one user. */
export type UseRow = {
  /** `tenant`, or `user:` and the user's name. */
  readonly subject: string
  /** When the day and the month that are counted began, ms since the epoch. */
  readonly day: number
  readonly month: number
  readonly dayTokens: number
  readonly dayNanoUsd: number
  readonly monthTokens: number
  readonly monthNanoUsd: number
  /** Of all leases. */
  readonly reservedTokens: number
  readonly reservedNanoUsd: number
  readonly inFlight: number
  /** When its bucket of requests is full, ms since the epoch. */
  readonly fullAt: number
  /** Soft limits of this day and month that have been told of, as bits. */
  readonly told: number
}

export type Lease = {
  readonly id: string
  /** The user that it counts for, beside the tenant; null where none. */
  readonly user: string | null
  readonly tokens: number
  readonly nanoUsd: number
  readonly expiresAt: number
  /** When it expired and its sum was booked as used; null while it runs. */
  readonly bookedAt: number | null
  /** Where it was booked. */
  readonly day: number
  readonly month: number
}

export const BUDGET_MIGRATIONS: readonly Migration[] = [
  {
    name: 'budgets',
    statements: [
      `CREATE TABLE budget_use (
    subject TEXT PRIMARY KEY, day INTEGER NOT NULL, month INTEGER NOT NULL,
    dayTokens INTEGER NOT NULL, dayNanoUsd INTEGER NOT NULL,
    monthTokens INTEGER NOT NULL, monthNanoUsd INTEGER NOT NULL,
    reservedTokens INTEGER NOT NULL, reservedNanoUsd INTEGER NOT NULL, inFlight INTEGER NOT NULL,
    fullAt REAL NOT NULL, told INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
      `CREATE TABLE budget_lease (
    id TEXT PRIMARY KEY, user TEXT, tokens INTEGER NOT NULL, nanoUsd INTEGER NOT NULL,
    expiresAt INTEGER NOT NULL, bookedAt INTEGER, day INTEGER NOT NULL, month INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
    ],
  },
  {
    name: 'budgets opened',
    statements: [
      'CREATE TABLE budget_opening (since INTEGER NOT NULL, opened INTEGER NOT NULL) STRICT',
      // What counted before this was remembered is not counted again.
      'INSERT INTO budget_opening SELECT 0, 1 FROM budget_use LIMIT 1',
    ],
  },
  {
    name: 'budgets opened by subject',
    statements: [
      `CREATE TABLE budget_openings (
    subject TEXT PRIMARY KEY, since INTEGER NOT NULL, opened INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
      "INSERT INTO budget_openings SELECT 'tenant', since, opened FROM budget_opening LIMIT 1",
      // The same of users: they were counted without their earlier spending.
      "INSERT INTO budget_openings SELECT subject, 0, 1 FROM budget_use WHERE subject <> 'tenant'",
      'DROP TABLE budget_opening',
    ],
  },
]

const count = z.int()
const useSchema = z.object({
  subject: z.string(),
  day: count,
  month: count,
  dayTokens: count,
  dayNanoUsd: count,
  monthTokens: count,
  monthNanoUsd: count,
  reservedTokens: count,
  reservedNanoUsd: count,
  inFlight: count,
  fullAt: z.number(),
  told: count,
})
const leaseSchema = z.object({
  id: z.string(),
  user: z.nullable(z.string()),
  tokens: count,
  nanoUsd: count,
  expiresAt: count,
  bookedAt: z.nullable(count),
  day: count,
  month: count,
})

/** Returns the row, or one of which nothing is used. */
export function readUse(database: SqlDatabase, subject: string): UseRow {
  const [row] = database.exec('SELECT * FROM budget_use WHERE subject = ?', subject)
  return row === undefined ? unused(subject) : useSchema.parse(row)
}

export function writeUse(database: SqlDatabase, row: UseRow): void {
  database.exec(
    `INSERT INTO budget_use VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (subject) DO UPDATE SET
      day = excluded.day, month = excluded.month,
      dayTokens = excluded.dayTokens, dayNanoUsd = excluded.dayNanoUsd,
      monthTokens = excluded.monthTokens, monthNanoUsd = excluded.monthNanoUsd,
      reservedTokens = excluded.reservedTokens, reservedNanoUsd = excluded.reservedNanoUsd,
      inFlight = excluded.inFlight, fullAt = excluded.fullAt, told = excluded.told`,
    row.subject,
    row.day,
    row.month,
    row.dayTokens,
    row.dayNanoUsd,
    row.monthTokens,
    row.monthNanoUsd,
    row.reservedTokens,
    row.reservedNanoUsd,
    row.inFlight,
    row.fullAt,
    row.told,
  )
}

/** Forgets users of whom nothing has been counted since `month` began and nothing is on its way. */
export function forgetUsers(database: SqlDatabase, month: number, now: number): void {
  database.exec(
    `DELETE FROM budget_use WHERE subject <> ? AND month < ? AND inFlight = 0 AND fullAt <= ?`,
    TENANT,
    month,
    now,
  )
  database.exec(
    `DELETE FROM budget_openings
    WHERE subject <> ? AND since < ? AND subject NOT IN (SELECT subject FROM budget_use)`,
    TENANT,
    month,
  )
}

export function findLease(database: SqlDatabase, id: string): Lease | undefined {
  const [row] = database.exec('SELECT * FROM budget_lease WHERE id = ?', id)
  return row === undefined ? undefined : leaseSchema.parse(row)
}

/**
 * Returns the leases that have expired and are not booked.
 * @param latest no lease ends after this: one that does was made under a clock that was wrong
 */
export function expiredLeases(database: SqlDatabase, now: number, latest: number): readonly Lease[] {
  return z
    .array(leaseSchema)
    .parse(
      database.exec(
        'SELECT * FROM budget_lease WHERE bookedAt IS NULL AND (expiresAt <= ? OR expiresAt > ?)',
        now,
        latest,
      ),
    )
}

/** Returns when the next of the leases that are not booked expires, ms; undefined where there is none. */
export function earliestExpiry(database: SqlDatabase): number | undefined {
  const [row] = database.exec('SELECT MIN(expiresAt) AS earliest FROM budget_lease WHERE bookedAt IS NULL')
  return row === undefined ? undefined : (numberOrNull(row, 'earliest') ?? undefined)
}

export function writeLease(database: SqlDatabase, lease: Lease): void {
  database.exec(
    `INSERT INTO budget_lease VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET bookedAt = excluded.bookedAt, day = excluded.day, month = excluded.month`,
    lease.id,
    lease.user,
    lease.tokens,
    lease.nanoUsd,
    lease.expiresAt,
    lease.bookedAt,
    lease.day,
    lease.month,
  )
}

export function deleteLease(database: SqlDatabase, id: string): void {
  database.exec('DELETE FROM budget_lease WHERE id = ?', id)
}

/** Forgets booked leases whose settlement will not come any more. */
export function forgetLeases(database: SqlDatabase, bookedBefore: number): void {
  database.exec('DELETE FROM budget_lease WHERE bookedAt <= ?', bookedBefore)
}

export const TENANT = 'tenant'

/** Returns whom a row is of: a user, none of whom is called like the tenant, or the tenant itself. */
export function subjectOf(user: string | undefined): string {
  return user === undefined ? TENANT : `user:${user}`
}

function unused(subject: string): UseRow {
  return {
    subject,
    day: 0,
    month: 0,
    dayTokens: 0,
    dayNanoUsd: 0,
    monthTokens: 0,
    monthNanoUsd: 0,
    reservedTokens: 0,
    reservedNanoUsd: 0,
    inFlight: 0,
    fullAt: 0,
    told: 0,
  }
}

/** Returns since when a subject has been counted, ms, and whether it is known what was spent before. */
export function readOpening(
  database: SqlDatabase,
  subject: string,
): { readonly since: number; readonly opened: boolean } | undefined {
  const [row] = database.exec('SELECT since, opened FROM budget_openings WHERE subject = ?', subject)
  return row && { since: numberOf(row, 'since'), opened: numberOf(row, 'opened') === 1 }
}

export function beginOpening(database: SqlDatabase, subject: string, since: number): void {
  database.exec('INSERT INTO budget_openings VALUES (?, ?, 0)', subject, since)
}

export function noteOpened(database: SqlDatabase, subject: string): void {
  database.exec('UPDATE budget_openings SET opened = 1 WHERE subject = ?', subject)
}
