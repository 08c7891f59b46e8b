/**
 * Probabilities and their logits. Pure arithmetic.
 */

/** Returns the probability of a logit, 0 to 1. */
export function logistic(logit: number): number {
  return 1 / (1 + Math.exp(-logit))
}

/** Returns the logit of a probability; infinite for 0 and for 1. */
export function logitOf(probability: number): number {
  return Math.log(probability / (1 - probability))
}
