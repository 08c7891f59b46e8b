/** How sure a share is. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wilsonInterval } from '../../shared/wilson-interval.ts'

/** Of sums and roots of numbers below 2, in double precision. */
const ROUNDING = 1e-15

const counts = fc
  .integer({ min: 1, max: 5_000 })
  .chain((total) => fc.tuple(fc.integer({ min: 0, max: total }), fc.constant(total)))

test('gives the values that the literature prints', () => {
  // R. G. Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998), table I, method 3.
  for (const [passed, total, lower, upper] of [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const) {
    expect(wilsonInterval(passed, total).lower).toBeCloseTo(lower, 4)
    expect(wilsonInterval(passed, total).upper).toBeCloseTo(upper, 4)
  }
})

test('holds the share, stays between 0 and 1, and mirrors what failed', () => {
  fc.assert(
    fc.property(counts, ([passed, total]) => {
      const { lower, upper } = wilsonInterval(passed, total)
      expect(lower).toBeGreaterThanOrEqual(0)
      expect(upper).toBeLessThanOrEqual(1)
      expect(lower).toBeLessThanOrEqual(passed / total + ROUNDING)
      expect(upper).toBeGreaterThanOrEqual(passed / total - ROUNDING)
      expect(wilsonInterval(total - passed, total).lower).toBeCloseTo(1 - upper, 12)
    }),
  )
})

test('grows narrower with the number of items, and says nothing of none', () => {
  fc.assert(
    fc.property(counts, ([passed, total]) => {
      const width = ({ lower, upper }: ReturnType<typeof wilsonInterval>) => upper - lower
      expect(width(wilsonInterval(2 * passed, 2 * total))).toBeLessThan(width(wilsonInterval(passed, total)))
    }),
  )
  expect(wilsonInterval(0, 0)).toEqual({ lower: 0, upper: 1 })
})
