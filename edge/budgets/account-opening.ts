/**
 * The beginning of an account, and of each of its users: since when it counts, and what was spent before. Where that is read from
 * is not its affair.
 */
import type { SqlDatabase } from '../storage/sql-database.ts'
import { beginOpening, noteOpened, readOpening, readUse, subjectOf, writeUse } from './account-rows.ts'
import type { EarlierSpending } from './accounts.ts'
import { countable } from './bookings.ts'
import { calendarWindow } from './calendar.ts'
import { inPresentWindows } from './use-windows.ts'

/** Returns when the tenant or a user began to be counted, ms; undefined once it is known what was spent before. */
export function openingOf(database: SqlDatabase, user: string | undefined, now: number): number | undefined {
  return database.transaction(() => {
    const subject = subjectOf(user)
    const known = readOpening(database, subject)
    if (known === undefined) beginOpening(database, subject, now)
    else if (known.opened) return undefined
    return known?.since ?? now
  })
}

/** Counts what was spent before, of the day and the month that are still being counted; once. */
export function openAccount(database: SqlDatabase, earlier: EarlierSpending, now: number): void {
  const { since, timezone } = earlier
  const subject = subjectOf(earlier.user)
  database.transaction(() => {
    const known = readOpening(database, subject)
    if (known === undefined || known.opened || known.since !== since) return
    const { row } = inPresentWindows(readUse(database, subject), now, timezone)
    const nothing = { tokens: 0, nanoUsd: 0 }
    const isDay = row.day === calendarWindow('day', since, timezone).start
    const isMonth = row.month === calendarWindow('month', since, timezone).start
    const day = countable(isDay ? earlier.day : nothing)
    const month = countable(isMonth ? earlier.month : nothing)
    writeUse(database, {
      ...row,
      dayTokens: row.dayTokens + day.tokens,
      dayNanoUsd: row.dayNanoUsd + day.nanoUsd,
      monthTokens: row.monthTokens + month.tokens,
      monthNanoUsd: row.monthNanoUsd + month.nanoUsd,
    })
    noteOpened(database, subject)
  })
}
