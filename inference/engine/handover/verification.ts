/**
 * Verifying a whole answer before it is released: by a measure of its tokens' log-probabilities, one that is probably wrong is
 * left to another. Runs no model and holds nothing back: when answers are held is the serving's business.
 */
import { RouterError } from '../../../shared/errors.ts'
import type { Serving } from '../engine.ts'
import { hasHandoverFile, readHandoverFile, type VerificationPart } from './handover-file.ts'

export type Verification = VerificationPart

type Measure = Verification['measure']

/** From log-probabilities, at least one, to how surely wrong, 0 to 1. */
const MEASURES: Readonly<Record<Measure, (logprobs: readonly number[]) => number>> = {
  lowest: (logprobs) => 1 - Math.exp(Math.min(...logprobs)),
  mean: (logprobs) => 1 - Math.exp(logprobs.reduce((sum, logprob) => sum + logprob, 0) / logprobs.length),
}

/**
 * Returns how a model's answers are verified, or why they cannot be though it means to, in words for the operator; undefined
 * for a model that does not mean to.
 */
export function findVerification(folder: string): Serving['verification'] {
  if (!hasHandoverFile(folder)) return undefined
  const file = readHandoverFile(folder)
  return 'reason' in file ? file : file.verification
}

/** Returns how a model's answers are verified, as it is served; undefined where they are not. */
export function verificationOf(serving: Serving | undefined): Verification | undefined {
  return serving?.verification && 'measure' in serving.verification ? serving.verification : undefined
}

/**
 * Returns how surely wrong an answer is, 0 to 1; 0 for one of which nothing is known.
 * @param logprobs natural logs, of all its tokens and of the one that ended it
 */
export function verificationScore(measure: Measure, logprobs: readonly number[]): number {
  return logprobs.length === 0 ? 0 : MEASURES[measure](logprobs)
}

/** @throws {RouterError} `low_confidence` where the score reaches the threshold */
export function declineAnswerFrom(score: number, threshold: number): void {
  if (score < threshold) return
  throw new RouterError(
    'low_confidence',
    'The local model’s answer is probably wrong (low_confidence). Ask Claude.',
  )
}
