/**
 * Trains the edge's classifier on labelled requests: every head, calibration and thresholds from folds that leave sources
 * out, then the whole on all rows. Reads and writes no file.
 */
import type { ClassifierModel } from '../edge/routing/classifier/classifier-model.ts'
import { logistic } from '../shared/logistic.ts'
import { foldsOf, foldsOfPairs } from './folds.ts'
import { type LabelledRequest, usesNoTools } from './labelled-requests.ts'
import { quantizeHead, SEED } from './linear-training.ts'
import { dated, digestRows, measureOn, measureScores, type RouterCalibration } from './router-calibration.ts'
import { outOfFold, RouterData, TASKS } from './router-data.ts'
import { areaUnderCurve, falseAlarmThreshold, recallAt, rounded, type Scored } from './validation.ts'

/**
 * Of simple rows, the share that may be taken for sensitive: each costs a call to Claude, and a miss may do harm. Many rows
 * are near-misses of sensitive ones; of requests as they come, fewer are.
 */
const FALSE_ALARMS = 0.05

export type RouterReport = {
  readonly rows: number
  readonly sources: number
  /** Of folds that leave sources out; half of the project's own rows have a near-miss of the other label. */
  readonly auc: number
  readonly taskAccuracy: number
  readonly languageAccuracy: number
  /** Of sensitive requests, the share that is found where one simple row in 20 is taken for one. */
  readonly sensitiveRecall: number
  readonly calibration: RouterCalibration
}

export type RouterTraining = {
  readonly rows: readonly LabelledRequest[]
  readonly provenance: Readonly<Record<string, unknown>>
  /** Rows of other sources, to measure on; else folds of the rows themselves are what is measured on. */
  readonly validation?: { readonly rows: readonly LabelledRequest[]; readonly date: string } | undefined
  /** As it was measured before. */
  readonly known?: RouterCalibration | undefined
}

/** Returns the classifier and how it did. */
export function trainRouter({ rows, provenance, validation, known }: RouterTraining): {
  readonly model: ClassifierModel
  readonly report: RouterReport
} {
  const plain = rows.filter(usesNoTools)
  const rowsSha256 = digestRows(rows)
  const data = new RouterData(plain)
  const all = plain.map((_, index) => index)
  const bySource = foldsOf(plain)
  const whole = data.complexity(all)
  const folded = toScored(
    outOfFold(data, bySource, (rows) => data.complexity(rows)),
    // Sensitive rows are the other head's: this one has not learned from them.
    plain.map(({ complex, sensitive }) => (sensitive ? undefined : complex)),
  )
  const sensitive = toScored(
    outOfFold(data, foldsOfPairs(plain), (rows) => data.sensitivity(rows)),
    plain.map((row) => (row.complex && !row.sensitive ? undefined : row.sensitive)),
  )
  // Where no row is sensitive there is nothing to find, and no false alarm is worth it.
  const sensitiveFrom = sensitive.some(({ complex }) => complex)
    ? falseAlarmThreshold(sensitive, FALSE_ALARMS)
    : Number.POSITIVE_INFINITY
  const calibration =
    validation !== undefined
      ? dated(measureOn(whole, validation.rows, rowsSha256), validation.date, known)
      : known?.rowsSha256 === rowsSha256
        ? known
        : measureScores(folded, rowsSha256, 'folds of the same rows that leave sources out')
  const report: RouterReport = {
    rows: plain.length,
    sources: new Set(plain.map(({ source }) => source)).size,
    auc: areaUnderCurve(folded),
    taskAccuracy: accuracy(outOfFold(data, bySource, (rows) => data.task(rows)).map(largest), data.tasks),
    languageAccuracy: accuracy(
      outOfFold(data, bySource, (rows) => data.language(rows)).map(largest),
      data.languageIndices,
    ),
    sensitiveRecall: recallAt(sensitive, sensitiveFrom, true),
    calibration,
  }
  const { slope, offset, recalls, ...measured } = calibration
  const model: ClassifierModel = {
    complexity: quantizeHead(whole, slope, offset),
    sensitivity: quantizeHead(data.sensitivity(all)),
    task: quantizeHead(data.task(all)),
    tasks: TASKS,
    language: quantizeHead(data.language(all)),
    languages: data.languages,
    recalls,
    sensitiveFrom: rounded(logistic(sensitiveFrom)),
    provenance: {
      ...provenance,
      seed: SEED,
      rows: plain.length,
      aucOfFolds: rounded(report.auc),
      ...measured,
    },
  }
  return { model, report }
}

function toScored(
  logits: readonly Float64Array[],
  complex: readonly (boolean | undefined)[],
): readonly Scored[] {
  return logits.flatMap(([logit = 0], index) => {
    const label = complex[index]
    return label === undefined ? [] : [{ logit, complex: label }]
  })
}

function largest(values: Float64Array): number {
  return values.indexOf(Math.max(...values))
}

function accuracy(found: readonly number[], wanted: readonly (number | undefined)[]): number {
  const known = wanted.flatMap((value, index) => (value === undefined ? [] : [value === found[index]]))
  return known.filter(Boolean).length / known.length
}
