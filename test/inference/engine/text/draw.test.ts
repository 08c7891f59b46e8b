import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createDraw, type DrawOptions } from '../../../../inference/engine/text/draw.ts'
import { seededRandom } from '../../../../inference/engine/text/sampler.ts'

const all: DrawOptions = { temperature: 1, topK: 0, topP: 1, minP: 0 }
const row = (...probabilities: number[]) => Float32Array.from(probabilities, Math.log)

/** Returns what a hundred evenly spread chances draw. */
function drawnOf(logits: Float32Array, options: Partial<DrawOptions>): number[] {
  const draw = createDraw({ ...all, ...options })
  const max = Math.max(...logits)
  const drawn = Array.from({ length: 100 }, (_, at) => draw(logits, max, at / 100))
  return [...new Set(drawn)].sort((a, b) => a - b)
}

test('keeps the likeliest top_k', () => {
  expect(drawnOf(Float32Array.of(1, 4, 3, 2), { temperature: 5, topK: 2 })).toEqual([1, 2])
})

test('keeps the smallest set that reaches top_p, at least the likeliest', () => {
  expect(drawnOf(row(0.5, 0.3, 0.2), { topP: 0.79 })).toEqual([0, 1])
  expect(drawnOf(row(0.3, 0.5, 0.2), { topP: 0 })).toEqual([1])
})

test('takes the share of top_p from what top_k has left', () => {
  expect(drawnOf(row(0.5, 0.3, 0.2), { topK: 2, topP: 0.62 })).toEqual([0])
  expect(drawnOf(row(0.5, 0.3, 0.2), { topK: 2, topP: 0.63 })).toEqual([0, 1])
})

test('keeps what has min_p of the likeliest one’s probability', () => {
  expect(drawnOf(row(0.5, 0.3, 0.2), { minP: 0.5 })).toEqual([0, 1])
  expect(drawnOf(row(0.5, 0.3, 0.2), { minP: 0.5, topP: 0.9 })).toEqual([0, 1])
  expect(drawnOf(row(0.5, 0.3, 0.2), { minP: 1 })).toEqual([0])
})

test('never draws what has no probability', () => {
  expect(drawnOf(Float32Array.of(1, 4, 3), { temperature: Number.MIN_VALUE })).toEqual([1])
  expect(drawnOf(Float32Array.of(-Infinity, 0, -Infinity, 0, -Infinity), {})).toEqual([1, 3])
})

test('draws as often as the probabilities say', () => {
  const draw = createDraw(all)
  const random = seededRandom(7)
  const counts = [0, 0, 0]
  for (let turn = 0; turn < 10_000; turn++) {
    const index = draw(row(0.7, 0.2, 0.1), Math.log(0.7), random())
    counts[index] = (counts[index] ?? 0) + 1
  }
  for (const [index, share] of [0.7, 0.2, 0.1].entries())
    expect((counts[index] ?? 0) / 10_000).toBeCloseTo(share, 1)
})

test('draws from what a full sort would leave, for any logits and settings', () => {
  const settings = fc.record({
    temperature: fc.double({ min: 0.05, max: 2, noNaN: true }),
    topP: fc.double({ min: 0, max: 1, noNaN: true }),
    topK: fc.integer({ min: 0, max: 12 }),
    minP: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  const logits = fc.uniqueArray(fc.integer({ min: -200, max: 200 }), { minLength: 1, maxLength: 60 })
  const chance = fc.double({ min: 0, max: 0.999, noNaN: true })
  fc.assert(
    fc.property(logits, settings, chance, (values, options, at) => {
      const given = Float32Array.from(values, (value) => value / 10)
      const max = Math.max(...given)
      const index = createDraw(options)(given, max, at)
      const order = [...given.keys()].sort((a, b) => (given[b] ?? 0) - (given[a] ?? 0))
      const cut = options.topK > 0 ? order.slice(0, options.topK) : order
      const weights = cut.map((entry) => Math.exp(((given[entry] ?? 0) - max) / options.temperature))
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      const place = cut.indexOf(index)
      const before = weights.slice(0, place).reduce((sum, weight) => sum + weight, 0)
      expect(cut).toContain(index)
      expect(before / total).toBeLessThanOrEqual(options.topP + 1e-6)
      expect(weights[place]).toBeGreaterThanOrEqual(options.minP - 1e-9)
    }),
  )
})
