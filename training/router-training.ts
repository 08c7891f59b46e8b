/**
 * Trains the edge's classifier on labelled requests: every head, calibration and thresholds from folds that leave sources
 * out, then the whole on all rows. Reads and writes no file.
 */
import { createHash } from 'node:crypto'
import type { ClassifierModel } from '../edge/routing/classifier/classifier-model.ts'
import { placeSet } from '../edge/routing/classifier/linear-head.ts'
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

const LAST_TURN = ['form', 'word', 'pair', 'skip', 'piece', 'opening', 'ending', 'middle', 'reply'] as const
const COMPLEXITY: HeadForm = { bits: 18, outputs: 1, places: placeSet([...LAST_TURN, 'earlier', 'system']) }
const SENSITIVITY: HeadForm = { bits: 16, outputs: 1, places: placeSet(['word', 'pair', 'piece', 'opening']) }
const TASK: Omit<HeadForm, 'outputs'> = {
  bits: 14,
  places: placeSet(['form', 'word', 'pair', 'opening', 'ending', 'reply', 'system']),
}
const LANGUAGE: Omit<HeadForm, 'outputs'> = { bits: 13, places: placeSet(['word', 'piece']) }
/** Chosen on sources left out. */
const OPTIONS: TrainingOptions = { epochs: 12, rate: 0.5, ridge: 1e-5 }
const SHORT: TrainingOptions = { ...OPTIONS, epochs: 6 }
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

/** Returns the classifier and how it did. */
export function trainRouter({ rows, provenance, validation, known }: RouterTraining): {
  readonly model: ClassifierModel
  readonly report: RouterReport
} {
  const plain = rows.filter(usesNoTools)
  const rowsSha256 = createHash('sha256').update(plain.map(spokenText).join('\0')).digest('hex')
  const data = new RouterData(plain)
  const out = leaveSourcesOut(data, foldsOf(plain))
  const whole = data.fit(plain.map((_, index) => index))
  const folded = plain.map(({ complex }, index): Scored => ({ logit: out.complexity[index] ?? 0, complex }))
  const calibration =
    validation !== undefined
      ? measure(rowsSha256, describeRows(validation), scoreRows(whole.complexity, validation))
      : known?.rowsSha256 === rowsSha256
        ? known
        : measure(rowsSha256, 'folds of the same rows that leave sources out', folded)
  const sensitive = plain.flatMap((row, index) =>
    row.sensitive === undefined || (row.complex && !row.sensitive)
      ? []
      : [{ logit: out.sensitivity[index] ?? 0, complex: row.sensitive }],
  )
  const sensitiveFrom = falseAlarmThreshold(sensitive, FALSE_ALARMS)
  const report: RouterReport = {
    rows: plain.length,
    sources: new Set(plain.map(({ source }) => source)).size,
    auc: areaUnderCurve(folded),
    taskAccuracy: accuracy(out.task, data.tasks),
    languageAccuracy: accuracy(out.language, data.languageIndices),
    sensitiveRecall: recallAt(sensitive, sensitiveFrom, true),
    calibration,
  }
  const { slope, offset, recalls, ...measured } = calibration
  const model: ClassifierModel = {
    complexity: quantizeHead(whole.complexity, slope, offset),
    sensitivity: quantizeHead(whole.sensitivity),
    task: quantizeHead(whole.task),
    tasks: TASKS,
    language: quantizeHead(whole.language),
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

/** Tool use is complex whatever is said beside it. */
function scoreRows(head: FloatHead, rows: readonly LabelledRequest[]): readonly Scored[] {
  return toExamples(rows).map((example, index) => {
    const row = rows[index]
    const logit = row && usesNoTools(row) ? (logitsOf(head, example)[0] ?? 0) : Number.POSITIVE_INFINITY
    return { logit, complex: row?.complex ?? false }
  })
}

function usesNoTools({ request }: LabelledRequest): boolean {
  return !Array.isArray(request.tools) || request.tools.length === 0
}

function describeRows(rows: readonly LabelledRequest[]): string {
  return `${rows.length} requests of ${new Set(rows.map(({ source }) => source)).size} other sources`
}

type Heads = {
  readonly complexity: FloatHead
  readonly sensitivity: FloatHead
  readonly task: FloatHead
  readonly language: FloatHead
}

/** Rows with everything that is computed of them once. */
class RouterData {
  readonly rows: readonly LabelledRequest[]
  readonly examples: readonly SparseExample[]
  readonly languages: readonly string[]
  /** Index of each row's task, undefined where it has none. */
  readonly tasks: readonly (number | undefined)[]
  readonly languageIndices: readonly (number | undefined)[]

  constructor(rows: readonly LabelledRequest[]) {
    this.rows = rows
    this.examples = toExamples(rows)
    this.languages = [...new Set(rows.flatMap(({ language }) => language ?? []))].sort()
    this.tasks = rows.map(({ task }) => indexIn(TASKS, task))
    this.languageIndices = rows.map(({ language }) => indexIn(this.languages, language))
  }

  /** Returns the heads that fit some of the rows. */
  fit(indices: readonly number[]): Heads {
    const weights = weightsOf(indices.map((index) => this.rows[index] as LabelledRequest))
    const known = (targetOf: (index: number) => readonly number[] | undefined): TrainingRow[] =>
      indices.flatMap((index, at) => {
        const target = targetOf(index)
        const example = this.examples[index]
        return target && example ? [{ example, target, weight: weights[at] ?? 1 }] : []
      })
    const one = (size: number, at: number | undefined) =>
      at === undefined ? undefined : Array.from({ length: size }, (_, index) => (index === at ? 1 : 0))
    const binary = (value: boolean | undefined) => (value === undefined ? undefined : [value ? 1 : 0])
    return {
      complexity: fitHead(
        COMPLEXITY,
        known((index) => binary(this.rows[index]?.complex)),
        OPTIONS,
      ),
      sensitivity: fitHead(
        SENSITIVITY,
        known((index) => binary(this.rows[index]?.sensitive)),
        SHORT,
      ),
      task: fitHead(
        { ...TASK, outputs: TASKS.length },
        known((index) => one(TASKS.length, this.tasks[index])),
        SHORT,
      ),
      language: fitHead(
        { ...LANGUAGE, outputs: this.languages.length },
        known((index) => one(this.languages.length, this.languageIndices[index])),
        SHORT,
      ),
    }
  }
}

type FoldResults = {
  readonly complexity: readonly number[]
  readonly sensitivity: readonly number[]
  /** Index of the likeliest output. */
  readonly task: readonly number[]
  readonly language: readonly number[]
}

/** Returns what heads say of each row that saw nothing of its source. */
function leaveSourcesOut(data: RouterData, folds: readonly number[]): FoldResults {
  const size = data.rows.length
  const results = {
    complexity: new Array<number>(size).fill(0),
    sensitivity: new Array<number>(size).fill(0),
    task: new Array<number>(size).fill(0),
    language: new Array<number>(size).fill(0),
  }
  for (let fold = 0; fold < FOLDS; fold++) {
    const heads = data.fit(folds.flatMap((own, index) => (own === fold ? [] : [index])))
    for (const [index, example] of data.examples.entries()) {
      if (folds[index] !== fold) continue
      results.complexity[index] = logitsOf(heads.complexity, example)[0] ?? 0
      results.sensitivity[index] = logitsOf(heads.sensitivity, example)[0] ?? 0
      results.task[index] = largest(logitsOf(heads.task, example))
      results.language[index] = largest(logitsOf(heads.language, example))
    }
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
