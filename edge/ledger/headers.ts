/**
 * The response headers that explain an answer: those known before its first byte, and those of non-streaming answers.
 */
import { toUsd } from '../../shared/money.ts'
import { fallbackCause, type Receipt, type RoutedFacts } from './receipt.ts'

/** Returns the headers that every answer carries, known before its first byte. */
export function routeHeaders(facts: RoutedFacts): Record<string, string> {
  const fallback = fallbackCause(facts)
  return {
    'x-router-request-id': facts.requestId,
    'x-router-strategy': facts.strategy,
    'x-router-task': facts.task,
    'x-router-score': facts.score.toFixed(3),
    ...(facts.judgeScore === undefined ? {} : { 'x-router-judge-score': facts.judgeScore.toFixed(3) }),
    ...(facts.handoverScore === undefined
      ? {}
      : { 'x-router-handover-score': facts.handoverScore.toFixed(3) }),
    ...(facts.verifyScore === undefined ? {} : { 'x-router-verify-score': facts.verifyScore.toFixed(3) }),
    'x-router-reason': facts.reason,
    'x-router-cache': facts.cache,
    ...(facts.promptCache === undefined ? {} : { 'x-router-prompt-cache': facts.promptCache.decision }),
    'x-router-attempts': String(facts.attempts),
    ...(facts.route === undefined ? {} : { 'x-router-route': facts.route }),
    ...(facts.model === undefined ? {} : { 'x-router-model': headerSafe(facts.model) }),
    ...(fallback === undefined ? {} : { 'x-router-fallback': fallback }),
  }
}

/** Returns the headers that only a non-streaming answer can carry. */
export function totalHeaders({
  costNanoUsd,
  savedNanoUsd,
  latencyMs,
}: Pick<Receipt, 'costNanoUsd' | 'savedNanoUsd' | 'latencyMs'>): Record<string, string> {
  return {
    'x-router-latency-ms': String(Math.round(latencyMs)),
    ...(costNanoUsd === undefined ? {} : { 'x-router-cost-usd': formatUsd(costNanoUsd) }),
    ...(savedNanoUsd === undefined ? {} : { 'x-router-saved-usd': formatUsd(savedNanoUsd) }),
  }
}

/** What a page may read, for `Access-Control-Expose-Headers`: the router's headers and those that SDKs act on. */
export const ROUTER_HEADERS = [
  'request-id',
  'x-request-id',
  'age',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  'x-router-ignored',
  'x-router-estimate',
  'x-router-request-id',
  'x-router-route',
  'x-router-model',
  'x-router-strategy',
  'x-router-task',
  'x-router-score',
  'x-router-judge-score',
  'x-router-handover-score',
  'x-router-verify-score',
  'x-router-reason',
  'x-router-cache',
  'x-router-prompt-cache',
  'x-router-fallback',
  'x-router-attempts',
  'x-router-latency-ms',
  'x-router-cost-usd',
  'x-router-saved-usd',
  'x-router-budget',
  'anthropic-ratelimit-requests-limit',
  'anthropic-ratelimit-requests-remaining',
  'anthropic-ratelimit-requests-reset',
  'anthropic-ratelimit-tokens-limit',
  'anthropic-ratelimit-tokens-remaining',
  'anthropic-ratelimit-tokens-reset',
]

/** To the last digit, without an exponent. */
function formatUsd(nanoUsd: number): string {
  return toUsd(nanoUsd)
    .toFixed(9)
    .replace(/\.?0+$/, '')
}

/** Header values are bytes: a model's name comes from outside and may be anything. */
function headerSafe(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 200)
}
