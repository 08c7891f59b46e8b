/**
 * What might tell a wrong answer from a right one: figures of single answers, larger for what is more surely wrong, and what is
 * learned of several. Knows no model.
 */
import { MEASURE_NAMES } from '../../inference/engine/handover/handover-file.ts'
import { verificationScore } from '../../inference/engine/handover/verification.ts'
import { logitOf } from '../../shared/logistic.ts'
import { denseLogit, fitRidgeLogistic } from '../../training/ridge-logistic.ts'
import type { GradedAnswer, MeasureCosts } from './graded-answer.ts'

/** Says how surely wrong an answer is, by any scale; undefined where nothing is known of it. */
export type Score = (answer: GradedAnswer) => number | undefined

export type Measure = {
  readonly name: string
  /** What it costs an answer, CPU ms. */
  readonly cost: (costs: MeasureCosts) => number
  /** Returns the measure as it is learned from answers; most learn nothing. */
  readonly fit: (answers: readonly GradedAnswer[]) => Score
}

export type ServedMeasure = Measure & { readonly served: (typeof MEASURE_NAMES)[number] }

const BEGINNING = 8
/** Of standardised features, a few of which say much the same. */
const RIDGE = 10
/** A probability of 0 or 1 as a logit. */
const SUREST = 1e-6

const ofLogprobs = ({ logprobs }: MeasureCosts) => logprobs
const lowestLogprob: Score = ({ logprobs }) => -Math.min(...logprobs)
const meanLogprob: Score = ({ logprobs }) => -average(logprobs)
const firstLogprob: Score = ({ logprobs }) => -average(logprobs.slice(0, BEGINNING))
const sumLogprob: Score = ({ logprobs }) => -average(logprobs) * logprobs.length
const length: Score = ({ tokens }) => Math.log(tokens + 1)
const askedAfter: Score = ({ askedAfter: yes }) => (yes === null ? undefined : -logitOf(inside(yes)))

/** Those that the container can verify by; their scores are the container's own. */
export const SERVED_MEASURES: readonly ServedMeasure[] = MEASURE_NAMES.map((served) => ({
  ...single(`${served} log-probability`, ({ logprobs }) => verificationScore(served, logprobs), ofLogprobs),
  served,
}))

export const MEASURES: readonly Measure[] = [
  ...SERVED_MEASURES,
  single('mean of the first eight', firstLogprob, ofLogprobs),
  single('log-probability of the whole', sumLogprob, ofLogprobs),
  single(
    'lowest of the text, its end left out',
    ({ logprobs, tokens }) => {
      const text = logprobs.slice(0, tokens)
      return text.length === 0 ? 0 : -Math.min(...text)
    },
    ofLogprobs,
  ),
  single(
    'mean of the lowest three',
    ({ logprobs }) => -average(logprobs.toSorted((a, b) => a - b).slice(0, 3)),
    ofLogprobs,
  ),
  single('number of tokens', length, () => 0),
  single(
    'handover score',
    ({ handoverScore }) => handoverScore ?? undefined,
    () => 0,
  ),
  single(
    'judge',
    ({ judgeScore }) => judgeScore ?? undefined,
    ({ judge }) => judge,
  ),
  single('asked in the same conversation, no against yes', askedAfter, ({ askedAfter: asked }) => asked),
  single(
    'asked by itself, no against yes',
    ({ askedApart }) => (askedApart === null ? undefined : -logitOf(inside(askedApart))),
    ({ askedApart: asked }) => asked,
  ),
  learned('logistic: lowest, mean, number of tokens', [lowestLogprob, meanLogprob, length], ofLogprobs),
  learned(
    'logistic: lowest, mean, number of tokens, asked in the same conversation',
    [lowestLogprob, meanLogprob, length, askedAfter],
    ({ logprobs, askedAfter: asked }) => logprobs + asked,
  ),
]

function single(name: string, score: Score, cost: Measure['cost']): Measure {
  return { name, cost, fit: () => score }
}

function learned(name: string, scores: readonly Score[], cost: Measure['cost']): Measure {
  /** Undefined where one of them is not known. */
  const featuresOf = (answer: GradedAnswer): Float32Array | undefined => {
    const values = scores.map((score) => score(answer))
    return values.includes(undefined) ? undefined : Float32Array.from(values, (value) => value ?? 0)
  }
  return {
    name,
    cost,
    fit(answers) {
      const rows = answers.flatMap((answer) => {
        const features = featuresOf(answer)
        return features === undefined ? [] : [{ features, complex: !answer.right, weight: 1 }]
      })
      const head = fitRidgeLogistic(rows, RIDGE)
      return (answer) => {
        const features = featuresOf(answer)
        return features && denseLogit(head, features)
      }
    },
  }
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}

function inside(probability: number): number {
  return Math.min(1 - SUREST, Math.max(SUREST, probability))
}
