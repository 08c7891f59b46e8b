/**
 * Trains the edge's classifier on labelled requests: every head, calibration and thresholds from folds that leave sources
 * out, then the whole on all rows. Reads and writes no file.
 */
import { createHash } from 'node:crypto'
import type { ClassifierModel } from '../edge/routing/classifier/classifier-model.ts'
import { placeSet } from '../edge/routing/classifier/linear-head.ts'
import { withoutSurroundings } from '../edge/routing/classifier/surroundings.ts'
import { extractFeatures } from '../edge/routing/features.ts'
import { COMPLEX_TASKS, SIMPLE_TASKS, type Task } from '../shared/tasks.ts'
import { FOLDS, foldsOf, weightsOf } from './folds.ts'
import { type LabelledRequest, spokenText } from './labelled-requests.ts'
import {
  type FloatHead,
  fitHead,
  type HeadForm,
  logitsOf,
  quantizeHead,
  type TrainingOptions,
  type TrainingRow,
} from './linear-training.ts'
import { type SparseExample, toExamples } from './sparse-example.ts'
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
import { wrapRequest } from './wrapped-request.ts'

const LAST_TURN = ['form', 'word', 'pair', 'skip', 'piece', 'opening', 'ending', 'middle', 'reply'] as const
const COMPLEXITY: HeadForm = { bits: 18, outputs: 1, places: placeSet([...LAST_TURN, 'earlier', 'system']) }
const SENSITIVITY: HeadForm = { bits: 16, outputs: 1, places: placeSet(['word', 'pair', 'piece', 'opening']) }
const TASK: Omit<HeadForm, 'outputs'> = {
  bits: 14,
  places: placeSet(['form', 'word', 'pair', 'opening', 'ending', 'reply', 'system']),
}
const LANGUAGE: Omit<HeadForm, 'outputs'> = { bits: 13, places: placeSet(['word', 'piece']) }
/** Chosen on sources left out. */
const OPTIONS: TrainingOptions = { epochs: 20, rate: 0.3, ridge: 1e-4 }
/** Weight of a complex request with friendly words around it; a plain one has about 1. */
const WRAPPED_WEIGHT = 0.3
const SHORT: TrainingOptions = { epochs: 6, rate: 0.5, ridge: 1e-5 }
/** Shares of complex requests, in percent, whose thresholds are kept. */
const RECALLS = [50, 60, 70, 75, 80, 85, 90, 92, 94, 95, 96, 97, 98, 98.5, 99, 99.5, 99.8]
/** Of simple requests, the share that may be taken for sensitive: each costs a call to Claude. */
const FALSE_ALARMS = 0.005
const TASKS: readonly Task[] = [...SIMPLE_TASKS, ...COMPLEX_TASKS.filter((task) => task !== 'tool_use')]

export type RouterReport = {
  readonly rows: number
  readonly sources: number
  /** Of folds that leave sources out; half of the project's own rows have a near-miss of the other label. */
  readonly auc: number
  readonly taskAccuracy: number
  readonly languageAccuracy: number
  /** Of sensitive requests, the share that is found where one simple request in 200 is taken for one. */
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
    plain.map(({ complex }) => complex),
  )
  // Kinds of danger are few: whoever never saw one cannot know it, so that rows are left out here and not kinds.
  const sensitive = toScored(
    outOfFold(
      data,
      plain.map((_, index) => index % FOLDS),
      (rows) => data.sensitivity(rows),
    ),
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

function usesNoTools({ request }: LabelledRequest): boolean {
  return !Array.isArray(request.tools) || request.tools.length === 0
}

function describeRows(rows: readonly LabelledRequest[]): string {
  return `${rows.length} requests of ${new Set(rows.map(({ source }) => source)).size} other sources`
}

/** Rows with everything that is computed of them once. */
class RouterData {
  readonly rows: readonly LabelledRequest[]
  readonly examples: readonly SparseExample[]
  /** The same with friendly words around them. */
  readonly wrapped: readonly SparseExample[]
  readonly languages: readonly string[]
  /** Index of each row's task, undefined where it has none. */
  readonly tasks: readonly (number | undefined)[]
  readonly languageIndices: readonly (number | undefined)[]

  constructor(rows: readonly LabelledRequest[]) {
    this.rows = rows
    this.examples = toExamples(rows.map(({ request }) => extractFeatures(request)))
    this.wrapped = toExamples(rows.map((row, index) => extractFeatures(wrapRequest(row, index).request)))
    this.languages = [...new Set(rows.flatMap(({ language }) => language ?? []))].sort()
    this.tasks = rows.map(({ task }) => indexIn(TASKS, task))
    this.languageIndices = rows.map(({ language }) => indexIn(this.languages, language))
  }

  /** Returns the heads that fit some of the rows. */
  complexity(indices: readonly number[]): FloatHead {
    const rows = this.training(indices, (index) => binary(this.rows[index]?.complex))
    const wrapped = indices.flatMap((index): TrainingRow[] => {
      const example = this.wrapped[index]
      const row = this.rows[index]
      return example && row ? [{ example, target: [row.complex ? 1 : 0], weight: WRAPPED_WEIGHT }] : []
    })
    return fitHead(COMPLEXITY, [...rows, ...wrapped], OPTIONS)
  }

  sensitivity(indices: readonly number[]): FloatHead {
    return fitHead(
      SENSITIVITY,
      this.training(indices, (index) => binary(this.rows[index]?.sensitive)),
      SHORT,
    )
  }

  task(indices: readonly number[]): FloatHead {
    const outputs = TASKS.length
    return fitHead(
      { ...TASK, outputs },
      this.training(indices, (index) => oneOf(outputs, this.tasks[index])),
      SHORT,
    )
  }

  language(indices: readonly number[]): FloatHead {
    const outputs = this.languages.length
    return fitHead(
      { ...LANGUAGE, outputs },
      this.training(indices, (index) => oneOf(outputs, this.languageIndices[index])),
      SHORT,
    )
  }

  private training(
    indices: readonly number[],
    targetOf: (index: number) => readonly number[] | undefined,
  ): readonly TrainingRow[] {
    const weights = weightsOf(indices.map((index) => this.rows[index] as LabelledRequest))
    return indices.flatMap((index, at) => {
      const target = targetOf(index)
      const example = this.examples[index]
      return target && example ? [{ example, target, weight: weights[at] ?? 1 }] : []
    })
  }
}

function binary(value: boolean | undefined): readonly number[] | undefined {
  return value === undefined ? undefined : [value ? 1 : 0]
}

function oneOf(size: number, wanted: number | undefined): readonly number[] | undefined {
  if (wanted === undefined) return undefined
  return Array.from({ length: size }, (_, index) => (index === wanted ? 1 : 0))
}

/** Returns the logits that a head gives each row without having seen its fold. */
function outOfFold(
  data: RouterData,
  folds: readonly number[],
  train: (indices: readonly number[]) => FloatHead,
): readonly Float64Array[] {
  const results = new Array<Float64Array>(data.rows.length)
  for (let fold = 0; fold < FOLDS; fold++) {
    const head = train(folds.flatMap((own, index) => (own === fold ? [] : [index])))
    for (const [index, example] of data.examples.entries())
      if (folds[index] === fold) results[index] = logitsOf(head, example)
  }
  return results
}

function indexIn<T>(names: readonly T[], name: T | undefined): number | undefined {
  const index = name === undefined ? -1 : names.indexOf(name)
  return index < 0 ? undefined : index
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
