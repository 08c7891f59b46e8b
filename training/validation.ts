/**
 * How well scores tell complex from simple: curves, calibration, thresholds. Pure arithmetic over scores and labels; where
 * they come from is not its business.
 */

import { logistic } from '../shared/logistic.ts'

/** Four of them. */
const DECIMALS = 10_000

export type Calibration = { readonly slope: number; readonly offset: number }

export type Scored = { readonly logit: number; readonly complex: boolean }

/** Returns the area under the ROC curve: how often a complex request has a higher score than a simple one. */
export function areaUnderCurve(scored: readonly Scored[]): number {
  const sorted = scored.toSorted((a, b) => a.logit - b.logit)
  const positives = scored.filter(({ complex }) => complex).length
  let ranks = 0
  for (let from = 0; from < sorted.length; ) {
    let to = from
    while (to < sorted.length && sorted[to]?.logit === sorted[from]?.logit) to++
    for (let at = from; at < to; at++) if (sorted[at]?.complex) ranks += (from + to + 1) / 2
    from = to
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * (scored.length - positives))
}

/** Returns the largest logit from which on at least this share of complex requests counts as complex. */
export function thresholdFor(scored: readonly Scored[], recall: number): number {
  const complex = scored
    .filter((row) => row.complex)
    .map(({ logit }) => logit)
    .sort((a, b) => a - b)
  return complex[Math.floor((1 - recall) * complex.length + 1e-9)] ?? Number.NEGATIVE_INFINITY
}

/** Returns the least logit that at most this share of the rows that are not complex reach. */
export function falseAlarmThreshold(scored: readonly Scored[], share: number): number {
  const others = scored
    .filter((row) => !row.complex)
    .map(({ logit }) => logit)
    .sort((a, b) => b - a)
  return (others[Math.floor(share * others.length)] ?? 0) + 1e-9
}

/** Returns the share of rows with this label that a threshold puts on their side. */
export function recallAt(scored: readonly Scored[], threshold: number, complex: boolean): number {
  const rows = scored.filter((row) => row.complex === complex)
  return rows.filter(({ logit }) => logit >= threshold === complex).length / rows.length
}

/** Returns slope and offset that make logits probabilities (Platt 1999), by Newton's method with steps that never overshoot. */
export function fitCalibration(scored: readonly Scored[]): Calibration {
  let found: Calibration = { slope: 0, offset: 0 }
  let loss = lossOf(scored, found)
  for (let round = 0; round < 100; round++) {
    const step = newtonStep(scored, found)
    let next = found
    let nextLoss = loss
    for (let size = 1; size > 1e-6 && nextLoss >= loss; size /= 2) {
      next = { slope: found.slope - size * step.slope, offset: found.offset - size * step.offset }
      nextLoss = lossOf(scored, next)
    }
    if (loss - nextLoss < 1e-9) break
    found = next
    loss = nextLoss
  }
  return found
}

/**
 * Returns the calibration of a head that tells complex from simple.
 * @throws {Error} for one that does no better than chance: its scores mean nothing, or the opposite
 */
export function usefulCalibration(scored: readonly Scored[]): Calibration {
  const calibration = fitCalibration(scored)
  if (calibration.slope > 0) return calibration
  throw new Error(
    'What was learned tells complex from simple no better than chance on the rows it is measured on. More rows, or other states of the model, may help.',
  )
}

function newtonStep(scored: readonly Scored[], { slope, offset }: Calibration): Calibration {
  let [g0, g1, h00, h01, h11] = [0, 0, 1e-9, 0, 1e-9]
  const targetOf = targetsOf(scored)
  for (const { logit, complex } of scored) {
    const p = logistic(slope * logit + offset)
    const error = p - targetOf(complex)
    const spread = p * (1 - p)
    g0 += error * logit
    g1 += error
    h00 += spread * logit * logit
    h01 += spread * logit
    h11 += spread
  }
  const determinant = h00 * h11 - h01 * h01
  return { slope: (h11 * g0 - h01 * g1) / determinant, offset: (h00 * g1 - h01 * g0) / determinant }
}

/** Platt's: a little off 0 and 1, so that rows which are told apart perfectly do not make every score certain. */
function targetsOf(scored: readonly Scored[]): (complex: boolean) => number {
  const positives = scored.filter(({ complex }) => complex).length
  const high = (positives + 1) / (positives + 2)
  const low = 1 / (scored.length - positives + 2)
  return (complex) => (complex ? high : low)
}

/** Cross-entropy, the mean of all rows. */
function lossOf(scored: readonly Scored[], { slope, offset }: Calibration): number {
  const targetOf = targetsOf(scored)
  const losses = scored.map(({ logit, complex }) => {
    const value = slope * logit + offset
    return Math.max(0, value) - targetOf(complex) * value + Math.log1p(Math.exp(-Math.abs(value)))
  })
  return losses.reduce((sum, loss) => sum + loss, 0) / scored.length
}

export type ReliabilityBin = { readonly rows: number; readonly predicted: number; readonly observed: number }

/** Returns predicted and observed shares of complex requests in ten bins of the probability. */
export function reliability(scored: readonly Scored[]): readonly ReliabilityBin[] {
  const bins = Array.from({ length: 10 }, () => ({ rows: 0, predicted: 0, observed: 0 }))
  for (const { logit, complex } of scored) {
    const probability = logistic(logit)
    const bin = bins[Math.min(9, Math.floor(probability * 10))]
    if (!bin) continue
    bin.rows++
    bin.predicted += probability
    bin.observed += complex ? 1 : 0
  }
  return bins.map(({ rows, predicted, observed }) => ({
    rows,
    predicted: rows === 0 ? 0 : predicted / rows,
    observed: rows === 0 ? 0 : observed / rows,
  }))
}

/** Returns the expected calibration error: how far predicted shares are from observed ones, weighted by rows. */
export function calibrationError(scored: readonly Scored[]): number {
  return reliability(scored).reduce(
    (sum, { rows, predicted, observed }) => sum + (rows / scored.length) * Math.abs(predicted - observed),
    0,
  )
}

/** Returns a figure with four decimals, as files keep them. */
export function rounded(value: number): number {
  return Math.round(value * DECIMALS) / DECIMALS
}

/** Returns a threshold with four decimals, no less than it was: rounded down, it would be reached by scores that are not to. */
export function roundedUp(threshold: number): number {
  const parts = Math.ceil(threshold * DECIMALS)
  // The product may have been rounded down.
  return (parts / DECIMALS < threshold ? parts + 1 : parts) / DECIMALS
}
