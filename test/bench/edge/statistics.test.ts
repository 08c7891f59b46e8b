import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cpuRatio, microsecondsEach, percentile, rotated } from '../../../bench/edge/statistics.ts'

test('a percentile is one of the values, and the values may come in any order', () => {
  const values = [5, 1, 4, 2, 3]
  expect([percentile(values, 0.5), percentile(values, 0.99), percentile(values, 0)]).toEqual([3, 5, 1])
  expect(percentile([], 0.5)).toBeNaN()
})

test('no fewer than the share of the values lie at or below their percentile', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true }), { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, share) => {
        const found = percentile(values, share)
        const below = values.filter((value) => value <= found).length
        expect(below).toBeGreaterThanOrEqual(Math.ceil(share * values.length))
      },
    ),
  )
})

test('everybody comes first once before somebody does again, then the order is turned round', () => {
  const items = ['a', 'b', 'c']
  expect([0, 1, 2].map((round) => rotated(items, round).join(''))).toEqual(['abc', 'bca', 'cab'])
  expect(rotated(items, 3).join('')).toBe('cba')
})

test('microseconds are of all rounds together, not a mean of means', () => {
  const slices = [
    { cpuMs: 100, count: 1_000 },
    { cpuMs: 900, count: 1_000 },
  ]
  expect(microsecondsEach(slices)).toBe(500)
})

test('a ratio says how far its rounds lie apart', () => {
  const own = [
    { cpuMs: 20, count: 10 },
    { cpuMs: 30, count: 10 },
  ]
  const others = [
    { cpuMs: 10, count: 10 },
    { cpuMs: 30, count: 10 },
  ]
  expect(cpuRatio(own, others)).toEqual({ pooled: 1.25, lowest: 1, highest: 2 })
})
