/** The container's rent: a month costs a month's rent, however it is cut. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rentNanoUsd } from '../../../edge/ledger/rent.ts'

const DAY = 86_400_000

test('costs a month what a month costs, whatever its length', () => {
  for (let month = 0; month < 12; month++)
    expect(rentNanoUsd(25, Date.UTC(2026, month), Date.UTC(2026, month + 1))).toBe(25_000_000_000)
  expect(rentNanoUsd(25, Date.UTC(2026, 0), Date.UTC(2027, 0))).toBe(300_000_000_000)
})

test('costs by the day what its month makes of it', () => {
  expect(rentNanoUsd(31, Date.UTC(2026, 0, 5), Date.UTC(2026, 0, 6))).toBe(1_000_000_000)
  expect(rentNanoUsd(28, Date.UTC(2026, 1, 5), Date.UTC(2026, 1, 6))).toBe(1_000_000_000)
})

test('adds up to the same however the time is cut, and is nothing where there is none', () => {
  const moment = fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2030, 0) })
  fc.assert(
    fc.property(moment, fc.nat(400 * DAY), fc.nat(400 * DAY), (from, first, second) => {
      const [middle, to] = [from + first, from + first + second]
      const whole = rentNanoUsd(25, from, to)
      expect(Math.abs(rentNanoUsd(25, from, middle) + rentNanoUsd(25, middle, to) - whole)).toBeLessThan(10)
      expect(rentNanoUsd(0, from, to)).toBe(0)
      expect(rentNanoUsd(25, to, from) <= 0 || first + second === 0).toBe(true)
    }),
  )
})
