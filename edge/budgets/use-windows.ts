/**
 * Moves what an account has counted into the present day and month. Neither a clock that jumps back nor another time zone
 * opens anything again. Pure.
 */
import type { UseRow } from './account-rows.ts'
import { type CalendarWindow, calendarWindow } from './calendar.ts'

export type Windows = { readonly day: CalendarWindow; readonly month: CalendarWindow }

const HOUR_MS = 3_600_000
/** A clock that is further behind what it said before was wrong before. */
const LONGEST_JUMP_MS = 48 * HOUR_MS
/** Windows that begin closer together than this are the same one by another time zone: its sums go on. */
const SHORTEST_MS = { day: 22 * HOUR_MS, month: 26 * 24 * HOUR_MS } as const
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
  const isNewDay = windows.day.start - row.day >= SHORTEST_MS.day
  const isNewMonth = windows.month.start - row.month >= SHORTEST_MS.month
  const told = row.told & ~(isNewDay ? DAY_BITS : 0) & ~(isNewMonth ? MONTH_BITS : 0)
  return {
    row: {
      ...row,
      day: windows.day.start,
      month: windows.month.start,
      told,
      ...(isNewDay ? { dayTokens: 0, dayNanoUsd: 0 } : {}),
      ...(isNewMonth ? { monthTokens: 0, monthNanoUsd: 0 } : {}),
    },
    windows,
    isNewMonth,
  }
}
