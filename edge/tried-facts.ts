/**
 * What is known of a request once its targets have been tried: the middle of its receipt, between `first-facts.ts` and its
 * end. Decides nothing.
 */
import type { FallbackResult } from './fallback/fallback.ts'
import type { RoutedFacts } from './ledger/receipt.ts'

/** Returns the facts with what came of trying. */
export function triedFacts(facts: RoutedFacts, result: FallbackResult): RoutedFacts {
  const { failures, failedAttempts, attempts, judgeScore, handoverScore, verifyScore, limited } = result
  const tried = {
    ...facts,
    failures,
    failedAttempts,
    attempts,
    judgeScore: judgeScore ?? facts.judgeScore,
    handoverScore,
    verifyScore,
    budget: limited ?? facts.budget,
  }
  return limited === 'refused'
    ? { ...tried, reason: `fallback budget: local ${failures.at(-1)?.cause}` }
    : tried
}
