/** Days and hours of zones, clocks set forward and back and offsets of half and quarter hours included. */
import { expect, test } from 'vitest'
import { createLocalTime } from '../../../edge/ledger/local-time.ts'
import { createZoneOffset } from '../../../edge/time-zone.ts'

test.each([
  ['UTC', '2026-11-27T23:45:00Z', '2026-11-27', '2026-11-27T23:00+00:00'],
  ['Europe/Berlin', '2026-11-27T23:15:00Z', '2026-11-28', '2026-11-28T00:00+01:00'],
  // The hour that comes twice.
  ['Europe/Berlin', '2026-10-25T00:30:00Z', '2026-10-25', '2026-10-25T02:00+02:00'],
  ['Europe/Berlin', '2026-10-25T01:30:00Z', '2026-10-25', '2026-10-25T02:00+01:00'],
  // The hour that is left out.
  ['America/New_York', '2026-03-08T06:45:00Z', '2026-03-08', '2026-03-08T01:00-05:00'],
  ['America/New_York', '2026-03-08T07:00:00Z', '2026-03-08', '2026-03-08T03:00-04:00'],
  ['Asia/Kolkata', '2026-11-27T18:30:00Z', '2026-11-28', '2026-11-28T00:00+05:30'],
  ['Asia/Kathmandu', '2026-11-27T18:15:00Z', '2026-11-28', '2026-11-28T00:00+05:45'],
  ['America/St_Johns', '2026-11-27T03:15:00Z', '2026-11-26', '2026-11-26T23:00-03:30'],
  // Half an hour of summer time.
  ['Australia/Lord_Howe', '2026-04-04T15:15:00Z', '2026-04-05', '2026-04-05T01:00+10:30'],
])('in %s it is at %s the day %s and the hour %s', (timezone, at, day, hour) => {
  const time = createLocalTime(timezone)
  expect(time.day(Date.parse(at))).toBe(day)
  expect(time.hour(Date.parse(at))).toBe(hour)
})

test.each(['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Casablanca'])(
  'in %s every quarter of a year has the hour of the platform',
  (timezone) => {
    const time = createLocalTime(timezone)
    const zoneOffset = createZoneOffset(timezone)
    const quarter = 15 * 60_000
    for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2027, 0, 1); at += 5 * quarter)
      expect(time.hour(at).slice(0, 13)).toBe(new Date(at + zoneOffset(at)).toISOString().slice(0, 13))
  },
)
