/** Times of query strings: every form, the zone where none is named, and errors that show the forms. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readMoment } from '../../../edge/http/moment.ts'

const NOW = Date.UTC(2026, 10, 27, 12)
const HOUR = 3_600_000
const read = (value: string, timezone = 'UTC') => readMoment('from', value, NOW, timezone)
const iso = (value: string, timezone?: string) => new Date(read(value, timezone)).toISOString()

test('reads dates and times, in the zone that they name or else in the given one', () => {
  expect(iso('2026-11-27')).toBe('2026-11-27T00:00:00.000Z')
  expect(iso('2026-11-27', 'Europe/Berlin')).toBe('2026-11-26T23:00:00.000Z')
  expect(iso('2026-11-27', 'Asia/Kolkata')).toBe('2026-11-26T18:30:00.000Z')
  expect(iso('2026-07-01T00:00', 'Europe/Berlin')).toBe('2026-06-30T22:00:00.000Z')
  expect(iso('2026-11-27T14:00:05.25Z', 'Europe/Berlin')).toBe('2026-11-27T14:00:05.250Z')
  expect(iso('2026-11-27T14:00+01:00')).toBe('2026-11-27T13:00:00.000Z')
  expect(iso('2026-11-27T14:00:00-0330')).toBe('2026-11-27T17:30:00.000Z')
  // A plus sign that was not escaped in an address.
  expect(iso('2026-11-27T14:00:00 01:00')).toBe('2026-11-27T13:00:00.000Z')
})

test('reads milliseconds and how long ago', () => {
  expect(read(String(NOW))).toBe(NOW)
  expect(read('now')).toBe(NOW)
  expect(NOW - read('90m')).toBe(1.5 * HOUR)
  expect(NOW - read('24h')).toBe(24 * HOUR)
  expect(NOW - read('30d')).toBe(720 * HOUR)
  expect(NOW - read('2w')).toBe(336 * HOUR)
})

test('takes a time that no clock shows for one beside the gap, and one that comes twice for one of both', () => {
  expect(['2026-03-29T00:30:00.000Z', '2026-03-29T01:30:00.000Z']).toContain(
    iso('2026-03-29T02:30', 'Europe/Berlin'),
  )
  expect(['2026-10-25T00:30:00.000Z', '2026-10-25T01:30:00.000Z']).toContain(
    iso('2026-10-25T02:30', 'Europe/Berlin'),
  )
})

for (const nonsense of [
  'yesterday',
  '2026-13-01',
  '2026-02-30',
  '2026-11-27T25:00',
  '2026-11-27T10:00+99:99',
  '2026-11-27T10:00-01:60',
  '1795000000',
  '27.11.2026',
  '30x',
  '-1d',
  '1e3',
  '99999w',
  '0000-01-01',
  'NaN',
  "' OR 1=1",
])
  test(`says which forms there are instead of ${nonsense}`, () => {
    expect(() => read(nonsense)).toThrow(/^from must be a date \(2026-11-27\), .*how long ago/)
  })

test('reads back every moment that it is told in any form, in any zone', () => {
  const zones = [
    'UTC',
    'Europe/Berlin',
    'Asia/Kolkata',
    'America/St_Johns',
    'Pacific/Chatham',
    'Africa/Casablanca',
  ]
  const minute = fc.integer({ min: Date.UTC(2001, 0) / 60_000, max: Date.UTC(2099, 0) / 60_000 })
  fc.assert(
    fc.property(minute, fc.constantFrom(...zones), (minutes, zone) => {
      const at = minutes * 60_000
      expect(read(new Date(at).toISOString(), zone)).toBe(at)
      const shown = new Intl.DateTimeFormat('sv-SE', {
        timeZone: zone,
        dateStyle: 'short',
        timeStyle: 'medium',
      }).format(at)
      // Within the hour that comes twice, either is right.
      expect([0, HOUR, -HOUR]).toContain(read(shown, zone) - at)
    }),
  )
})
