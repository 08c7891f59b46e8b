/**
 * Time zones as the platform knows them: which there are, and how far their clocks are from UTC. Knows no days and no
 * months.
 */

/** Says whether the platform knows the time zone. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/**
 * Returns what tells how far ahead of UTC a zone's clocks are at a moment (milliseconds since the epoch), in ms, by the
 * minute in which it lies.
 * @throws {RangeError} for a zone that does not exist
 */
export function createZoneOffset(timezone: string): (at: number) => number {
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
  return (at) => {
    const minute = Math.floor(at / MINUTE_MS) * MINUTE_MS
    const parts = new Map(format.formatToParts(minute).map(({ type, value }) => [type, Number(value)]))
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0
    return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute')) - minute
  }
}

const MINUTE_MS = 60_000
