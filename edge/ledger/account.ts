/**
 * What a request cost, what the baseline would have cost, and what that saved, in whole nano-dollars. Pure; prices are
 * given (`prices.ts`).
 *
 * The container is rent, not a price by the token: what a local model answers or tries costs nothing here, and sums over
 * time set the rent against the savings.
 */
import type { Usage } from '../../shared/messages.ts'
import type { FailedAttempt } from '../fallback/failure.ts'
import type { PriceList } from './prices.ts'
import type { ReceiptRecord } from './receipt-record.ts'

/** Whole nano-dollars; undefined where they are not known, which is not the same as 0. */
export type Account = {
  /** Answer and failed attempts together. */
  readonly costNanoUsd: number | undefined
  /** Of each failed attempt, in their order. */
  readonly attemptNanoUsd: readonly (number | undefined)[]
  /** What the baseline model would have cost for the same answer; 0 where nothing was answered. */
  readonly baselineNanoUsd: number | undefined
  /** Baseline less cost; negative where the router was dearer. */
  readonly savedNanoUsd: number | undefined
}

export type Accounted = {
  readonly failedAttempts: readonly FailedAttempt[]
  readonly route: NonNullable<ReceiptRecord['route']> | undefined
  readonly model: string | undefined
  readonly baselineModel: string
  readonly outcome: ReceiptRecord['outcome']
  readonly usage: Usage | undefined
  /** What stands in Claude's prompt cache stands there because the router marked it. */
  readonly cachedByRouter?: boolean | undefined
}

/** Returns cost, baseline and saving: cost + saved = baseline, wherever all are known. */
export function accountFor(request: Accounted, prices: PriceList): Account {
  const attemptNanoUsd = request.failedAttempts.map((attempt) => attemptCost(attempt, prices))
  const costNanoUsd = [answerCost(request, prices), ...attemptNanoUsd].reduce(plus, 0)
  const baselineNanoUsd = baselineCost(request, prices)
  const savedNanoUsd =
    costNanoUsd === undefined || baselineNanoUsd === undefined ? undefined : baselineNanoUsd - costNanoUsd
  return { costNanoUsd, attemptNanoUsd, baselineNanoUsd, savedNanoUsd }
}

function attemptCost(
  { provider, model, usage }: Pick<FailedAttempt, 'provider' | 'model' | 'usage'>,
  prices: PriceList,
): number | undefined {
  if (provider === 'local') return 0
  if (usage === undefined) return undefined
  // A model without a price costs nothing either where it has used nothing.
  return isNothing(usage) ? 0 : prices(model, usage)
}

function answerCost({ route, model, usage, outcome }: Accounted, prices: PriceList): number | undefined {
  if (route !== 'claude') return 0
  if (usage !== undefined) return prices(model ?? '', usage)
  // Claude's own refusal costs nothing; an answer that broke off before it told of any tokens may have.
  return outcome === 'refused' ? 0 : undefined
}

function baselineCost(request: Accounted, prices: PriceList): number | undefined {
  const { route, model, baselineModel, usage, cachedByRouter } = request
  if (usage === undefined) return answerCost(request, prices)
  // What a model that isn't Claude's has in a cache of its own, Claude would have had to read. And without the router nobody
  // would have written or read what it marked: writes that nobody reads are a loss.
  const isClaudes = route === 'claude' || prices(model ?? '', usage) !== undefined
  return prices(baselineModel, isClaudes && cachedByRouter !== true ? usage : withoutCache(usage))
}

function withoutCache(usage: Usage): Usage {
  const { input_tokens: input, cache_read_input_tokens: read, cache_creation_input_tokens: written } = usage
  return {
    ...usage,
    input_tokens: (input ?? 0) + (read ?? 0) + (written ?? 0),
    cache_read_input_tokens: 0,
    cache_creation_input_tokens: 0,
  }
}

function isNothing(usage: Usage): boolean {
  const { input_tokens, output_tokens, cache_creation_input_tokens, cache_read_input_tokens } = usage
  return !(input_tokens || output_tokens || cache_creation_input_tokens || cache_read_input_tokens)
}

function plus(sum: number | undefined, amount: number | undefined): number | undefined {
  return sum === undefined || amount === undefined ? undefined : sum + amount
}
