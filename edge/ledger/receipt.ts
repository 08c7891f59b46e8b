/**
 * The receipt: what happened to one request, whatever its end. Made once per request and given to whoever records it;
 * headers, log lines and totals are projections of it (`headers.ts`, `log-line.ts`). Pure.
 */
import type { Message, Usage } from '../../shared/messages.ts'
import type { Task } from '../../shared/tasks.ts'
import type { Failure } from '../fallback/fallback.ts'
import type { Weighed } from '../routing/classifier/reasons.ts'
import type { Strategy } from '../strategy.ts'
import { costUsd } from './prices.ts'

export type Route = 'local' | 'claude' | 'cache'
export type CacheResult = 'hit' | 'miss' | 'bypass'
/** `broken`: the answer ended before it was complete; `cancelled`: the client disconnected. */
export type Outcome = 'completed' | 'refused' | 'failed' | 'broken' | 'cancelled'

/** What is known once a target has been committed to: enough for the headers of an answer. */
export type RoutedFacts = {
  readonly requestId: string
  readonly tenantId: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly strategy: Strategy
  /** As the client named it. */
  readonly requestedModel: string
  readonly stream: boolean
  readonly task: Task
  /** How surely complex, 0 to 1, by the classifier. */
  readonly score: number
  /** The score from which on it would have counted as complex. */
  readonly threshold: number
  /** What a second look said, 0 to 1; undefined where none was taken. */
  readonly judgeScore: number | undefined
  /** How probable the local model found it that it would only guess, 0 to 1; undefined where it did not say. */
  readonly handoverScore: number | undefined
  /** Returns what spoke most for or against, by kind and without a word of the request. Computed when asked for. */
  readonly reasons: () => readonly Weighed[]
  readonly reason: string
  /** The guard that kept the request from a local model, or undefined. */
  readonly guard: string | undefined
  readonly cache: CacheResult
  readonly failures: readonly Failure[]
  /** Upstream requests that were made. */
  readonly attempts: number
  /** Undefined where nothing answered. */
  readonly route: Route | undefined
  readonly model: string | undefined
  /** The model that would have answered without the router; its price is the baseline of the saving. */
  readonly baselineModel: string
}

/** How it ended. */
export type Ending = {
  readonly outcome: Outcome
  /** What was answered, as far as it came. */
  readonly message: Message | undefined
  readonly latencyMs: number
  readonly firstContentMs: number | undefined
  readonly errorCode?: string | undefined
}

/** USD; undefined where a price is not known, which is not the same as 0. */
export type Money = { readonly costUsd: number | undefined; readonly savedUsd: number | undefined }

export type Receipt = RoutedFacts &
  Money & {
    readonly outcome: Outcome
    readonly errorCode: string | undefined
    /** Of complete answers only: the tokens of an answer that broke off are not known. */
    readonly usage: Usage | undefined
    readonly latencyMs: number
    readonly firstContentMs: number | undefined
  }

/** Returns the receipt of a request that has ended. */
export function createReceipt(facts: RoutedFacts, ending: Ending): Receipt {
  const { outcome, message, latencyMs, firstContentMs, errorCode } = ending
  const usage = outcome === 'completed' ? message?.usage : undefined
  const model = message?.model ?? facts.model
  const money =
    usage === undefined
      ? { costUsd: undefined, savedUsd: undefined }
      : priceAnswer({ ...facts, model }, usage)
  return { ...facts, ...money, model, outcome, usage, latencyMs, firstContentMs, errorCode }
}

/** Returns cost and saving of an answer with this usage. */
export function priceAnswer(
  { route, model, baselineModel }: Pick<RoutedFacts, 'route' | 'model' | 'baselineModel'>,
  usage: Usage,
): Money {
  const ownCost = costUsd(model ?? '', usage)
  if (route === 'claude') return { costUsd: ownCost, savedUsd: 0 }
  // What a model that isn't Claude's has in a cache of its own, Claude would have had to read.
  const asked = ownCost === undefined ? withoutCache(usage) : usage
  return { costUsd: 0, savedUsd: costUsd(baselineModel, asked) }
}

function withoutCache(usage: Usage): Usage {
  const { input_tokens: input, cache_read_input_tokens: read } = usage
  return { ...usage, input_tokens: (input ?? 0) + (read ?? 0), cache_read_input_tokens: 0 }
}

/** Returns why the local model did not answer, or undefined where it did or was not asked. */
export function localFailure({ failures }: Pick<RoutedFacts, 'failures'>): Failure['cause'] | undefined {
  return failures.find((failure) => failure.provider === 'local')?.cause
}
