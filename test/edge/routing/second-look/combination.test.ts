/** Two scores as one: what either says counts, and the way back is exact. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  combinedThreshold,
  combineScores,
  secondThreshold,
} from '../../../../edge/routing/second-look/combination.ts'

const score = fc.double({ min: 0.001, max: 0.999, noNaN: true })

test('a higher score of either makes both together higher', () => {
  fc.assert(
    fc.property(score, score, score, (edge, one, other) => {
      const [low, high] = one < other ? [one, other] : [other, one]
      expect(combineScores(edge, low)).toBeLessThanOrEqual(combineScores(edge, high))
      expect(combineScores(low, edge)).toBeLessThanOrEqual(combineScores(high, edge))
    }),
  )
})

test('the second score that is asked for is the one at which both together reach the threshold', () => {
  fc.assert(
    fc.property(score, score, (edge, threshold) => {
      const second = secondThreshold(edge, threshold)
      expect(second).toBeGreaterThanOrEqual(0)
      expect(second).toBeLessThanOrEqual(1)
      if (second > 1e-6 && second < 1 - 1e-6) expect(combineScores(edge, second)).toBeCloseTo(threshold, 6)
    }),
  )
})

test('takes scores at their ends', () => {
  for (const edge of [0, 1]) for (const second of [0, 1]) expect(combineScores(edge, second)).not.toBeNaN()
  expect(combineScores(0, 1)).toBeLessThanOrEqual(1)
})

test('knows thresholds by score and by share', () => {
  expect(combinedThreshold({ score: 0.3 })).toBe(0.3)
  expect(combinedThreshold({ recall: 99 })).toBeLessThan(combinedThreshold({ recall: 95 }))
})
