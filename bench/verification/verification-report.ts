/**
 * What the measures do, as tables. Computes nothing that another file does not.
 */
import { SIMPLE_TASKS } from '../../shared/tasks.ts'
import { markdownTable, percent } from '../markdown-table.ts'
import { type ChosenThreshold, ofTasks } from './choose-threshold.ts'
import type { GradedAnswer, GradedAnswers } from './graded-answer.ts'
import { type Area, measureLeftOut, scored, type Trade, tradeAt, tradeLeftOut } from './kinds-left-out.ts'
import { MEASURES, type Measure, SERVED_MEASURES } from './measures.ts'

/** Shares of right answers that may be lost, in the table of trades. */
const SHARES = [0.05, 0.1, 0.2, 0.3]

/** Returns the whole report. @param chosen undefined where no measure is of use */
export function verificationReport(
  { model, examined, costs, answers }: GradedAnswers,
  chosen: ChosenThreshold | undefined,
): string {
  const right = answers.filter((answer) => answer.right).length
  const asked = answers.filter(({ askedAfter }) => askedAfter !== null).length
  return `${model}, ${examined}: ${answers.length} answers to the exam, ${right} of them right by its checks. An answer takes ${costs.answer.toFixed(0)} ms of CPU.

## Which measure tells wrong answers from right ones

How often a wrong answer scores above a right one (AUC), by task. What is learned of several figures is learned without the kind that
it is measured on, and within the columns of tasks from other kinds of the same task.

${areasByTask(answers, costs)}
${asked === 0 ? '' : `\nThe model was asked of ${asked} of these answers whether they are right.\n`}
${areasByKind(answers)}

${chosen === undefined ? 'No measure that the container has is of use on any task.' : chosenTables(answers, chosen)}
`
}

function areasByTask(answers: readonly GradedAnswer[], costs: GradedAnswers['costs']): string {
  const columns = [answers, ...SIMPLE_TASKS.map((task) => ofTasks(answers, [task]))]
  const rows = MEASURES.map((measure) => ({
    measure,
    areas: columns.map((rows) => measureLeftOut(measure, rows).pooled),
  }))
  return markdownTable(
    ['measure', 'all', ...SIMPLE_TASKS, 'CPU ms an answer'],
    rows
      .filter(({ areas }) => areas.some((area) => area !== undefined))
      .map(({ measure, areas }) => [measure.name, ...areas.map(areaText), measure.cost(costs).toFixed(1)]),
  )
}

function areasByKind(answers: readonly GradedAnswer[]): string {
  const results = SERVED_MEASURES.map((measure) => measureLeftOut(measure, answers))
  return markdownTable(
    ['AUC by kind', 'right', 'wrong', ...SERVED_MEASURES.map(({ name }) => name)],
    byKind(answers).map(([kind, rows]) => {
      const right = rows.filter((row) => row.right).length
      const areas = results.map((result) => areaText(result.byKind.get(kind)))
      return [kind, String(right), String(rows.length - right), ...areas]
    }),
  )
}

function chosenTables(answers: readonly GradedAnswer[], chosen: ChosenThreshold): string {
  const { measure, tasks, threshold, share, area } = chosen
  const rows = ofTasks(answers, tasks)
  return `## What a threshold holds back, and what it loses

On ${tasks.join(', ')}, where a measure is of use. Each kind at the threshold that loses at most this share of the right answers of
all *other* kinds.

${markdownTable(
  ['measure', 'may lose', 'right lost', 'wrong held back', 'wrong per right', '% right of those given'],
  SERVED_MEASURES.flatMap((each) =>
    SHARES.map((may) => [each.name, `${100 * may} %`, ...tradeCells(tradeLeftOut(each, rows, may))]),
  ),
)}

## At the threshold chosen

${measure.name} (AUC ${areaText(area)}), from ${threshold.toFixed(4)} on: the least threshold that loses at most ${100 * share} % of the right answers.

${markdownTable(
  ['kind', 'right lost', 'wrong held back', 'wrong per right', '% right of those given'],
  tradesByKind(rows, measure, threshold),
)}`
}

function tradesByKind(
  answers: readonly GradedAnswer[],
  measure: Measure,
  threshold: number,
): readonly (readonly string[])[] {
  const score = measure.fit(answers)
  return [...byKind(answers), ['**all**', answers] as const].map(([kind, own]) => {
    const rows = own.flatMap((answer) => scored(answer, score))
    return [kind, ...tradeCells(tradeAt(rows, threshold))]
  })
}

function byKind(answers: readonly GradedAnswer[]): readonly (readonly [string, readonly GradedAnswer[]])[] {
  return [...Map.groupBy(answers, ({ kind }) => kind)]
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
