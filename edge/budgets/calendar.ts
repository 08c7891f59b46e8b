/**
 * Days and months as a time zone has them, summer time included: when one begins and ends. Counts nothing.
 */

/** Milliseconds since the epoch; `end` is the first moment that is no longer in it. */
export type CalendarWindow = { readonly start: number; readonly end: number }
export type WindowKind = 'day' | 'month'

const HOUR_MS = 3_600_000
/** Longer than any day or month with its changes of the clock, shorter than two months. */
const LONGEST_MS = { day: 50 * HOUR_MS, month: 32 * 24 * HOUR_MS } as const
const FORMS = {
  day: { year: 'numeric', month: '2-digit', day: '2-digit' },
  month: { year: 'numeric', month: '2-digit' },
} as const

const known = new Map<string, CalendarWindow & { readonly labelOf: (at: number) => string }>()

/**
 * Returns the day or month that `at` lies in.
 * @param at milliseconds since the epoch
 * @param timezone an IANA name
 * @throws {RangeError} for a zone that does not exist
 */
export function calendarWindow(kind: WindowKind, at: number, timezone: string): CalendarWindow {
  const key = `${kind} ${timezone}`
  const last = known.get(key)
  if (last !== undefined && last.start <= at && at < last.end) return last
  const labelOf = last?.labelOf ?? createLabel(kind, timezone)
  const label = labelOf(at)
  // Neither has a length that could be reckoned with: they begin where their name does.
  const isIn = (moment: number) => labelOf(moment) === label
  const window = {
    start: firstWhere(at - LONGEST_MS[kind], at, isIn),
    end: firstWhere(at, at + LONGEST_MS[kind], (moment) => !isIn(moment)),
    labelOf,
  }
  known.set(key, window)
  return window
}

/** Returns the first millisecond in (from, to] for which `holds`, which does not at `from` and does at `to`. */
function firstWhere(from: number, to: number, holds: (at: number) => boolean): number {
  let [before, after] = [Math.floor(from), Math.floor(to)]
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (holds(middle)) after = middle
    else before = middle
  }
  return after
}

function createLabel(kind: WindowKind, timezone: string): (at: number) => string {
  const format = new Intl.DateTimeFormat('en-u-ca-gregory-nu-latn', { ...FORMS[kind], timeZone: timezone })
  return (at) => format.format(at)
}
