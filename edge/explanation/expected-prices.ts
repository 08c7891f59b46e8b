/**
 * What a request would cost on each side, before anybody has answered it. The tokens are an estimate and an assumption,
 * and are told beside the prices; what an answer did cost is the receipt's business.
 */
import { expectedCostUsd } from '../ledger/expected-cost.ts'
import type { PriceList } from '../ledger/prices.ts'
import { expectedOutputTokens } from '../ledger/typical-output.ts'
import type { Decision } from '../routing/decide.ts'
import type { Features } from '../routing/features.ts'
import { type Session, tokensOutsideCache } from '../routing/sessions/session.ts'

/** USD; null where the model's price is not known. */
export type ExpectedPrice = { readonly model: string; readonly usd: number | null }

export type ExpectedPrices = {
  /** Estimated from the texts of the request and, where a session is known, what Claude counted of it. */
  readonly inputTokens: number
  /** Assumed by the kind of task, and never more than the request allows. */
  readonly outputTokens: number
  /** A model of one's own costs nothing by the token; null where there is none. */
  readonly local: ExpectedPrice | null
  readonly cheap: ExpectedPrice
  readonly strong: ExpectedPrice
  /** The first target; null where the request is refused. */
  readonly chosen: ExpectedPrice | null
  /** What the chosen one costs less than the strong one, in USD; null where either is not known. */
  readonly savedUsd: number | null
}

type Models = {
  /** Undefined where the local model is switched off. */
  readonly local: string | undefined
  readonly claude: { readonly model: string; readonly simpleModel: string }
}

type Priced = {
  readonly features: Pick<Features, 'estimatedInputTokens' | 'maxTokens'>
  readonly decision: Pick<Decision, 'task' | 'targets'>
  readonly session: Session | undefined
}

/** Returns the prices of the local, the cheap and the strong model for this request. */
export function expectedPrices(
  { features, decision: { task, targets }, session }: Priced,
  { local, claude }: Models,
  prices?: PriceList,
): ExpectedPrices {
  const cached = session?.prefixTokens ?? 0
  const uncached = session ? tokensOutsideCache(session, features) : features.estimatedInputTokens
  const inputTokens = cached + uncached
  const outputTokens = expectedOutputTokens(task, features.maxTokens)
  const priceOf = (model: string): ExpectedPrice => {
    const input = model === session?.model ? { uncached, cacheRead: cached } : { uncached: inputTokens }
    const usd = expectedCostUsd(model, { ...input, output: outputTokens }, prices)
    return { model, usd: usd === undefined ? null : roundUsd(usd) }
  }
  const free = (model: string): ExpectedPrice => ({ model, usd: 0 })
  const strong = priceOf(claude.model)
  const [target] = targets
  const chosen =
    target === undefined ? null : target.provider === 'local' ? free(target.model) : priceOf(target.model)
  return {
    inputTokens,
    outputTokens,
    local: local === undefined ? null : free(local),
    cheap: priceOf(claude.simpleModel),
    strong,
    chosen,
    savedUsd:
      strong.usd === null || chosen === null || chosen.usd === null
        ? null
        : roundUsd(strong.usd - chosen.usd),
  }
}

/** Below a hundredth of a millionth of a dollar there is only what binary fractions leave over. */
function roundUsd(usd: number): number {
  return Number(usd.toFixed(10))
}
