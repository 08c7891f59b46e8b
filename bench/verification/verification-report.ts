/**
 * What the measures do, as tables. Computes nothing that another file does not.
 */
import { markdownTable, percent } from '../markdown-table.ts'
import type { GradedAnswer, GradedAnswers } from './graded-answer.ts'
import { type Area, type MeasureResult, scored, type Trade, tradeAt, tradeLeftOut } from './kinds-left-out.ts'
import { type Measure, SERVED_MEASURES } from './measures.ts'

/** Shares of right answers that may be lost, in the table of trades. */
const SHARES = [0.05, 0.1, 0.2, 0.3]

/** The threshold of one measure, and what it was chosen by. */
export type ChosenThreshold = {
  readonly measure: Measure
  readonly threshold: number
  /** Of right answers, the share that it may lose. */
  readonly share: number
}

/** Returns the whole report. */
export function verificationReport(
  { model, examined, costs, answers }: GradedAnswers,
  results: readonly MeasureResult[],
  chosen: ChosenThreshold,
): string {
  const right = answers.filter((answer) => answer.right).length
  const told = results.filter(({ pooled }) => pooled !== undefined)
  return `${model}, ${examined}: ${answers.length} answers to the exam, ${right} of them right by its checks. An answer takes ${costs.answer.toFixed(0)} ms of CPU.

## Which measure tells wrong answers from right ones

How often a wrong answer scores above a right one (AUC); what is learned of several figures is learned without the kind that it is
measured on. *Within kinds* compares answers of one kind only.

${markdownTable(
  ['measure', 'all answers', 'within kinds', 'CPU ms an answer'],
  told.map(({ measure, pooled, within }) => [
    measure.name,
    areaText(pooled),
    areaText(within),
    measure.cost(costs).toFixed(1),
  ]),
)}

${areasByKind(answers, told)}

## What a threshold holds back, and what it loses

Each kind at the threshold that loses at most this share of the right answers of all *other* kinds.

${markdownTable(
  ['measure', 'may lose', 'right lost', 'wrong held back', 'wrong per right', 'right among those given'],
  SERVED_MEASURES.flatMap((measure) =>
    SHARES.map((share) => [
      measure.name,
      `${100 * share} %`,
      ...tradeCells(tradeLeftOut(measure, answers, share)),
    ]),
  ),
)}

## At the threshold chosen

${chosen.measure.name}, from ${chosen.threshold.toFixed(4)} on: the least threshold that loses at most ${100 * chosen.share} % of all right answers.

${markdownTable(
  ['kind', 'right lost', 'wrong held back', 'wrong per right', 'right among those given'],
  tradesByKind(answers, chosen),
)}
`
}

function areasByKind(answers: readonly GradedAnswer[], results: readonly MeasureResult[]): string {
  const kinds = [...Map.groupBy(answers, ({ kind }) => kind)]
  return markdownTable(
    ['AUC by kind', 'right', 'wrong', ...results.map(({ measure }) => measure.name)],
    kinds.map(([kind, rows]) => {
      const right = rows.filter((row) => row.right).length
      const areas = results.map(({ byKind }) => areaText(byKind.get(kind)))
      return [kind, String(right), String(rows.length - right), ...areas]
    }),
  )
}

function tradesByKind(
  answers: readonly GradedAnswer[],
  { measure, threshold }: ChosenThreshold,
): readonly (readonly string[])[] {
  const rows = answers.flatMap((answer) => scored(answer, measure.fit(answers)))
  const kinds = [...Map.groupBy(rows, ({ answer }) => answer.kind)]
  return [...kinds, ['**all**', rows] as const].map(([kind, own]) => [
    kind,
    ...tradeCells(tradeAt(own, threshold)),
  ])
}

function tradeCells({ right, wrong, rightLost, wrongHeldBack }: Trade): readonly string[] {
  const before = right / (right + wrong)
  const after = (right - rightLost) / (right - rightLost + wrong - wrongHeldBack)
  return [
    `${rightLost} of ${right}`,
    `${wrongHeldBack} of ${wrong}`,
    rightLost === 0 ? '–' : (wrongHeldBack / rightLost).toFixed(1),
    `${percent(before)} → ${percent(after)}`,
  ]
}

function areaText(area: Area): string {
  return area === undefined ? '–' : area.toFixed(3).replace(/^0/, '')
}
