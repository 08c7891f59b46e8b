import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTimeCondition, parseTimeWindow } from '../../../../edge/routing/operator-rules/time-of-day.ts'

const at = (text: string) => Date.parse(`${text}Z`)

test('reads times of day, and nothing else', () => {
  expect(parseTimeWindow('22:00-06:00')).toEqual({ from: 1_320, to: 360 })
  expect(parseTimeWindow('00:00 - 24:00')).toEqual({ from: 0, to: 1_440 })
  for (const text of ['22-6', '24:00-06:00', '08:00-24:30', '9:00-17:00', '08:00-08:00', '08:00', ''])
    expect(parseTimeWindow(text), text).toBeUndefined()
})

test('a night that passes midnight belongs to the day on which it begins', () => {
  const isThen = createTimeCondition({ between: ['22:00-06:00'], days: ['fri'] })
  expect(isThen(at('2026-11-27T21:59:59'))).toBe(false)
  expect(isThen(at('2026-11-27T22:00:00'))).toBe(true)
  expect(isThen(at('2026-11-28T05:59:59'))).toBe(true)
  expect(isThen(at('2026-11-28T06:00:00'))).toBe(false)
  expect(isThen(at('2026-11-28T22:30:00'))).toBe(false)
  expect(isThen(at('2026-11-27T03:00:00'))).toBe(false)
})

test('a night from Sunday to Monday belongs to Sunday', () => {
  const isThen = createTimeCondition({ between: ['22:00-06:00'], days: ['sun'] })
  expect(isThen(at('2026-11-30T02:00:00'))).toBe(true)
  expect(isThen(at('2026-11-29T02:00:00'))).toBe(false)
})

test('reads the clock of the time zone, summer time included', () => {
  const isThen = createTimeCondition({ between: ['09:00-17:00'], timezone: 'Europe/Berlin' })
  expect(isThen(at('2026-01-15T08:00:00'))).toBe(true)
  expect(isThen(at('2026-07-15T07:00:00'))).toBe(true)
  expect(isThen(at('2026-07-15T15:00:00'))).toBe(false)
  // Half past nine in the evening in India is the next day in Auckland.
  const inAuckland = createTimeCondition({ days: ['sat'], timezone: 'Pacific/Auckland' })
  expect(inAuckland(at('2026-11-27T16:00:00'))).toBe(true)
})

test('a window and the rest of the day never hold together, whatever the moment', () => {
  const minute = fc.integer({ min: 0, max: 1_439 })
  const clock = (minutes: number) =>
    `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
  fc.assert(
    fc.property(minute, minute, fc.integer({ min: 0, max: 4_000_000_000_000 }), (from, to, moment) => {
      fc.pre(from !== to)
      const isWithin = createTimeCondition({ between: [`${clock(from)}-${clock(to)}`] })
      const isWithout = createTimeCondition({ between: [`${clock(to)}-${clock(from)}`] })
      expect(isWithin(moment)).not.toBe(isWithout(moment))
    }),
  )
})
