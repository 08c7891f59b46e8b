/** Logistic regression with a ridge. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type DenseHead, type DenseRow, denseLogit, fitRidgeLogistic } from '../../training/ridge-logistic.ts'

const anyRows = fc
  .integer({ min: 1, max: 6 })
  .chain((size) =>
    fc.array(
      fc.record({
        features: fc
          .array(fc.integer({ min: -8, max: 8 }), { minLength: size, maxLength: size })
          .map((values) => Float32Array.from(values)),
        complex: fc.boolean(),
        weight: fc.constantFrom(0.5, 1, 2),
      }),
      { minLength: 4, maxLength: 40 },
    ),
  )
  .filter((rows) => new Set(rows.map(({ complex }) => complex)).size === 2)

/** Of the loss, by the weights of standardised features, then by the bias. */
function gradientOf(rows: readonly DenseRow[], ridge: number, head: DenseHead): readonly number[] {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const errors = rows.map(({ features, complex, weight }) => {
    return weight * (1 / (1 + Math.exp(-denseLogit(head, features))) - Number(complex))
  })
  const byWeight = Array.from(head.weights, (weight, at) => {
    const values = rows.map(({ features }) => features[at] as number)
    const center = mean(values)
    const deviation = Math.sqrt(mean(values.map((value) => (value - center) ** 2))) || 1
    const sum = values.reduce(
      (total, value, row) => total + ((value - center) / deviation) * (errors[row] as number),
      0,
    )
    return sum + ridge * weight * deviation
  })
  return [...byWeight, errors.reduce((sum, error) => sum + error, 0)]
}

test('finds where the loss has no slope any more', () => {
  fc.assert(
    fc.property(anyRows, fc.constantFrom(1, 10, 1_000), (rows, ridge) => {
      for (const slope of gradientOf(rows, ridge, fitRidgeLogistic(rows, ridge)))
        expect(Math.abs(slope)).toBeLessThan(1e-3)
    }),
  )
})

test('a feature’s unit and origin change no logit', () => {
  fc.assert(
    fc.property(anyRows, (rows) => {
      const moved = rows.map((row) => ({ ...row, features: row.features.map((value) => 4 * value + 16) }))
      const [head, other] = [fitRidgeLogistic(rows, 10), fitRidgeLogistic(moved, 10)]
      for (const [at, { features }] of rows.entries())
        expect(denseLogit(other, moved[at]?.features ?? features)).toBeCloseTo(denseLogit(head, features), 3)
    }),
  )
})

test('gives the same weights each time, and no weight to what is the same everywhere', () => {
  const rows = Array.from({ length: 20 }, (_, at) => ({
    features: Float32Array.of(at, 7),
    complex: at > 8,
    weight: 1,
  }))
  const head = fitRidgeLogistic(rows, 5)
  expect(fitRidgeLogistic(rows, 5)).toEqual(head)
  expect(head.weights[0]).toBeGreaterThan(0)
  expect(head.weights[1]).toBeCloseTo(0)
})

test('a row of weight 2 counts like two', () => {
  const row = (value: number, complex: boolean, weight = 1) => ({
    features: Float32Array.of(value),
    complex,
    weight,
  })
  // The same mean and deviation on both sides, so that standardisation is the same.
  const one = [row(-1, false, 2), row(1, true, 2), row(1, false, 2), row(-1, true, 2)]
  const two = [...one, ...one].map((each) => ({ ...each, weight: 1 }))
  const [head, other] = [fitRidgeLogistic(one, 1), fitRidgeLogistic(two, 1)]
  expect(other.bias).toBeCloseTo(head.bias)
  expect(other.weights[0]).toBeCloseTo(head.weights[0] as number)
})

test('a larger ridge leaves smaller weights', () => {
  const rows = Array.from({ length: 20 }, (_, at) => ({
    features: Float32Array.of(at),
    complex: at > 8,
    weight: 1,
  }))
  const [small = 0, large = 0] = [1, 100].map((ridge) => fitRidgeLogistic(rows, ridge).weights[0])
  expect(small).toBeGreaterThan(large)
  expect(large).toBeGreaterThan(0)
})
