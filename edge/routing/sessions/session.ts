/**
 * What a Claude model holds of a conversation in its prompt cache, and what that is worth against moving down, in USD.
 * Pure: no clock, no memory. When a session ends by time is `session-memory.ts`; who is asked is `stay-warm.ts`.
 */
import type { MessagesRequest, Usage } from '../../../shared/messages.ts'
import { expectedCostUsd } from '../../ledger/expected-cost.ts'
import type { Features } from '../features.ts'
import { cacheLifeMs, FIVE_MINUTES } from './cache-life.ts'

export type Session = {
  /** The model by the name that it was asked by. */
  readonly model: string
  /** Tokens of the prompt that its cache holds. */
  readonly prefixTokens: number
  /** Tokens of the same prompt that it does not hold. */
  readonly uncachedTokens: number
  /** The whole of that prompt as the router estimates it: the difference to the next one is what is new. */
  readonly estimatedTokens: number
  /** When the cache was last used, milliseconds since the epoch. */
  readonly usedAt: number
  /** How long it lives without being used, milliseconds. */
  readonly lifeMs: number
}

export type ClaudeTurn = {
  readonly view: MessagesRequest
  readonly features: Pick<Features, 'estimatedInputTokens'>
  readonly model: string
  readonly usage: Usage
  /** The router had Claude cache the prompt, where its client did not. */
  readonly markedByRouter?: boolean
  /** Milliseconds since the epoch. */
  readonly startedAt: number
}

/**
 * Returns what an answer of Claude leaves behind, or undefined where its usage tells of nothing cached. The cache was used
 * when the request came, not when its answer ended.
 */
export function sessionAfter(turn: ClaudeTurn): Session | undefined {
  const { view, features, model, usage, markedByRouter = false, startedAt } = turn
  const prefixTokens = (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0)
  const lifeMs = markedByRouter ? FIVE_MINUTES : cacheLifeMs(view)
  if (prefixTokens <= 0 || lifeMs === undefined) return undefined
  return {
    model,
    prefixTokens,
    uncachedTokens: usage.input_tokens ?? 0,
    estimatedTokens: features.estimatedInputTokens,
    usedAt: startedAt,
    lifeMs,
  }
}

/**
 * Says whether what moving down saves in this turn is more than the warm prefix is worth. Of the next turn on the held
 * model it is worth what reading costs less than sending anew. The answer, of which no length is known before, is left
 * out: the model below writes no dearer, so moving saves at least what is computed. An unknown price speaks against moving.
 * @param to the Claude model below; undefined: the local model, which costs nothing
 */
export function isWorthLeaving(
  session: Session,
  features: Pick<Features, 'estimatedInputTokens'>,
  to: string | undefined,
): boolean {
  const { model, prefixTokens } = session
  const newTokens = tokensOutsideCache(session, features)
  const anew = { uncached: prefixTokens + newTokens, output: 0 }
  const warm = expectedCostUsd(model, { uncached: newTokens, cacheRead: prefixTokens, output: 0 })
  const cold = expectedCostUsd(model, anew)
  const moved = to === undefined ? 0 : expectedCostUsd(to, anew)
  if (warm === undefined || cold === undefined || moved === undefined) return false
  return warm - moved > cold - warm
}

/** Returns how many tokens of the next prompt the cache does not hold: those left over last time, and what was added. */
export function tokensOutsideCache(
  { uncachedTokens, estimatedTokens }: Session,
  { estimatedInputTokens }: Pick<Features, 'estimatedInputTokens'>,
): number {
  return uncachedTokens + Math.max(0, estimatedInputTokens - estimatedTokens)
}
