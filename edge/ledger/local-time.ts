/**
 * Days and hours of a time zone, for times that begin a quarter of an hour: offsets of zones are multiples of that.
 */

export type LocalTime = {
  /** Returns the day as 2026-11-27. */
  readonly day: (at: number) => string
  /** Returns the hour as 2026-11-27T14:00+01:00; of the hour that comes twice when clocks are set back each has its own. */
  readonly hour: (at: number) => string
}

/** Returns whether this is the name of a time zone, as in the IANA's list. */
export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/**
 * Returns the local time of a zone. Remembers offsets: formatting a date takes microseconds, a month has thousands.
 * @throws RangeError for a name that is no time zone
 */
export function createLocalTime(timezone: string): LocalTime {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  })
  const offsets = new Map<number, number>()
  const offsetAt = (at: number): number => {
    const quarter = Math.floor(at / QUARTER_MS) * QUARTER_MS
    const known = offsets.get(quarter)
    if (known !== undefined) return known
    const parts = new Map(format.formatToParts(quarter).map(({ type, value }) => [type, Number(value)]))
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0
    const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'))
    offsets.set(quarter, local - quarter)
    return local - quarter
  }
  const local = (at: number) => new Date(at + offsetAt(at)).toISOString()
  return {
    day: (at) => local(at).slice(0, DAY_LENGTH),
    hour: (at) => `${local(at).slice(0, HOUR_LENGTH)}:00${offsetText(offsetAt(at))}`,
  }
}

const QUARTER_MS = 15 * 60_000
const DAY_LENGTH = '2026-11-27'.length
const HOUR_LENGTH = '2026-11-27T14'.length

function offsetText(offsetMs: number): string {
  const minutes = Math.abs(Math.round(offsetMs / 60_000))
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60].map((each) => String(each).padStart(2, '0'))
  return `${offsetMs < 0 ? '-' : '+'}${hours}:${rest}`
}
