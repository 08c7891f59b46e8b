/**
 * Days and hours of a time zone, for times that begin a quarter of an hour: offsets of zones are multiples of that.
 */

import { createZoneOffset } from '../time-zone.ts'

export type LocalTime = {
  /** Returns the day as 2026-11-27. */
  readonly day: (at: number) => string
  /** Returns the hour as 2026-11-27T14:00+01:00; of the hour that comes twice when clocks are set back each has its own. */
  readonly hour: (at: number) => string
}

/**
 * Returns the local time of a zone. Remembers offsets: formatting a date takes microseconds, a month has thousands.
 * @throws RangeError for a name that is no time zone
 */
export function createLocalTime(timezone: string): LocalTime {
  const zoneOffset = createZoneOffset(timezone)
  const offsets = new Map<number, number>()
  const offsetAt = (at: number): number => {
    const quarter = Math.floor(at / QUARTER_MS) * QUARTER_MS
    const offset = offsets.get(quarter) ?? zoneOffset(quarter)
    offsets.set(quarter, offset)
    return offset
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
