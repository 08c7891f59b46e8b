/** What is said of a measure, on answers whose scores are made up. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chooseThreshold } from '../../../bench/verification/choose-threshold.ts'
import type { GradedAnswer } from '../../../bench/verification/graded-answer.ts'
import {
  measureLeftOut,
  thresholdLosing,
  tradeAt,
  tradeLeftOut,
} from '../../../bench/verification/kinds-left-out.ts'
import { MEASURES, type Measure, SERVED_MEASURES } from '../../../bench/verification/measures.ts'

function answerOf(kind: string, right: boolean, logprob: number): GradedAnswer {
  return {
    id: 'ex',
    kind,
    task: 'simple_chat',
    language: 'en',
    right,
    logprobs: [logprob, -0.01],
    tokens: 1,
    handoverScore: null,
    judgeScore: null,
    askedAfter: 0.5,
    askedApart: 0.5,
  }
}

const answer = fc
  .tuple(fc.constantFrom('a', 'b', 'c'), fc.boolean(), fc.double({ min: -9, max: -0.1, noNaN: true }))
  .map(([kind, right, logprob]) => answerOf(kind, right, logprob))
const [lowest] = SERVED_MEASURES as readonly Measure[]

test('a threshold loses at most its share of the right answers, and what it holds back are the others', () => {
  fc.assert(
    fc.property(
      fc.array(answer, { minLength: 1 }),
      fc.double({ min: 0, max: 0.99, noNaN: true }),
      (answers, share) => {
        const rows = answers.map((each) => ({ answer: each, score: -(each.logprobs[0] ?? 0) }))
        const { right, wrong, rightLost, wrongHeldBack } = tradeAt(rows, thresholdLosing(rows, share))
        expect(rightLost).toBeLessThanOrEqual(share * right)
        expect(right + wrong).toBe(answers.length)
        expect(wrongHeldBack).toBeLessThanOrEqual(wrong)
      },
    ),
    // Neighbouring numbers have none between them.
    { examples: [[[answerOf('a', true, -0.1), answerOf('a', true, -0.1 - Number.EPSILON / 16)], 0.5]] },
  )
})

test('a measure that tells them apart on every kind has an area of 1 and holds back what is wrong', () => {
  const answers = ['a', 'b', 'c'].flatMap((kind) => [
    ...Array.from({ length: 10 }, (_, at) => answerOf(kind, true, -0.1 - at / 100)),
    ...Array.from({ length: 10 }, (_, at) => answerOf(kind, false, -3 - at / 100)),
  ])
  expect(lowest && measureLeftOut(lowest, answers)).toEqual({
    pooled: 1,
    byKind: new Map(['a', 'b', 'c'].map((kind) => [kind, 1])),
  })
  expect(lowest && tradeLeftOut(lowest, answers, 0)).toEqual({
    right: 30,
    wrong: 30,
    rightLost: 0,
    wrongHeldBack: 30,
  })
})

test('what is learned is learned without the kind that it is measured on', () => {
  const answers = ['a', 'b', 'c'].flatMap((kind) => [answerOf(kind, true, -1), answerOf(kind, false, -2)])
  const taught: (readonly string[])[] = []
  const curious: Measure = {
    name: 'curious',
    cost: () => 0,
    fit(others) {
      taught.push(others.map(({ kind }) => kind))
      return ({ kind }) => (others.some((other) => other.kind === kind) ? undefined : 0)
    },
  }
  expect(measureLeftOut(curious, answers)).toMatchObject({ pooled: 0.5 })
  expect(taught).toHaveLength(3)
})

test('measures that say nothing of a model have no area', () => {
  const answers = [answerOf('a', true, -1), answerOf('a', false, -2), answerOf('b', true, -1)]
  const judge = MEASURES.find(({ name }) => name === 'judge')
  expect(judge && measureLeftOut(judge, answers)).toEqual({ pooled: undefined, byKind: new Map() })
})

test('the threshold is chosen on tasks where a measure is of use, and there is none where it is not', () => {
  const told = (kind: string, at: number) => [answerOf(kind, true, -0.1 - at), answerOf(kind, false, -3 - at)]
  const useful = [0, 0.1, 0.2].flatMap((at) => [...told('a', at), ...told('b', at)])
  const opposite = useful.map((each) => ({ ...each, task: 'simple_qa', right: !each.right }))
  const chosen = chooseThreshold([...useful, ...opposite], 0)
  expect(chosen).toMatchObject({ tasks: ['simple_chat'], area: 1 })
  expect(chosen?.threshold).toBeGreaterThan(1 - Math.exp(-0.3))
  expect(chosen?.threshold).toBeLessThan(1 - Math.exp(-3))
  expect(chooseThreshold(opposite, 0.1)).toBeUndefined()
})
