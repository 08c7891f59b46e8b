/** Which time zones there are, and how far ahead of UTC their clocks are. */
import { expect, test } from 'vitest'
import { createZoneOffset, isTimeZone } from '../../edge/time-zone.ts'

test.each([
  ['Europe/Berlin', true],
  ['UTC', true],
  ['Mars/Olympus', false],
  ['', false],
  ['__proto__', false],
])('%j is the name of a time zone: %s', (name, expected) => {
  expect(isTimeZone(name)).toBe(expected)
})

test.each([
  ['UTC', '2026-07-01T12:00:00Z', 0],
  ['Europe/Berlin', '2026-03-29T00:59:59.999Z', 60],
  ['Europe/Berlin', '2026-03-29T01:00:00Z', 120],
  ['Asia/Kathmandu', '2026-01-01T00:00:30Z', 345],
  ['America/Los_Angeles', '2026-01-01T00:00:00Z', -480],
])('the clocks of %s at %s', (timezone, at, minutes) => {
  expect(createZoneOffset(timezone)(Date.parse(at))).toBe(minutes * 60_000)
})
