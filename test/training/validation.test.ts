/** How well scores tell complex from simple. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  areaUnderCurve,
  type Calibration,
  calibrationError,
  falseAlarmThreshold,
  fitCalibration,
  recallAt,
  reliability,
  roundedUp,
  type Scored,
  thresholdFor,
  usefulCalibration,
} from '../../training/validation.ts'

/** Rows of both labels, scores of which are often the same. */
function bothLabels(logit: fc.Arbitrary<number>): fc.Arbitrary<readonly Scored[]> {
  return fc
    .array(fc.record({ logit, complex: fc.boolean() }), { minLength: 2, maxLength: 60 })
    .filter((rows) => new Set(rows.map(({ complex }) => complex)).size === 2)
}
const few = bothLabels(fc.integer({ min: -5, max: 5 }))
const any = bothLabels(fc.double({ min: -20, max: 20, noNaN: true }))

const scored = (complex: readonly number[], simple: readonly number[]): readonly Scored[] => [
  ...complex.map((logit) => ({ logit, complex: true })),
  ...simple.map((logit) => ({ logit, complex: false })),
]

test('the area under the curve is the share of pairs in the right order, equal scores by half', () => {
  fc.assert(
    fc.property(fc.oneof(few, any), (rows) => {
      const pairs = rows
        .filter(({ complex }) => complex)
        .flatMap((one) =>
          rows
            .filter(({ complex }) => !complex)
            .map((other) => (one.logit === other.logit ? 0.5 : Number(one.logit > other.logit))),
        )
      expect(areaUnderCurve(rows)).toBeCloseTo(pairs.reduce((sum, pair) => sum + pair, 0) / pairs.length, 10)
    }),
  )
})

test('a threshold for a recall reaches it, and no higher one does', () => {
  fc.assert(
    fc.property(few, fc.constantFrom(0.5, 0.8, 0.97, 0.998), (rows, recall) => {
      const threshold = thresholdFor(rows, recall)
      expect(recallAt(rows, threshold, true)).toBeGreaterThanOrEqual(recall - 1e-9)
      expect(recallAt(rows, threshold + 1e-9, true)).toBeLessThan(recall)
    }),
  )
})

test('a threshold for false alarms is reached by no more rows than allowed', () => {
  fc.assert(
    fc.property(few, fc.constantFrom(0, 0.005, 0.1, 0.5), (rows, share) => {
      expect(1 - recallAt(rows, falseAlarmThreshold(rows, share), false)).toBeLessThanOrEqual(share + 1e-9)
    }),
  )
})

test('recall is the share of a label on its side of a threshold', () => {
  const rows = scored([1, 2, 3, 4], [0, 1, 2, 3])
  expect([recallAt(rows, 2, true), recallAt(rows, 2, false)]).toEqual([0.75, 0.5])
})

/** Mean cross-entropy by the targets of Platt (1999): a little off 0 and 1. */
function crossEntropy(rows: readonly Scored[], { slope, offset }: Calibration): number {
  const positives = rows.filter(({ complex }) => complex).length
  const losses = rows.map(({ logit, complex }) => {
    const target = complex ? (positives + 1) / (positives + 2) : 1 / (rows.length - positives + 2)
    const value = slope * logit + offset
    return target * Math.log1p(Math.exp(-value)) + (1 - target) * Math.log1p(Math.exp(value))
  })
  return losses.reduce((sum, loss) => sum + loss, 0) / rows.length
}

test('calibrated scores are never further from the labels than those before, or than any nearby', () => {
  fc.assert(
    fc.property(fc.oneof(few, any), (rows) => {
      const found = fitCalibration(rows)
      const loss = crossEntropy(rows, found)
      expect(loss).toBeLessThanOrEqual(crossEntropy(rows, { slope: 1, offset: 0 }) + 1e-6)
      for (const [slope, offset] of [
        [0.01, 0],
        [-0.01, 0],
        [0, 0.01],
        [0, -0.01],
      ] as const)
        expect(loss).toBeLessThanOrEqual(
          crossEntropy(rows, { slope: found.slope + slope, offset: found.offset + offset }) + 1e-6,
        )
    }),
  )
})

test('calibrates rows that are told apart perfectly without certainty', () => {
  const { slope, offset } = fitCalibration(scored([3, 4, 5], [-3, -4, -5]))
  expect(slope).toBeGreaterThan(0)
  expect(1 / (1 + Math.exp(-(slope * 5 + offset)))).toBeLessThan(0.99)
})

test('finds the slope and offset by which labels were drawn', () => {
  const rows = Array.from({ length: 4_000 }, (_, at): Scored => {
    const logit = ((at % 40) - 20) / 5
    // Evenly spread chances in the place of drawn ones.
    return { logit, complex: (Math.floor(at / 40) + 0.5) / 100 < 1 / (1 + Math.exp(-(0.5 * logit - 1))) }
  })
  const { slope, offset } = fitCalibration(rows)
  expect(slope).toBeCloseTo(0.5, 1)
  expect(offset).toBeCloseTo(-1, 1)
  expect(calibrationError(rows)).toBeGreaterThan(0.1)
  expect(
    calibrationError(rows.map(({ logit, complex }) => ({ logit: slope * logit + offset, complex }))),
  ).toBeLessThan(0.02)
})

test('every row is in one bin of ten, and the error is between 0 and 1', () => {
  fc.assert(
    fc.property(any, (rows) => {
      const bins = reliability(rows)
      expect(bins).toHaveLength(10)
      expect(bins.reduce((sum, bin) => sum + bin.rows, 0)).toBe(rows.length)
      expect(calibrationError(rows)).toBeGreaterThanOrEqual(0)
      expect(calibrationError(rows)).toBeLessThanOrEqual(1)
    }),
  )
})

test('a head that does no better than chance is refused', () => {
  const scored = [2, 1, 0, -1, -2].map((logit) => ({ logit, complex: logit < 0 }))
  expect(() => usefulCalibration(scored)).toThrow('no better than chance')
  expect(
    usefulCalibration(scored.map(({ logit, complex }) => ({ logit: -logit, complex }))).slope,
  ).toBeGreaterThan(0)
})

test('a threshold with four decimals is no less than it was, and by less than one of them more', () => {
  const threshold = fc.double({ min: 0, max: 1, noNaN: true })
  // 0.3 and a little: its product with 10,000 is 3,000.
  const examples: [number][] = [[0.3 + Number.EPSILON / 4], [Number.MIN_VALUE], [0], [1]]
  fc.assert(
    fc.property(threshold, (exact) => {
      const up = roundedUp(exact)
      expect(up).toBeGreaterThanOrEqual(exact)
      expect(up - exact).toBeLessThanOrEqual(1e-4)
      expect(up).toBe(Number(up.toFixed(4)))
    }),
    { examples },
  )
})
