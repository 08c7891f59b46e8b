/**
 * What an answer would cost that has not been given, by a list of prices. Does not guess how many tokens there will
 * be (whoever asks says so) and knows no prices of its own (`prices.ts`).
 */
import { costUsd, type PriceList } from './prices.ts'

/** Tokens that a request is expected to take, by how they are billed; all of them disjoint. */
export type ExpectedTokens = {
  /** Of the prompt, read at the full price. */
  readonly uncached: number
  /** Of the prompt, read from Claude's prompt cache. */
  readonly cacheRead?: number
  readonly output: number
}

/** Returns the cost in USD, or undefined for a model whose price is not known. */
export function expectedCostUsd(
  model: string,
  { uncached, cacheRead = 0, output }: ExpectedTokens,
  prices?: PriceList,
): number | undefined {
  const usage = { input_tokens: uncached, cache_read_input_tokens: cacheRead, output_tokens: output }
  return costUsd(model, usage, prices)
}
