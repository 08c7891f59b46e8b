/**
 * What the edge's score and a second opinion say together, both being probabilities of a request being complex. Asks nobody.
 */
import { logistic, logitOf } from '../../../shared/logistic.ts'
import { scoreOf, type ThresholdSetting } from '../thresholds.ts'

/**
 * Logistic regression on the logits of both, for the shipped model's judge, and which combined score keeps how many complex
 * requests from the local model. Printed by `npm run train-judge -- --validate ROWS.jsonl`.
 */
export const COMBINATION = {
  edge: 0.5414,
  second: 0.8108,
  offset: 0.1097,
  recalls: [
    [50, 0.9563],
    [60, 0.9118],
    [70, 0.8377],
    [80, 0.6927],
    [85, 0.5745],
    [90, 0.4086],
    [92, 0.3298],
    [94, 0.2472],
    [95, 0.2176],
    [96, 0.1788],
    [97, 0.1338],
    [98, 0.0917],
    [99, 0.0614],
    [99.5, 0.0329],
  ],
} as const

/** Logits beyond this are as good as certain. */
const CERTAIN = 20

/** Returns the probability that both scores together stand for. */
export function combineScores(edge: number, second: number): number {
  return logistic(COMBINATION.edge * logit(edge) + COMBINATION.second * logit(second) + COMBINATION.offset)
}

/** Returns the combined score from which on a request counts as complex. */
export function combinedThreshold(setting: ThresholdSetting): number {
  return scoreOf(COMBINATION, setting)
}

/** Returns the second score from which on both together reach a threshold. */
export function secondThreshold(edge: number, threshold: number): number {
  return logistic(
    (logit(threshold) - COMBINATION.offset - COMBINATION.edge * logit(edge)) / COMBINATION.second,
  )
}

function logit(score: number): number {
  return Math.max(-CERTAIN, Math.min(CERTAIN, logitOf(score)))
}
