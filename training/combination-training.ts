/**
 * Fits what the edge's score and a second one say together, on requests that trained neither. Reads no file.
 */

import { createClassifier } from '../edge/routing/classifier/classifier.ts'
import type { ClassifierModel } from '../edge/routing/classifier/classifier-model.ts'
import { extractFeatures } from '../edge/routing/features.ts'
import { logistic, logitOf } from '../shared/logistic.ts'
import type { JudgedRow } from './judge-training.ts'
import { type DenseHead, denseLogit, fitRidgeLogistic } from './ridge-logistic.ts'
import { rounded, thresholdFor } from './validation.ts'

export type Combination = {
  readonly edge: number
  readonly second: number
  readonly offset: number
  /** Shares of complex requests kept away, in percent, and the combined scores that do it. */
  readonly recalls: readonly (readonly [number, number])[]
}

const RECALLS = [50, 60, 70, 80, 85, 90, 92, 94, 95, 96, 97, 98, 99, 99.5]
/** Two weights need no holding back. */
const RIDGE = 1

/**
 * Returns the combination for a judge's head.
 * @param certain complex requests beside the rows that nobody need judge, such as those with tools
 */
export function fitCombination(
  model: ClassifierModel,
  head: DenseHead,
  rows: readonly JudgedRow[],
  certain: number,
): Combination {
  const { classify } = createClassifier(model)
  const scored = rows.map(({ row, features }) => {
    const { score } = classify(extractFeatures(row.request))
    return {
      features: Float32Array.of(logitOf(score), denseLogit(head, features)),
      complex: row.complex,
      weight: 1,
    }
  })
  const both = fitRidgeLogistic(scored, RIDGE)
  const logits = scored.map(({ features, complex }) => ({ logit: denseLogit(both, features), complex }))
  const all = [...logits, ...new Array(certain).fill({ logit: Number.POSITIVE_INFINITY, complex: true })]
  const [edge = 0, second = 0] = both.weights
  return {
    edge: rounded(edge),
    second: rounded(second),
    offset: rounded(both.bias),
    recalls: RECALLS.map((recall) => [recall, rounded(logistic(thresholdFor(all, recall / 100)))]),
  }
}
