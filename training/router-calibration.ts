/**
 * What the scores of the edge's classifier mean: their probabilities and thresholds, measured on rows that it was not trained
 * on. Trains nothing, reads and writes no file.
 */
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { ClassifierModel } from '../edge/routing/classifier/classifier-model.ts'
import { hardestPart } from '../edge/routing/classifier/surroundings.ts'
import { extractFeatures } from '../edge/routing/features.ts'
import { logistic } from '../shared/logistic.ts'
import { type LabelledRequest, spokenText, usesNoTools } from './labelled-requests.ts'
import { type FloatHead, logitsOf } from './linear-training.ts'
import { toExamples } from './sparse-example.ts'
import {
  areaUnderCurve,
  type Calibration,
  calibrationError,
  recallAt,
  rounded,
  type Scored,
  thresholdFor,
  usefulCalibration,
} from './validation.ts'

/** Shares of complex requests, in percent, whose thresholds are kept. */
const RECALLS = [50, 60, 70, 75, 80, 85, 90, 92, 94, 95, 96, 97, 98, 98.5, 99, 99.5, 99.8]

/** What scores mean, measured on rows that the classifier was not trained on. */
export type RouterCalibration = Calibration & {
  /** Digest of the rows that the classifier was trained on: of other rows it says nothing. */
  readonly rowsSha256: string
  readonly measuredOn: string
  /** The day of that, such as 2026-11-27; absent where the training rows were measured themselves, which give the same on any day. */
  readonly date?: string
  readonly recalls: ClassifierModel['recalls']
  readonly auc: number
  /** Share of simple requests kept where 97 % of complex ones are sent away. */
  readonly simpleRecallAt97: number
  readonly expectedCalibrationError: number
}

/** Returns the digest, in hexadecimal, of all that a classifier learns from these rows. */
export function digestRows(rows: readonly LabelledRequest[]): string {
  const hash = createHash('sha256')
  for (const row of rows.filter(usesNoTools)) {
    const { source, complex, task, language, sensitive } = row
    hash.update(JSON.stringify([source, complex, task, language, sensitive, spokenText(row)]))
  }
  return hash.digest('hex')
}

/** Returns the calibration of a head on rows that it was not trained on. */
export function measureOn(
  head: FloatHead,
  rows: readonly LabelledRequest[],
  rowsSha256: string,
): RouterCalibration {
  const sources = new Set(rows.map(({ source }) => source)).size
  return measureScores(
    scoreRows(head, rows),
    rowsSha256,
    `${rows.length} requests of ${sources} other sources`,
  )
}

/** Returns a calibration with its day: the one before, where nothing else has changed. */
export function dated(
  measured: RouterCalibration,
  date: string,
  known: RouterCalibration | undefined,
): RouterCalibration {
  const before = { ...measured, ...(known?.date === undefined ? {} : { date: known.date }) }
  return isDeepStrictEqual(before, known) ? before : { ...measured, date }
}

/** Returns the calibration of scores that were given to rows by what was learned from others. */
export function measureScores(
  raw: readonly Scored[],
  rowsSha256: string,
  measuredOn: string,
): RouterCalibration {
  const { slope, offset } = usefulCalibration(raw.filter(({ logit }) => Number.isFinite(logit)))
  const scored = raw.map(({ logit, complex }): Scored => ({ logit: slope * logit + offset, complex }))
  return {
    rowsSha256,
    measuredOn,
    slope,
    offset,
    recalls: RECALLS.map((recall) => [recall, rounded(logistic(thresholdFor(scored, recall / 100)))]),
    auc: rounded(areaUnderCurve(scored)),
    simpleRecallAt97: rounded(recallAt(scored, thresholdFor(scored, 0.97), false)),
    expectedCalibrationError: rounded(calibrationError(scored.filter(({ logit }) => Number.isFinite(logit)))),
  }
}

/** Tool use is complex whatever is said beside it. */
function scoreRows(head: FloatHead, rows: readonly LabelledRequest[]): readonly Scored[] {
  return rows.map((row) => {
    const { score: logit } = hardestPart(extractFeatures(row.request), (part) => {
      const [example] = toExamples([part])
      return example === undefined ? 0 : (logitsOf(head, example)[0] ?? 0)
    })
    return { logit: usesNoTools(row) ? logit : Number.POSITIVE_INFINITY, complex: row.complex }
  })
}
