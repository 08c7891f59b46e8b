/**
 * Moves what an account has counted into the present day and month. A clock that jumps back opens nothing again. Pure.
 */
import type { UseRow } from './account-rows.ts'
import { type CalendarWindow, calendarWindow } from './calendar.ts'

export type Windows = { readonly day: CalendarWindow; readonly month: CalendarWindow }

/** A clock that is further behind what it said before was wrong before. */
const LONGEST_JUMP_MS = 48 * 3_600_000
/** A window that begins sooner after the counted one is the same one in another time zone: its sums go on. */
const SHORTEST_MS = { day: 22 * 3_600_000, month: 26 * 24 * 3_600_000 } as const
/** Of `told`: the lower two bits are of the day, the upper two of the month. */
const DAY_BITS = 0b0011
const MONTH_BITS = 0b1100

/** Returns the row as it counts at `now`, and the windows that it counts in. */
export function inPresentWindows(
  row: UseRow,
  now: number,
  timezone: string,
): { readonly row: UseRow; readonly windows: Windows; readonly isNewMonth: boolean } {
  const latest = Math.max(row.day, row.month)
  const at = latest > now && latest - now <= LONGEST_JUMP_MS ? latest : now
  const windows = { day: calendarWindow('day', at, timezone), month: calendarWindow('month', at, timezone) }
  const day = present('day', row.day, windows.day.start, at)
  const month = present('month', row.month, windows.month.start, at)
  const told = row.told & ~(day.isNew ? DAY_BITS : 0) & ~(month.isNew ? MONTH_BITS : 0)
  return {
    row: {
      ...row,
      day: day.start,
      month: month.start,
      told,
      ...(day.isNew ? { dayTokens: 0, dayNanoUsd: 0 } : {}),
      ...(month.isNew ? { monthTokens: 0, monthNanoUsd: 0 } : {}),
    },
    windows,
    isNewMonth: month.isNew,
  }
}

/** A window that began later than the clock says stays, unless the clock was wrong; then its sums go on, too. */
function present(
  kind: keyof Windows,
  counted: number,
  start: number,
  at: number,
): { readonly start: number; readonly isNew: boolean } {
  if (start > counted) return { start, isNew: start - counted >= SHORTEST_MS[kind] }
  return { start: counted > at ? start : counted, isNew: false }
}
