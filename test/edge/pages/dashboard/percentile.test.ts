/** Percentiles out of histograms. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { percentile } from '../../../../edge/pages/dashboard/percentile.ts'

const BOUNDS = [10, 100, 1000]

test('lies where the share of the values lies', () => {
  expect(percentile([4, 0, 0, 0], BOUNDS, 0.5)).toBe(5)
  expect(percentile([1, 1, 0, 0], BOUNDS, 0.5)).toBe(10)
  expect(percentile([1, 1, 0, 0], BOUNDS, 1)).toBe(100)
  expect(percentile([0, 0, 10, 0], BOUNDS, 0.95)).toBeCloseTo(955)
})

test('knows nothing of nothing, and no more than the last bound', () => {
  expect(percentile([0, 0, 0, 0], BOUNDS, 0.5)).toBeUndefined()
  expect(percentile([], BOUNDS, 0.5)).toBeUndefined()
  expect(percentile([0, 0, 0, 7], BOUNDS, 0.5)).toBe(1000)
})

test('lies in the bucket of the value itself', () => {
  const values = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(values, fc.constantFrom(0.5, 0.95), (found, share) => {
      const bucketOf = (value: number) => BOUNDS.filter((bound) => bound <= value).length
      const counts = [0, 0, 0, 0]
      for (const value of found) counts[bucketOf(value)] = (counts[bucketOf(value)] ?? 0) + 1
      const sorted = found.toSorted((left, right) => left - right)
      const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? 0
      const estimate = percentile(counts, BOUNDS, share) ?? Number.NaN
      const bucket = bucketOf(exact)
      expect(estimate).toBeGreaterThanOrEqual(BOUNDS[bucket - 1] ?? 0)
      expect(estimate).toBeLessThanOrEqual(BOUNDS[bucket] ?? 1000)
    }),
  )
})
