import { RepetitionPenaltyLogitsProcessor, Tensor } from '@xenova/transformers'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  createSampler,
  type SamplingOptions,
  seededRandom,
} from '../../../../inference/engine/text/sampler.ts'

const greedy: SamplingOptions = { temperature: 0, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1 }
const never = () => {
  throw new Error('chance was asked')
}

function samplerOf(
  sampling: Partial<SamplingOptions> = {},
  {
    random = never as () => number,
    occurred = [] as number[],
    banned = undefined as number | undefined,
    withConfidence = false,
  } = {},
) {
  return createSampler({ sampling: { ...greedy, ...sampling }, random, occurred, banned, withConfidence })
}

test('takes the likeliest token at temperature 0 without asking chance', () => {
  expect(samplerOf().pick(Float32Array.of(1, 3, 2))).toEqual({ token: 1, confidence: undefined })
})

test('tells the natural log of the model’s own probability and its margin, whatever was changed for the pick', () => {
  const logits = Float32Array.of(Math.log(0.5), Math.log(0.3), Math.log(0.2))
  const chance = { random: () => 0.999, withConfidence: true }
  for (const sampling of [{ temperature: 2 }, { temperature: 2, repetitionPenalty: 3 }]) {
    const { token, confidence } = samplerOf(sampling, { ...chance, occurred: [0] }).pick(logits)
    expect(token).toBe(2)
    expect(confidence?.logprob).toBeCloseTo(Math.log(0.2), 5)
    expect(confidence?.margin).toBeCloseTo(Math.log(0.5) - Math.log(0.3), 5)
  }
})

test('applies the repetition penalty as transformers.js does', () => {
  const logits = fc.array(fc.float({ min: -30, max: 30, noNaN: true }), { minLength: 4, maxLength: 4 })
  const tokens = fc.array(fc.nat(3), { maxLength: 8 })
  fc.assert(
    fc.property(logits, tokens, fc.double({ min: 0.5, max: 2, noNaN: true }), (values, occurred, penalty) => {
      const reference = new Tensor('float32', Float32Array.from(values), [1, 4])
      new RepetitionPenaltyLogitsProcessor(penalty)._call([occurred.map(BigInt)], reference)
      const { token } = samplerOf({ repetitionPenalty: penalty }, { occurred }).pick(
        Float32Array.from(values),
      )
      const data = [...reference.data].map(Number)
      expect(data[token]).toBe(Math.max(...data))
    }),
  )
})

test('counts what it has picked as having occurred', () => {
  const { pick } = samplerOf({ repetitionPenalty: 2 })
  expect([pick(Float32Array.of(3, 2, 1)).token, pick(Float32Array.of(3, 2, 1)).token]).toEqual([0, 1])
})

test('only reads the logits that it is given', () => {
  const logits = Float32Array.of(3, 2, 1)
  const { pick } = samplerOf({ repetitionPenalty: 2, temperature: 1, topK: 2 }, { random: () => 0.5 })
  pick(logits)
  pick(logits, [Int32Array.of(1, 2)])
  expect([...logits]).toEqual([3, 2, 1])
})

test('picks among allowed tokens what it would pick if there were no others', () => {
  const logits = fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 1, maxLength: 40 })
  const sampling = fc.record({
    temperature: fc.constantFrom(0, 0.7, 1.5),
    topK: fc.nat(5),
    topP: fc.double({ min: 0, max: 1, noNaN: true }),
    minP: fc.constantFrom(0, 0.2),
    repetitionPenalty: fc.constantFrom(1, 1.3),
  })
  fc.assert(
    fc.property(logits, fc.infiniteStream(fc.nat(3)), sampling, fc.nat(), (values, groups, options, seed) => {
      const row = Float32Array.from(values)
      const lists: number[][] = [[], [], []]
      for (const token of row.keys()) lists[groups.next().value ?? 0]?.push(token)
      const tokens = lists.flat()
      fc.pre(tokens.length > 0)
      const occurred = [0, 2, 4]
      const { token } = samplerOf(options, { random: seededRandom(seed), occurred }).pick(
        row,
        lists.map((list) => Int32Array.from(list)),
      )
      const alone = Float32Array.from(tokens, (each) => row[each] ?? 0)
      const there = samplerOf(options, {
        random: seededRandom(seed),
        occurred: occurred.map((each) => tokens.indexOf(each)),
      }).pick(alone)
      expect(token).toBe(tokens[there.token])
    }),
  )
})

test('refuses logits that are not numbers, wherever they stand', () => {
  for (const at of [0, 1, 2]) {
    const logits = Float32Array.of(1, 2, 3)
    logits[at] = Number.NaN
    expect(() => samplerOf().pick(logits)).toThrow(RangeError)
  }
  expect(() => samplerOf().pick(new Float32Array(3).fill(-Infinity))).toThrow(RangeError)
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

test('a banned token is picked as rarely as one that is impossible, and the others as if it were', () => {
  const values = fc.array(fc.float({ min: -30, max: 30, noNaN: true }), { minLength: 4, maxLength: 12 })
  const sampling = fc.record({
    temperature: fc.constantFrom(0, 0.7, 1.5),
    topP: fc.constantFrom(1, 0.8, 0.1),
    topK: fc.constantFrom(0, 2),
    minP: fc.constantFrom(0, 0.5),
    repetitionPenalty: fc.constantFrom(1, 1.3),
  })
  fc.assert(
    fc.property(values, fc.nat(3), sampling, fc.nat(), (row, banned, options, seed) => {
      const logits = Float32Array.from(row)
      const impossible = Float32Array.from(row, (logit, at) => (at === banned ? -Infinity : logit))
      const pick = (given: Float32Array, token: number | undefined) =>
        samplerOf(options, { random: seededRandom(seed), occurred: [banned, 1], banned: token }).pick(given)
      const { token } = pick(logits, banned)
      expect(token).not.toBe(banned)
      expect(token).toBe(pick(impossible, undefined).token)
      expect(logits).toEqual(Float32Array.from(row))
    }),
  )
})
