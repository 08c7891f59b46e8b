/**
 * What the edge's score and a second opinion say together, both being probabilities of a request being complex. Asks nobody.
 */
import { scoreOf, type ThresholdSetting } from '../thresholds.ts'

/**
 * Logistic regression on the logits of both, for the shipped model's judge, and which combined score keeps how many complex
 * requests from the local model. Printed by `npm run train-judge -- --validate ROWS.jsonl`.
 */
export const COMBINATION = {
  edge: 0.5,
  second: 0.8,
  offset: 0,
  recalls: [
    [90, 0.4],
    [95, 0.3],
    [97, 0.2],
    [99, 0.1],
  ],
} as const

/** Logits beyond this are as good as certain. */
const CERTAIN = 20

/** Returns the probability that both scores together stand for. */
export function combineScores(edge: number, second: number): number {
  return probability(COMBINATION.edge * logit(edge) + COMBINATION.second * logit(second) + COMBINATION.offset)
}

/** Returns the combined score from which on a request counts as complex. */
export function combinedThreshold(setting: ThresholdSetting): number {
  return scoreOf(COMBINATION, setting)
}

/** Returns the second score from which on both together reach a threshold. */
export function secondThreshold(edge: number, threshold: number): number {
  return probability(
    (logit(threshold) - COMBINATION.offset - COMBINATION.edge * logit(edge)) / COMBINATION.second,
  )
}

function logit(score: number): number {
  return Math.max(-CERTAIN, Math.min(CERTAIN, Math.log(score / (1 - score))))
}

function probability(logit: number): number {
  return 1 / (1 + Math.exp(-logit))
}
