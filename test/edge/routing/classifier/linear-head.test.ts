import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  applyHead,
  applySingleHead,
  type LinearHead,
} from '../../../../edge/routing/classifier/linear-head.ts'

const BITS = 4
const vectorOf = (
  features: readonly (readonly [row: number, place: number])[],
  factors: readonly number[],
) => ({
  length: features.length,
  rows: Uint32Array.from(features, ([row]) => row),
  places: Uint8Array.from(features, ([, place]) => place),
  factors: Float64Array.from(factors),
})

test('a head of one output says to the last bit what the same table says beside another output', () => {
  const feature = fc.tuple(fc.nat({ max: 2 ** 18 - 1 }), fc.nat({ max: 10 }))
  const weight = fc.integer({ min: -127, max: 127 })
  fc.assert(
    fc.property(
      fc.array(feature, { maxLength: 200 }),
      fc.array(weight, { minLength: 2 ** BITS, maxLength: 2 ** BITS }),
      fc.array(fc.double({ noNaN: true, min: 0, max: 1 }), { minLength: 11, maxLength: 11 }),
      fc.nat({ max: 2 ** 11 - 1 }),
      (features, weights, factors, places) => {
        const alone: LinearHead = {
          bits: BITS,
          outputs: 1,
          places,
          weights: Int8Array.from(weights),
          scale: 0.037,
          biases: [0.25],
        }
        const beside: LinearHead = {
          ...alone,
          outputs: 2,
          weights: Int8Array.from(weights.flatMap((each) => [each, 1])),
          biases: [0.25, 0],
        }
        const vector = vectorOf(features, factors)
        expect(applySingleHead(alone, vector)).toBe(applyHead(beside, vector)[0])
      },
    ),
  )
})
