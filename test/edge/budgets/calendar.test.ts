/** Days and months begin where the zone's own calendar begins them, summer time and odd offsets included. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { calendarWindow, type WindowKind } from '../../../edge/budgets/calendar.ts'

const HOUR = 3_600_000

function windowOf(kind: WindowKind, at: string, timezone: string) {
  const { start, end } = calendarWindow(kind, Date.parse(at), timezone)
  return [new Date(start).toISOString(), new Date(end).toISOString()]
}

test.each([
  ['day', '2026-11-27T12:00:00Z', 'UTC', '2026-11-27T00:00:00.000Z', '2026-11-28T00:00:00.000Z'],
  ['day', '2026-11-27T23:30:00Z', 'Europe/Berlin', '2026-11-27T23:00:00.000Z', '2026-11-28T23:00:00.000Z'],
  ['day', '2026-11-27T12:00:00Z', 'Asia/Kathmandu', '2026-11-26T18:15:00.000Z', '2026-11-27T18:15:00.000Z'],
  ['month', '2026-11-30T23:30:00Z', 'Europe/Berlin', '2026-11-30T23:00:00.000Z', '2026-12-31T23:00:00.000Z'],
  ['month', '2028-02-10T00:00:00Z', 'UTC', '2028-02-01T00:00:00.000Z', '2028-03-01T00:00:00.000Z'],
  // The clock goes forward at midnight: the day begins at one o'clock.
  ['day', '2026-09-06T12:00:00Z', 'America/Santiago', '2026-09-06T04:00:00.000Z', '2026-09-07T03:00:00.000Z'],
] as const)('%s of %s in %s', (kind, at, timezone, start, end) => {
  expect(windowOf(kind, at, timezone)).toEqual([start, end])
})

test('days of summer time are shorter and longer', () => {
  const length = (at: string) => {
    const { start, end } = calendarWindow('day', Date.parse(at), 'Europe/Berlin')
    return (end - start) / HOUR
  }
  expect(length('2026-03-29T10:00:00Z')).toBe(23)
  expect(length('2026-10-25T10:00:00Z')).toBe(25)
})

test('windows follow each other without a gap, and every moment lies in its own', () => {
  const zones = fc.constantFrom(
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
  )
  const moments = fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2035, 0) })
  fc.assert(
    fc.property(zones, moments, fc.constantFrom<WindowKind>('day', 'month'), (zone, at, kind) => {
      const { start, end } = calendarWindow(kind, at, zone)
      expect(start).toBeLessThanOrEqual(at)
      expect(end).toBeGreaterThan(at)
      expect(calendarWindow(kind, end, zone).start).toBe(end)
      expect(calendarWindow(kind, start - 1, zone).end).toBe(start)
    }),
    { numRuns: 60 },
  )
})
