/**
 * How well measures tell wrong answers from right ones on kinds that they were not fitted on, and what a threshold chosen on the
 * others does there. Pure arithmetic over graded answers.
 */
import { areaUnderCurve } from '../../training/validation.ts'
import type { GradedAnswer } from './graded-answer.ts'
import type { Measure, Score } from './measures.ts'

/** How often a wrong answer scores above a right one; undefined where one of both is missing. */
export type Area = number | undefined

type MeasureResult = {
  /** Over all answers, each by what was learned without its kind. */
  readonly pooled: Area
  readonly byKind: ReadonlyMap<string, Area>
}

type Scored = { readonly answer: GradedAnswer; readonly score: number }

/** Returns what a measure says of each answer by what was learned without its kind; empty where it says nothing. */
export function scoreLeftOut(measure: Measure, answers: readonly GradedAnswer[]): readonly Scored[] {
  const byKind = Map.groupBy(answers, ({ kind }) => kind)
  return [...byKind].flatMap(([kind, own]) => {
    const score = measure.fit(answers.filter((answer) => answer.kind !== kind))
    return own.flatMap((answer) => scored(answer, score))
  })
}

/** Returns how well the measure does; undefined areas where it says nothing. */
export function measureLeftOut(measure: Measure, answers: readonly GradedAnswer[]): MeasureResult {
  const all = scoreLeftOut(measure, answers)
  const kinds = [...Map.groupBy(all, ({ answer }) => answer.kind)]
  return { pooled: areaOf(all), byKind: new Map(kinds.map(([kind, rows]) => [kind, areaOf(rows)])) }
}

export type Trade = {
  readonly right: number
  readonly wrong: number
  readonly rightLost: number
  readonly wrongHeldBack: number
}

/** Returns what becomes of scored answers where those from the threshold on are held back. */
export function tradeAt(rows: readonly Scored[], threshold: number): Trade {
  const count = (isRight: boolean, from: number) =>
    rows.filter(({ answer, score }) => answer.right === isRight && score >= from).length
  const all = Number.NEGATIVE_INFINITY
  return {
    right: count(true, all),
    wrong: count(false, all),
    rightLost: count(true, threshold),
    wrongHeldBack: count(false, threshold),
  }
}

/** Returns the sum of what happens on each kind at the threshold that loses at most this share of the right answers of the others. */
export function tradeLeftOut(measure: Measure, answers: readonly GradedAnswer[], share: number): Trade {
  const kinds = [...Map.groupBy(answers, ({ kind }) => kind)]
  const trades = kinds.map(([kind, own]) => {
    const others = answers.filter((answer) => answer.kind !== kind)
    const score = measure.fit(others)
    const threshold = thresholdLosing(
      others.flatMap((answer) => scored(answer, score)),
      share,
    )
    return tradeAt(
      own.flatMap((answer) => scored(answer, score)),
      threshold,
    )
  })
  const sum = (key: keyof Trade) => trades.reduce((total, trade) => total + trade[key], 0)
  return {
    right: sum('right'),
    wrong: sum('wrong'),
    rightLost: sum('rightLost'),
    wrongHeldBack: sum('wrongHeldBack'),
  }
}

/** Returns the least threshold that at most this share of the right answers reach. */
export function thresholdLosing(
  rows: readonly { readonly answer: { readonly right: boolean }; readonly score: number }[],
  share: number,
): number {
  const right = rows
    .filter(({ answer }) => answer.right)
    .map(({ score }) => score)
    .sort((a, b) => b - a)
  const last = right[Math.floor(share * right.length)]
  if (last === undefined) return Number.NEGATIVE_INFINITY
  const above = right.filter((score) => score > last).at(-1)
  if (above === undefined) return last + 1e-9
  // Between the last that may be lost and the first that may not; where no number lies between them, the former.
  const between = (last + above) / 2
  return between > last ? between : above
}

export function scored(answer: GradedAnswer, score: Score): readonly Scored[] {
  const value = score(answer)
  return value === undefined ? [] : [{ answer, score: value }]
}

function areaOf(rows: readonly Scored[]): Area {
  const labelled = rows.map(({ answer, score }) => ({ logit: score, complex: !answer.right }))
  const area = areaUnderCurve(labelled)
  return Number.isNaN(area) ? undefined : area
}
