/**
 * What scores mean: of the requests with a score near 0.3, are three of ten complex? As numbers and as text bars. Computes no
 * score.
 */
import { logitOf } from '../../shared/logistic.ts'
import { type LabelledRequest, usesNoTools } from '../../training/labelled-requests.ts'
import { calibrationError, type ReliabilityBin, reliability } from '../../training/validation.ts'
import type { Scorer } from './scorers.ts'

export type Reliability = {
  readonly name: string
  readonly rows: number
  /** Expected calibration error: by how much predicted shares are off, the mean of all rows. */
  readonly error: number
  /** Ten bins of the score, from 0 to 1. */
  readonly bins: readonly ReliabilityBin[]
}

const BAR_WIDTH = 40

/** Returns the reliability of the scores that the router decides by. Tool use is complex by rule, not by score: left out. */
export function measureReliability(
  rows: readonly LabelledRequest[],
  scorers: readonly Scorer[],
): readonly Reliability[] {
  return scorers.flatMap(({ name, scores, threshold }) => {
    if (threshold === undefined) return []
    const scored = rows.flatMap((row, index) => {
      const score = scores[index] ?? 1
      return usesNoTools(row) ? [{ complex: row.complex, logit: logitOf(score) }] : []
    })
    return [{ name, rows: scored.length, error: calibrationError(scored), bins: reliability(scored) }]
  })
}

/** Returns a diagram for each: a bar as long as the share of complex requests, a mark where the scores said it would end. */
export function describeReliability(all: readonly Reliability[]): string {
  return all
    .flatMap(({ name, rows, error, bins }) => [
      `${name}, ${rows} requests without tools; calibration error ${error.toFixed(3)}`,
      '',
      '```',
      `score      rows  said  complex   (█ complex, │ what the score says)`,
      ...bins.map(describeBin),
      '```',
      '',
    ])
    .join('\n')
    .trimEnd()
}

function describeBin({ rows, predicted, observed }: ReliabilityBin, index: number): string {
  const range = `${(index / 10).toFixed(1)}–${((index + 1) / 10).toFixed(1)}`
  const count = String(rows).padStart(6)
  if (rows === 0) return `${range} ${count}     –        –`
  const percent = (share: number) => `${Math.round(100 * share)} %`
  return `${range} ${count}  ${percent(predicted).padStart(5)}  ${percent(observed).padStart(5)}   ${bar(predicted, observed)}`
}

function bar(predicted: number, observed: number): string {
  const length = Math.round(BAR_WIDTH * observed)
  const cells: string[] = Array.from({ length: BAR_WIDTH }, (_, at) => (at < length ? '█' : ' '))
  cells[Math.min(BAR_WIDTH - 1, Math.floor(BAR_WIDTH * predicted))] = '│'
  return cells.join('').trimEnd()
}
