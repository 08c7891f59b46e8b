/**
 * What a request would cost on each side, before anybody has answered it. The tokens are an estimate and an assumption,
 * and are told beside the prices; what an answer did cost is the receipt's business.
 */
import { isSimpleTask, type SimpleTask, type Task } from '../../shared/tasks.ts'
import { expectedCostUsd } from '../ledger/expected-cost.ts'
import type { Decision } from '../routing/decide.ts'
import type { Features } from '../routing/features.ts'

/** USD; null where the model's price is not known. */
export type ExpectedPrice = { readonly model: string; readonly usd: number | null }

export type ExpectedPrices = {
  /** Estimated from the texts of the request. */
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

/**
 * Tokens of a typical answer. Simple tasks: the medians of the 2,450 answers that the shipped model is tuned by, counted
 * as `estimateTokens` does.
 */
const SIMPLE_OUTPUT_TOKENS: Readonly<Record<SimpleTask, number>> = {
  simple_chat: 20,
  simple_qa: 13,
  summarization: 50,
  classification: 3,
}
/** The median of what assistants answered to hard requests in public conversations was 430 to 520, by the same count. */
const COMPLEX_OUTPUT_TOKENS = 500

type Models = {
  /** Undefined where the local model is switched off. */
  readonly local: string | undefined
  readonly claude: { readonly model: string; readonly simpleModel: string }
}

/** Returns the prices of the local, the cheap and the strong model for this request. */
export function expectedPrices(
  { estimatedInputTokens, maxTokens }: Pick<Features, 'estimatedInputTokens' | 'maxTokens'>,
  { task, targets }: Pick<Decision, 'task' | 'targets'>,
  { local, claude }: Models,
): ExpectedPrices {
  const outputTokens = Math.min(maxTokens, typicalOutputTokens(task))
  const priceOf = (model: string): ExpectedPrice => ({
    model,
    usd: expectedCostUsd(model, { uncached: estimatedInputTokens, output: outputTokens }) ?? null,
  })
  const free = (model: string): ExpectedPrice => ({ model, usd: 0 })
  const strong = priceOf(claude.model)
  const [target] = targets
  const chosen =
    target === undefined ? null : target.provider === 'local' ? free(target.model) : priceOf(target.model)
  return {
    inputTokens: estimatedInputTokens,
    outputTokens,
    local: local === undefined ? null : free(local),
    cheap: priceOf(claude.simpleModel),
    strong,
    chosen,
    savedUsd: strong.usd === null || chosen === null || chosen.usd === null ? null : strong.usd - chosen.usd,
  }
}

function typicalOutputTokens(task: Task): number {
  return isSimpleTask(task) ? SIMPLE_OUTPUT_TOKENS[task] : COMPLEX_OUTPUT_TOKENS
}
