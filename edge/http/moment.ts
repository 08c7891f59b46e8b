/**
 * Times as they stand in query strings: a date, a date with a time, milliseconds, or how long ago. What names no zone is
 * meant in the given one.
 */
import { createZoneOffset } from '../time-zone.ts'
import { wrong } from './query.ts'

const UNITS_MS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
const AGO = /^(\d{1,5})([mhdw])$/
/** Fewer digits are seconds, or a year. */
const MILLISECONDS = /^\d{12,14}$/
const DATE =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3})\d{0,6})?)?(Z|[ +-](?:0\d|1[0-4]):?[0-5]\d)?)?$/i
const EARLIEST = Date.UTC(2000, 0, 1)
const LATEST = Date.UTC(2100, 0, 1)

/**
 * Returns milliseconds since the epoch. A date means its first moment.
 * @param now milliseconds since the epoch, what "30d" counts back from
 * @param timezone an IANA name that exists
 * @throws {RouterError} `invalid_request` that says which forms there are
 */
export function readMoment(name: string, value: string, now: number, timezone: string): number {
  const at = parseMoment(value, now, timezone)
  if (at !== undefined && at >= EARLIEST && at < LATEST) return at
  throw wrong(
    `${name} must be a date (2026-11-27), a date and time (2026-11-27T14:00:00Z), milliseconds since 1970, or how long ago (30d, 24h, 90m, 2w).`,
  )
}

function parseMoment(value: string, now: number, timezone: string): number | undefined {
  if (value === 'now') return now
  if (MILLISECONDS.test(value)) return Number(value)
  const ago = AGO.exec(value)
  if (ago !== null) return now - Number(ago[1]) * UNITS_MS[ago[2] as keyof typeof UNITS_MS]
  const date = DATE.exec(value)
  if (date === null) return undefined
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((at) => Number(date[at] ?? 0))
  const local = localTime(year, month, day, hour, minute, second)
  if (local === undefined) return undefined
  const withFraction = local + Number((date[7] ?? '').padEnd(3, '0'))
  const zone = date[8]
  return zone === undefined ? inZone(withFraction, timezone) : withFraction - offsetOf(zone)
}

/** Returns the time as if it were UTC's, or undefined for one that no calendar has. */
function localTime(year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0): number | undefined {
  const date = new Date(Date.UTC(year, month - 1, day))
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  if (!exists || hour > 23 || minute > 59 || second > 59) return undefined
  return date.getTime() + hour * UNITS_MS.h + minute * UNITS_MS.m + second * 1_000
}

/** In ms. A plus sign that was not escaped arrives as a space. */
function offsetOf(zone: string): number {
  if (zone.toUpperCase() === 'Z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(-2))
  return (zone.startsWith('-') ? -1 : 1) * (hours * UNITS_MS.h + minutes * UNITS_MS.m)
}

/** Returns the moment at which clocks of the zone show this time; where none does, the one after the gap. */
function inZone(local: number, timezone: string): number {
  const offsetAt = createZoneOffset(timezone)
  const first = local - offsetAt(local)
  const second = local - offsetAt(first)
  return offsetAt(second) === offsetAt(first) ? second : Math.max(first, second)
}
