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
 * Returns the local time of a zone. Remembers what it has said: formatting a date takes microseconds, a month has tens of thousands
 * of groups that begin in some thousand quarters.
 * @throws RangeError for a name that is no time zone
 */
export function createLocalTime(timezone: string): LocalTime {
  const zoneOffset = createZoneOffset(timezone)
  const offsetAt = remembering(zoneOffset)
  const offsetOfDay = remembering((day) => {
    const [first, last] = [offsetAt(day), offsetAt(day + DAY_MS)]
    return first === last ? first : undefined
  })
  // No zone changes its clocks twice in a day: one that begins and ends alike is alike all day.
  const offset = (at: number) =>
    offsetOfDay(Math.floor(at / DAY_MS) * DAY_MS) ?? offsetAt(Math.floor(at / QUARTER_MS) * QUARTER_MS)
  const local = (at: number) => new Date(at + offset(at)).toISOString()
  return {
    day: remembering((at) => local(at).slice(0, DAY_LENGTH)),
    hour: remembering((at) => `${local(at).slice(0, HOUR_LENGTH)}:00${offsetText(offset(at))}`),
  }
}

const QUARTER_MS = 15 * 60_000
const DAY_MS = 24 * 60 * 60_000
const DAY_LENGTH = '2026-11-27'.length
const HOUR_LENGTH = '2026-11-27T14'.length

function remembering<Value>(valueAt: (at: number) => Value): (at: number) => Value {
  const known = new Map<number, Value>()
  return (at) => {
    const value = known.get(at) ?? valueAt(at)
    known.set(at, value)
    return value
  }
}

function offsetText(offsetMs: number): string {
  const minutes = Math.abs(Math.round(offsetMs / 60_000))
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60].map((each) => String(each).padStart(2, '0'))
  return `${offsetMs < 0 ? '-' : '+'}${hours}:${rest}`
}
