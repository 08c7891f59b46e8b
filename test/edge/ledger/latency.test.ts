/** Histograms of latencies: each request in one class, percentiles within a class of the truth. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LATENCY_BOUNDS_MS, latencyClass, latencyPercentile } from '../../../edge/ledger/latency.ts'

test('a latency is below the bound of its class and not below the one before', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (latency) => {
      const index = latencyClass(latency)
      expect(latency).toBeLessThan(LATENCY_BOUNDS_MS[index] ?? Number.POSITIVE_INFINITY)
      expect(latency).toBeGreaterThanOrEqual(LATENCY_BOUNDS_MS[index - 1] ?? 0)
    }),
  )
})

test('bounds rise', () => {
  expect(LATENCY_BOUNDS_MS).toEqual(LATENCY_BOUNDS_MS.toSorted((left, right) => left - right))
})

test('a percentile is in the class of the latency that it stands for', () => {
  const latencies = fc.array(fc.integer({ min: 0, max: 800_000 }), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(latencies, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, share) => {
      const histogram = LATENCY_BOUNDS_MS.map(
        (_, index) => values.filter((value) => latencyClass(value) === index).length,
      )
      const sorted = values.toSorted((left, right) => left - right)
      const expected = sorted[Math.max(0, Math.ceil(share * values.length) - 1)] ?? 0
      const told = latencyPercentile(histogram, share) ?? -1
      expect(told).toBeGreaterThanOrEqual(LATENCY_BOUNDS_MS[latencyClass(expected) - 1] ?? 0)
      expect(told).toBeLessThanOrEqual(LATENCY_BOUNDS_MS[latencyClass(expected)] ?? Number.POSITIVE_INFINITY)
    }),
  )
})

test('an empty histogram has none, and what took too long counts as the last bound', () => {
  expect(latencyPercentile([], 0.5)).toBeNull()
  expect(latencyPercentile([0, 0], 0.5)).toBeNull()
  const endless = [...LATENCY_BOUNDS_MS.map(() => 0), 3]
  expect(latencyPercentile(endless, 0.5)).toBe(LATENCY_BOUNDS_MS.at(-1))
})
