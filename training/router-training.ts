/**
 * Trains the edge's classifier on labelled requests: every head, calibration and thresholds from folds that leave sources
 * out, then the whole on all rows. Reads and writes no file.
 */
import { createHash } from 'node:crypto'
import type { ClassifierModel } from '../edge/routing/classifier/classifier-model.ts'
import { withoutSurroundings } from '../edge/routing/classifier/surroundings.ts'
import { extractFeatures } from '../edge/routing/features.ts'
import { foldsOf, foldsOfPairs } from './folds.ts'
import { type LabelledRequest, spokenText, usesNoTools } from './labelled-requests.ts'
import { type FloatHead, logitsOf, quantizeHead } from './linear-training.ts'
import { outOfFold, RouterData, TASKS } from './router-data.ts'
import { toExamples } from './sparse-example.ts'
import {
  areaUnderCurve,
  type Calibration,
  calibrationError,
  falseAlarmThreshold,
  fitCalibration,
  recallAt,
  type Scored,
  thresholdFor,
} from './validation.ts'

/** Shares of complex requests, in percent, whose thresholds are kept. */
const RECALLS = [50, 60, 70, 75, 80, 85, 90, 92, 94, 95, 96, 97, 98, 98.5, 99, 99.5, 99.8]
/**
 * Of simple rows, the share that may be taken for sensitive: each costs a call to Claude, and a miss may do harm. Many rows
 * are near-misses of sensitive ones; of requests as they come, fewer are.
 */
const FALSE_ALARMS = 0.1

export type RouterReport = {
  readonly rows: number
  readonly sources: number
  /** Of folds that leave sources out; half of the project's own rows have a near-miss of the other label. */
  readonly auc: number
  readonly taskAccuracy: number
  readonly languageAccuracy: number
  /** Of sensitive requests, the share that is found where one simple row in ten is taken for one. */
  readonly sensitiveRecall: number
  readonly calibration: RouterCalibration
}

/** What scores mean, measured on rows that the classifier was not trained on. */
export type RouterCalibration = Calibration & {
  /** Digest of the rows that the classifier was trained on: of other rows it says nothing. */
  readonly rowsSha256: string
  readonly measuredOn: string
  readonly recalls: ClassifierModel['recalls']
  readonly auc: number
  /** Share of simple requests kept where 97 % of complex ones are sent away. */
  readonly simpleRecallAt97: number
  readonly expectedCalibrationError: number
}

export type RouterTraining = {
  readonly rows: readonly LabelledRequest[]
  readonly provenance: Readonly<Record<string, unknown>>
  /** Rows of other sources, to measure on; else folds of the rows themselves are what is measured on. */
  readonly validation?: readonly LabelledRequest[] | undefined
  /** As it was measured before. */
  readonly known?: RouterCalibration | undefined
}

/** Returns the digest of the rows that train the classifier, in hexadecimal: those without tools. */
export function digestRows(rows: readonly LabelledRequest[]): string {
  const texts = rows.filter(usesNoTools).map(spokenText)
  return createHash('sha256').update(texts.join('\0')).digest('hex')
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
  // Kinds of danger are few: whoever never saw one cannot know it, so that rows are left out here and not kinds.
  const sensitive = toScored(
    outOfFold(data, foldsOfPairs(plain), (rows) => data.sensitivity(rows)),
    plain.map((row) => (row.complex && !row.sensitive ? undefined : row.sensitive)),
  )
  const sensitiveFrom = falseAlarmThreshold(sensitive, FALSE_ALARMS)
  const calibration =
    validation !== undefined
      ? measure(rowsSha256, describeRows(validation), scoreRows(whole, validation))
      : known?.rowsSha256 === rowsSha256
        ? known
        : measure(rowsSha256, 'folds of the same rows that leave sources out', folded)
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
    sensitiveFrom: rounded(probability(sensitiveFrom)),
    provenance: { ...provenance, rows: plain.length, aucOfFolds: rounded(report.auc), ...measured },
  }
  return { model, report }
}

function measure(rowsSha256: string, measuredOn: string, raw: readonly Scored[]): RouterCalibration {
  const { slope, offset } = fitCalibration(raw.filter(({ logit }) => Number.isFinite(logit)))
  const scored = raw.map(({ logit, complex }): Scored => ({ logit: slope * logit + offset, complex }))
  return {
    rowsSha256,
    measuredOn,
    slope,
    offset,
    recalls: RECALLS.map((recall) => [recall, rounded(probability(thresholdFor(scored, recall / 100)))]),
    auc: rounded(areaUnderCurve(scored)),
    simpleRecallAt97: rounded(recallAt(scored, thresholdFor(scored, 0.97), false)),
    expectedCalibrationError: rounded(calibrationError(scored.filter(({ logit }) => Number.isFinite(logit)))),
  }
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

/** Tool use is complex whatever is said beside it. */
function scoreRows(head: FloatHead, rows: readonly LabelledRequest[]): readonly Scored[] {
  return rows.map((row) => {
    // As the classifier does it: friendly words around a request make it no easier.
    const features = extractFeatures(row.request)
    const texts = [features.lastUserText, ...withoutSurroundings(features.lastUserText)]
    const examples = toExamples(
      texts.map((lastUserText, index) =>
        index === 0 ? features : { ...features, lastUserText, lastUserCharacters: lastUserText.length },
      ),
    )
    const logit = Math.max(...examples.map((example) => logitsOf(head, example)[0] ?? 0))
    return { logit: usesNoTools(row) ? logit : Number.POSITIVE_INFINITY, complex: row.complex }
  })
}

function describeRows(rows: readonly LabelledRequest[]): string {
  return `${rows.length} requests of ${new Set(rows.map(({ source }) => source)).size} other sources`
}

function largest(values: Float64Array): number {
  return values.indexOf(Math.max(...values))
}

function accuracy(found: readonly number[], wanted: readonly (number | undefined)[]): number {
  const known = wanted.flatMap((value, index) => (value === undefined ? [] : [value === found[index]]))
  return known.filter(Boolean).length / known.length
}

function probability(logit: number): number {
  return 1 / (1 + Math.exp(-logit))
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000
}
