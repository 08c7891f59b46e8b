/** A linear head over sparse examples. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  fitHead,
  type HeadForm,
  logitsOf,
  quantizeHead,
  type TrainingRow,
} from '../../training/linear-training.ts'
import type { SparseExample } from '../../training/sparse-example.ts'

const OPTIONS = { epochs: 20, rate: 0.3, ridge: 1e-4 }
const BINARY: HeadForm = { bits: 4, outputs: 1, places: 0b11 }

const example = (rows: readonly number[], place = 0): SparseExample => ({
  rows: Uint32Array.from(rows),
  places: new Uint8Array(rows.length).fill(place),
  values: new Float64Array(rows.length).fill(1),
})
const row = (features: readonly number[], ...target: readonly number[]): TrainingRow => ({
  example: example(features),
  target,
  weight: 1,
})

test('learns which feature means what, by weight and sign', () => {
  const rows = Array.from({ length: 20 }, (_, at) => row([at % 2, 4 + (at % 5)], at % 2))
  const head = fitHead(BINARY, rows, OPTIONS)
  const logit = (features: readonly number[]) => logitsOf(head, example(features))[0]
  expect(logit([1])).toBeGreaterThan(1)
  expect(logit([0])).toBeLessThan(-1)
})

test('chooses among several outputs', () => {
  const rows = Array.from({ length: 30 }, (_, at) =>
    row([at % 3], ...[0, 1, 2].map((output) => Number(output === at % 3))),
  )
  const head = fitHead({ bits: 4, outputs: 3, places: 1 }, rows, OPTIONS)
  for (const feature of [0, 1, 2]) {
    const logits = logitsOf(head, example([feature]))
    expect(logits.indexOf(Math.max(...logits))).toBe(feature)
  }
})

test('gives the same weights for the same rows', () => {
  const rows = Array.from({ length: 12 }, (_, at) => row([at, (at * 7) % 16], at % 2))
  expect(fitHead(BINARY, rows, OPTIONS)).toEqual(fitHead(BINARY, rows, OPTIONS))
})

test('learns nothing from places that the head does not read, nor from rows of no weight', () => {
  const elsewhere = { ...row([1], 1), example: example([1], 3) }
  const head = fitHead(BINARY, [elsewhere, { ...row([2], 1), weight: 0 }], { ...OPTIONS, ridge: 0 })
  expect(head.weights.every((weight) => weight === 0)).toBe(true)
  expect(logitsOf(head, example([1], 3))).toEqual(head.biases)
})

test('features whose rows are too large for the table share one', () => {
  const head = fitHead(BINARY, [row([3], 1), row([5], 0)], OPTIONS)
  expect(logitsOf(head, example([3 + 16]))).toEqual(logitsOf(head, example([3])))
})

test('8 bits change a logit by no more than half a step a feature; calibration is in them', () => {
  const weights = fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: 16, maxLength: 16 })
  const features = fc.uniqueArray(fc.integer({ min: 0, max: 15 }))
  fc.assert(
    fc.property(weights, features, fc.constantFrom(0.5, 1, 3), (values, rows, slope) => {
      const head = { ...BINARY, weights: Float64Array.from(values), biases: Float64Array.of(0.25) }
      const { weights: codes, scale, biases } = quantizeHead(head, slope, -1)
      const logit = rows.reduce((sum, at) => sum + scale * (codes[at] as number), biases[0] as number)
      const exact = slope * (logitsOf(head, example(rows))[0] as number) - 1
      expect(Math.abs(logit - exact)).toBeLessThanOrEqual((rows.length * scale) / 2 + 1e-9)
    }),
  )
})
