/**
 * Handing over instead of guessing: what a model cannot know or do well, its answer begins with a token of its own for. How
 * probable that token is decides whether the request is left to another. Runs no model; writes no text.
 */
import { RouterError } from '../../../shared/errors.ts'
import type { Serving } from '../engine.ts'
import { probabilityOf } from '../text/sampler.ts'
import { hasHandoverFile, readHandoverFile } from './handover-file.ts'

export type Handover = {
  /** Id of the token, which is never shown. */
  readonly token: number
  /** The model's own: the token's probability from which on it hands over, 0 to 1. */
  readonly threshold: number
}

/** Special tokens are left out where tokens become text. */
type SpecialTokens = {
  readonly all_special_tokens: readonly string[]
  readonly all_special_ids: readonly number[]
}

/**
 * Returns how a model hands over, or why it cannot though it means to, in words for the operator; undefined for one that does
 * not mean to.
 */
export function findHandover(
  folder: string,
  { all_special_tokens: texts, all_special_ids: ids }: SpecialTokens,
  endTokens: ReadonlySet<number>,
): Serving['handover'] {
  if (!hasHandoverFile(folder)) return undefined
  const file = readHandoverFile(folder)
  if ('reason' in file) return file
  if (file.handover === undefined) return undefined
  const { token: text, threshold } = file.handover
  const token = ids[texts.indexOf(text)]
  if (token === undefined) return { reason: `${text} is no special token of its tokenizer` }
  if (endTokens.has(token)) return { reason: `${text} ends its answers` }
  return { token, threshold }
}

/** Returns how a model hands over, as it is served; undefined where it does not. */
export function handoverOf(serving: Serving | undefined): Handover | undefined {
  return serving?.handover && 'token' in serving.handover ? serving.handover : undefined
}

/**
 * Returns how probable it is that the answer begins with the token, 0 to 1, before sampling and demanded forms.
 * @param logits of the answer's first position
 * @throws {RangeError} for logits that are not numbers
 */
export function handoverScore(logits: Float32Array, token: number): number {
  const score = probabilityOf(logits, token)
  if (Number.isNaN(score))
    throw new RangeError('The model gave logits that are not numbers; its files may be damaged.')
  return score
}

/** @throws {RouterError} `low_confidence` where the score reaches the threshold */
export function handOverFrom(score: number, threshold: number): void {
  if (score < threshold) return
  throw new RouterError(
    'low_confidence',
    'The local model would only guess at this request (low_confidence). Ask Claude.',
  )
}
