import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pickToken, seededRandom } from '../../../../inference/engine/text/sampler.ts'

const greedy = { temperature: 0, topP: 1, topK: 0 }
const never = () => {
  throw new Error('chance was asked')
}

test('takes the likeliest token at temperature 0 without asking chance', () => {
  expect(pickToken(Float32Array.of(1, 3, 2), greedy, never).token).toBe(1)
})

test('reports the natural log of the model’s own probability, whatever the temperature', () => {
  const logits = Float32Array.of(Math.log(0.5), Math.log(0.3), Math.log(0.2))
  const { token, logprob } = pickToken(logits, { ...greedy, temperature: 2 }, () => 0.999)
  expect(token).toBe(2)
  expect(logprob).toBeCloseTo(Math.log(0.2), 5)
})

test('never picks a token outside top_k', () => {
  const logits = Float32Array.of(1, 4, 3, 2)
  for (let chance = 0; chance < 1; chance += 0.01)
    expect([1, 2]).toContain(pickToken(logits, { temperature: 5, topP: 1, topK: 2 }, () => chance).token)
})

test('keeps the smallest set of tokens that reaches top_p', () => {
  const logits = Float32Array.of(Math.log(0.5), Math.log(0.3), Math.log(0.2))
  const picked = new Set<number>()
  for (let chance = 0; chance < 1; chance += 0.01)
    picked.add(pickToken(logits, { temperature: 1, topP: 0.79, topK: 0 }, () => chance).token)
  expect([...picked].sort()).toEqual([0, 1])
})

test('draws tokens as often as their probabilities say', () => {
  const logits = Float32Array.of(Math.log(0.7), Math.log(0.2), Math.log(0.1))
  const random = seededRandom(7)
  const counts = [0, 0, 0]
  for (let draw = 0; draw < 10_000; draw++) {
    const { token } = pickToken(logits, { temperature: 1, topP: 1, topK: 0 }, random)
    counts[token] = (counts[token] ?? 0) + 1
  }
  for (const [token, share] of [0.7, 0.2, 0.1].entries())
    expect((counts[token] ?? 0) / 10_000).toBeCloseTo(share, 1)
})

test('picks what a full sort would pick, for any logits and settings', () => {
  const settings = fc.record({
    temperature: fc.double({ min: 0.05, max: 2, noNaN: true }),
    topP: fc.double({ min: 0, max: 1, noNaN: true }),
    topK: fc.integer({ min: 0, max: 12 }),
  })
  const logits = fc.uniqueArray(fc.integer({ min: -200, max: 200 }), { minLength: 1, maxLength: 60 })
  const chance = fc.double({ min: 0, max: 0.999, noNaN: true })
  fc.assert(
    fc.property(logits, settings, chance, (values, options, at) => {
      const row = Float32Array.from(values, (value) => value / 10)
      const { token } = pickToken(row, options, () => at)
      const order = [...row.keys()].sort((a, b) => (row[b] ?? 0) - (row[a] ?? 0))
      const cut = options.topK > 0 ? order.slice(0, options.topK) : order
      const weights = cut.map((index) =>
        Math.exp(((row[index] ?? 0) - Math.max(...row)) / options.temperature),
      )
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      let before = 0
      for (const index of cut.slice(0, cut.indexOf(token))) before += weights[cut.indexOf(index)] ?? 0
      expect(cut).toContain(token)
      expect(before / total).toBeLessThanOrEqual(options.topP + 1e-6)
    }),
  )
})

test('repeats its numbers for a seed, all within [0, 1)', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const [one, two] = [seededRandom(seed), seededRandom(seed)]
      for (let draw = 0; draw < 20; draw++) {
        const value = one()
        expect(two()).toBe(value)
        expect(value).toBeGreaterThanOrEqual(0)
        expect(value).toBeLessThan(1)
      }
    }),
  )
})
