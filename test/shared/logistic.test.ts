import fc from 'fast-check'
import { expect, test } from 'vitest'
import { logistic, logitOf } from '../../shared/logistic.ts'

test('a logit and its probability give each other', () => {
  fc.assert(
    fc.property(fc.double({ min: -15, max: 15, noNaN: true }), (logit) => {
      expect(logitOf(logistic(logit))).toBeCloseTo(logit, 6)
    }),
  )
})

test('certainty has an infinite logit, which gives it back', () => {
  expect(logitOf(1)).toBe(Number.POSITIVE_INFINITY)
  expect(logistic(logitOf(1))).toBe(1)
  expect(logistic(logitOf(0))).toBe(0)
})
