/**
 * Times of day and days of the week as rules name them, in a time zone. Knows no clock: the moment is given.
 */
import { DAYS, type Day, type RuleConditions } from './operator-rule.ts'

/** Minutes since midnight. */
type Window = { readonly from: number; readonly to: number }

const TIME_WINDOW = /^([01]\d|2[0-3]):([0-5]\d)\s*-\s*([01]\d|2[0-4]):([0-5]\d)$/
const MINUTES_A_DAY = 24 * 60
const WHOLE_DAY: Window = { from: 0, to: MINUTES_A_DAY }
const MINUTE_MS = 60_000

/** Returns a window such as `22:00-06:00`, or undefined for what is none. */
export function parseTimeWindow(text: string): Window | undefined {
  const [found, fromHour, fromMinute, toHour, toMinute] = TIME_WINDOW.exec(text) ?? []
  if (found === undefined) return undefined
  const from = Number(fromHour) * 60 + Number(fromMinute)
  const to = Number(toHour) * 60 + Number(toMinute)
  return from === to || to > MINUTES_A_DAY ? undefined : { from, to }
}

/**
 * Returns a predicate over moments, milliseconds since the epoch. A window that passes midnight belongs to the day on
 * which it begins.
 */
export function createTimeCondition({
  between,
  days,
  timezone = 'UTC',
}: Pick<RuleConditions, 'between' | 'days' | 'timezone'>): (moment: number) => boolean {
  const windows = between?.map(parseTimeWindow).filter((window) => window !== undefined) ?? [WHOLE_DAY]
  const onDay = (day: number) =>
    days === undefined || days.includes(DAYS[(day + DAYS.length) % DAYS.length] ?? 'mon')
  const localTime = createLocalTime(timezone)
  return (moment) => {
    const { day, minute } = localTime(moment)
    return windows.some(({ from, to }) => {
      if (from < to) return onDay(day) && minute >= from && minute < to
      return (onDay(day) && minute >= from) || (onDay(day - 1) && minute < to)
    })
  }
}

type LocalTime = { readonly day: number; readonly minute: number }

/** Reading a clock in a time zone takes microseconds, and nothing changes within a minute. */
function createLocalTime(timeZone: string): (moment: number) => LocalTime {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  let known: (LocalTime & { readonly epochMinute: number }) | undefined
  return (moment) => {
    const epochMinute = Math.floor(moment / MINUTE_MS)
    if (known?.epochMinute === epochMinute) return known
    const parts = new Map(format.formatToParts(moment).map(({ type, value }) => [type, value]))
    const weekday = parts.get('weekday')?.toLowerCase()
    known = {
      epochMinute,
      day: DAYS.findIndex((day: Day) => day === weekday),
      minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
    }
    return known
  }
}
