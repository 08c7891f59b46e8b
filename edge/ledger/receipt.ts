/**
 * What one answer cost, what it saved, and the line and headers that say so. Pure: writing them is the callers'.
 */
import type { LogFields } from '../../shared/log.ts'
import type { Message, Usage } from '../../shared/messages.ts'
import type { Task } from '../../shared/tasks.ts'
import type { Failure } from '../fallback/fallback.ts'
import type { Strategy } from '../strategy.ts'
import { costUsd } from './prices.ts'

export type Route = 'local' | 'claude' | 'cache'
export type CacheResult = 'hit' | 'miss' | 'bypass'
export type Outcome = 'completed' | 'refused' | 'failed' | 'broken' | 'cancelled'

/** What is known once a target has been committed to. */
export type Facts = {
  readonly requestId: string
  readonly strategy: Strategy
  readonly task: Task
  readonly score: number
  readonly reason: string
  readonly cache: CacheResult
  readonly failures: readonly Failure[]
  readonly attempts: number
  /** Undefined where nothing answered. */
  readonly route: Route | undefined
  readonly model: string | undefined
  /** The model that would have answered without the router; its price is the baseline of the saving. */
  readonly baselineModel: string
}

/** USD; undefined where a price is not known, which is not the same as 0. */
export type Money = { readonly costUsd: number | undefined; readonly savedUsd: number | undefined }

/** Returns cost and saving of an answer with this usage. */
export function priceAnswer(facts: Facts, usage: Usage): Money {
  if (facts.route === 'claude') return { costUsd: costUsd(facts.model ?? '', usage), savedUsd: 0 }
  return { costUsd: 0, savedUsd: costUsd(facts.baselineModel, usage) }
}

/** Returns the headers that every answer carries, known before its first byte. */
export function routeHeaders(facts: Facts): Record<string, string> {
  const fallback = facts.failures.find((failure) => failure.provider === 'local')
  return {
    'x-router-request-id': facts.requestId,
    'x-router-strategy': facts.strategy,
    'x-router-task': facts.task,
    'x-router-score': facts.score.toFixed(3),
    'x-router-reason': facts.reason,
    'x-router-cache': facts.cache,
    'x-router-attempts': String(facts.attempts),
    ...(facts.route === undefined ? {} : { 'x-router-route': facts.route }),
    ...(facts.model === undefined ? {} : { 'x-router-model': headerSafe(facts.model) }),
    ...(fallback === undefined ? {} : { 'x-router-fallback': fallback.cause }),
  }
}

/** Returns the headers that only a whole answer can carry. */
export function totalHeaders(money: Money, latencyMs: number): Record<string, string> {
  return {
    'x-router-latency-ms': String(Math.round(latencyMs)),
    ...(money.costUsd === undefined ? {} : { 'x-router-cost-usd': formatUsd(money.costUsd) }),
    ...(money.savedUsd === undefined ? {} : { 'x-router-saved-usd': formatUsd(money.savedUsd) }),
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
  'x-router-reason',
  'x-router-cache',
  'x-router-fallback',
  'x-router-attempts',
  'x-router-latency-ms',
  'x-router-cost-usd',
  'x-router-saved-usd',
]

export type Ending = {
  readonly outcome: Outcome
  readonly message: Message | undefined
  /** As far as it is known, also for answers that broke off. */
  readonly usage: Usage | undefined
  readonly latencyMs: number
  readonly firstContentMs: number | undefined
  readonly errorCode?: string
}

/** Returns the log line of one request: the route and the reason, then the numbers. Never content. */
export function logLine(facts: Facts, ending: Ending): { message: string; fields: LogFields } {
  // What broke off or was left has cost something and saved nobody anything; only whole answers are counted.
  const usage = ending.outcome === 'completed' ? ending.usage : undefined
  const money = usage === undefined ? undefined : priceAnswer(facts, usage)
  const fallback = facts.failures.find((failure) => failure.provider === 'local')
  return {
    message: `[Router] ${sentence(facts, ending.outcome)}`,
    fields: {
      taskType: facts.task,
      model: facts.model,
      requestId: facts.requestId,
      route: facts.route,
      score: Math.round(facts.score * 1_000) / 1_000,
      cache: facts.cache,
      fallback: fallback?.cause,
      attempts: facts.attempts,
      latencyMs: Math.round(ending.latencyMs),
      firstContentMs: ending.firstContentMs === undefined ? undefined : Math.round(ending.firstContentMs),
      inputTokens: usage?.input_tokens ?? undefined,
      outputTokens: usage?.output_tokens ?? undefined,
      costUsd: roundUsd(money?.costUsd),
      savedUsd: roundUsd(money?.savedUsd),
      outcome: ending.outcome === 'completed' ? undefined : ending.outcome,
      error: ending.errorCode,
    },
  }
}

function sentence(facts: Facts, outcome: Outcome): string {
  const fallback = facts.failures.find((failure) => failure.provider === 'local')
  if (facts.route === 'cache') return `Using cache (${facts.reason})`
  if (facts.route === 'local') return `Using local model (${facts.reason})`
  if (facts.route === 'claude' && fallback !== undefined)
    return `Falling back to Claude (local ${fallback.cause})`
  if (facts.route === 'claude') return `Using Claude (${facts.reason})`
  return outcome === 'refused' ? `Refused (${facts.reason})` : `No answer (${facts.reason})`
}

/** Eight digits: a short local answer saves some millionths of a dollar. */
function formatUsd(amount: number): string {
  return amount.toFixed(8).replace(/\.?0+$/, '') || '0'
}

function roundUsd(amount: number | undefined): number | undefined {
  return amount === undefined ? undefined : Math.round(amount * 1e8) / 1e8
}

/** Header values are bytes: a model's name comes from outside and may be anything. */
function headerSafe(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 200)
}
