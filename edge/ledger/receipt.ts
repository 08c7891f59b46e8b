/**
 * The receipt: what happened to one request, whatever its end. Made once per request and given to whoever records it;
 * headers, log lines and the kept record are projections of it (`headers.ts`, `log-line.ts`, `project-receipt.ts`). Pure.
 */
import type { Message, Usage } from '../../shared/messages.ts'
import type { Task } from '../../shared/tasks.ts'
import type { FailedAttempt, Failure } from '../fallback/failure.ts'
import { isMarked, type PromptCacheFacts } from '../prompt-cache/prompt-cache.ts'
import type { ApiSurface } from '../request.ts'
import type { Weighed } from '../routing/classifier/reason-kinds.ts'
import type { Strategy } from '../strategy.ts'
import { type Account, accountFor } from './account.ts'
import type { PriceList } from './prices.ts'

export const ROUTES = ['local', 'claude', 'cache'] as const
export type Route = (typeof ROUTES)[number]
export const CACHE_RESULTS = ['hit', 'miss', 'bypass'] as const
export type CacheResult = (typeof CACHE_RESULTS)[number]
/** `broken`: the answer ended before it was complete; `cancelled`: the client disconnected. */
export const OUTCOMES = ['completed', 'refused', 'failed', 'broken', 'cancelled'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** What is known once a target has been committed to: enough for the headers of an answer. */
export type RoutedFacts = {
  readonly requestId: string
  readonly tenantId: string
  /** The end user as the client named it, hashed where the operator wants that; undefined where it named none. */
  readonly user: string | undefined
  readonly surface: ApiSurface
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
  /** How surely wrong the local model's answer was found, 0 to 1; absent where it was not verified. */
  readonly verifyScore?: number | undefined
  /** Returns what spoke most for or against, by kind and without a word of the request. Computed when asked for. */
  readonly reasons: () => readonly Weighed[]
  readonly reason: string
  /** The guard that kept the request from a local model, or undefined. */
  readonly guard: string | undefined
  readonly cache: CacheResult
  readonly failures: readonly Failure[]
  readonly failedAttempts: readonly FailedAttempt[]
  /** Upstream requests that were made. */
  readonly attempts: number
  /** Undefined where nothing answered. */
  readonly route: Route | undefined
  readonly model: string | undefined
  /** The model that would have answered without the router; its price is the baseline of the saving. */
  readonly baselineModel: string
  /** What was done about Claude's prompt cache; absent where Claude did not answer. */
  readonly promptCache?: PromptCacheFacts | undefined
  /** What a reached limit did to the request; absent where none did anything. */
  readonly budget?: BudgetEffect | undefined
}

/** Another model than the one that would have answered, or a refusal. */
export const BUDGET_EFFECTS = ['cheaper', 'local', 'refused'] as const
export type BudgetEffect = (typeof BUDGET_EFFECTS)[number]

/** How it ended. */
export type Ending = {
  readonly outcome: Outcome
  /** What was answered, as far as it came. */
  readonly message: Message | undefined
  readonly latencyMs: number
  readonly firstContentMs: number | undefined
  readonly errorCode?: string | undefined
}

export type Receipt = RoutedFacts &
  Account & {
    readonly outcome: Outcome
    readonly errorCode: string | undefined
    /** Undefined where nothing answered. Of an answer that broke off: what it had told until then. */
    readonly usage: Usage | undefined
    readonly latencyMs: number
    readonly firstContentMs: number | undefined
  }

/** Returns the receipt of a request that has ended. */
export function createReceipt(facts: RoutedFacts, ending: Ending, prices: PriceList): Receipt {
  const { outcome, message, latencyMs, firstContentMs, errorCode } = ending
  const usage = message?.usage
  const model = message?.model ?? facts.model
  const cachedByRouter = facts.promptCache !== undefined && isMarked(facts.promptCache)
  const account = accountFor({ ...facts, model, outcome, usage, cachedByRouter }, prices)
  return { ...facts, ...account, model, outcome, usage, latencyMs, firstContentMs, errorCode }
}

/** Returns why the local model did not answer, or undefined where it did or was not asked. */
export function localFailure({ failures }: Pick<RoutedFacts, 'failures'>): Failure['cause'] | undefined {
  return failures.find((failure) => failure.provider === 'local')?.cause
}

/** Returns why the answer is another one than it was meant to be: a limit goes before what failed afterwards. */
export function fallbackCause(
  facts: Pick<RoutedFacts, 'failures' | 'budget'>,
): Failure['cause'] | 'budget' | undefined {
  return facts.budget === 'cheaper' || facts.budget === 'local' ? 'budget' : localFailure(facts)
}
