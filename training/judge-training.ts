/**
 * Trains a judge's head on the states that a model has of labelled requests: how good it is from folds that leave sources
 * out, the meaning of scores from rows of other sources where there are any. Runs no model, reads and writes no file.
 */
import { foldsOf, weightsOf } from './folds.ts'
import type { LabelledRequest } from './labelled-requests.ts'
import { type DenseHead, denseLogit, fitRidgeLogistic } from './ridge-logistic.ts'
import {
  areaUnderCurve,
  type Calibration,
  calibrationError,
  recallAt,
  type Scored,
  thresholdFor,
  usefulCalibration,
} from './validation.ts'

/** Of ridges from 200 to 200,000 the best one for the shipped model, on sources left out. */
const RIDGE = 20_000

export type JudgedRow = { readonly row: LabelledRequest; readonly features: Float32Array }

export type JudgeReport = {
  readonly rows: number
  /** Of folds that leave sources out. */
  readonly auc: number
  readonly measuredOn: string
  readonly measuredAuc: number
  /** Share of simple requests kept where 97 % of complex ones are sent away, by the judge alone. */
  readonly simpleRecallAt97: number
  readonly expectedCalibrationError: number
}

/** Returns the head, its scores being probabilities, and how it did. */
export function trainJudge(
  rows: readonly JudgedRow[],
  validation: readonly JudgedRow[] | undefined,
): { readonly head: DenseHead; readonly report: JudgeReport } {
  const folded = outOfFold(rows)
  const raw = fitRows(rows)
  const measured = validation ? validation.map((judged) => score(raw, judged)) : folded
  const calibration = usefulCalibration(measured)
  const scored = measured.map(({ logit, complex }) => ({
    logit: calibration.slope * logit + calibration.offset,
    complex,
  }))
  return {
    head: calibrated(raw, calibration),
    report: {
      rows: rows.length,
      auc: areaUnderCurve(folded),
      measuredOn: validation
        ? `${validation.length} requests of ${new Set(validation.map(({ row }) => row.source)).size} other sources`
        : 'folds of the same rows that leave sources out',
      measuredAuc: areaUnderCurve(scored),
      simpleRecallAt97: recallAt(scored, thresholdFor(scored, 0.97), false),
      expectedCalibrationError: calibrationError(scored),
    },
  }
}

function outOfFold(rows: readonly JudgedRow[]): readonly Scored[] {
  const folds = foldsOf(rows.map(({ row }) => row))
  return [...new Set(folds)].flatMap((fold) => {
    const head = fitRows(rows.filter((_, index) => folds[index] !== fold))
    return rows.flatMap((judged, index) => (folds[index] === fold ? [score(head, judged)] : []))
  })
}

function fitRows(rows: readonly JudgedRow[]): DenseHead {
  const weights = weightsOf(rows.map(({ row }) => row))
  return fitRidgeLogistic(
    rows.map(({ row, features }, index) => ({ features, complex: row.complex, weight: weights[index] ?? 1 })),
    RIDGE,
  )
}

function score(head: DenseHead, { row, features }: JudgedRow): Scored {
  return { logit: denseLogit(head, features), complex: row.complex }
}

function calibrated({ weights, bias }: DenseHead, { slope, offset }: Calibration): DenseHead {
  return { weights: weights.map((weight) => weight * slope), bias: bias * slope + offset }
}
