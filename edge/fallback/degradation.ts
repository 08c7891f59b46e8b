/**
 * What operators allow when the local model is slow or gone: `HEDGE`, asking Claude beside it, and `FALLBACK_BUDGET`, how much
 * goes to Claude in its place. Both are counted in this isolate. Asks nobody; money that must not be exceeded is the
 * tenants' limits' affair.
 */
import { RouterError } from '../../shared/errors.ts'
import { toNanoUsd } from '../../shared/money.ts'
import { expectedCostUsd } from '../ledger/expected-cost.ts'
import type { PriceList } from '../ledger/prices.ts'
import type { Receipt } from '../ledger/receipt.ts'
import { expectedOutputTokens } from '../ledger/typical-output.ts'
import type { Plan } from '../planner.ts'
import { capableModel } from '../providers/claude/model-capabilities.ts'
import type { RouterRequest } from '../request.ts'
import type { FallbackBudgetSetting, HedgeSetting } from '../settings/degradation-setting.ts'
import type { Target } from '../target.ts'
import { type Allowance, createAllowance } from './allowance.ts'
import type { Failure, FailureCause } from './failure.ts'
import type { FallbackOptions } from './fallback.ts'

export type DegradationOptions = {
  /** Undefined: nobody is asked beside the local model. */
  readonly hedge: (HedgeSetting & { readonly delayMs: number }) | undefined
  /** Undefined: all that the local model leaves goes to Claude. */
  readonly fallbackBudget: FallbackBudgetSetting | undefined
  readonly prices: PriceList
  readonly claude: { readonly model: string; readonly simpleModel: string }
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** A request that has been planned. */
export type DegradableRequest = {
  readonly request: Pick<RouterRequest, 'id' | 'controls'>
  readonly plan: Pick<Plan, 'features' | 'decision' | 'canAskClaude'>
}

export type Degradation = {
  /**
   * Counts a request that is about to be answered; returns how its fallback is limited and hedged.
   * @param mayHedge whether what two answers take was reserved
   */
  readonly begin: (planned: DegradableRequest, mayHedge: boolean) => Pick<FallbackOptions, 'admit' | 'hedge'>
  /** Counts what a request did cost in the place of what was expected. */
  readonly settle: (receipt: Pick<Receipt, 'requestId' | 'costNanoUsd'>) => void
}

/** Those of the server. What its model declines, hands over or cannot read is decided, not failed. */
const SERVER_FAILURES: ReadonlySet<FailureCause> = new Set(['timeout', 'unavailable', 'overloaded', 'error'])

/** Returns the degradation of which nothing is used yet. */
export function createDegradation(options: DegradationOptions): Degradation {
  const { hedge, fallbackBudget, now } = options
  const hedges = hedge && createAllowance(hedge.limits, now)
  const fallbacks = fallbackBudget && createAllowance([fallbackBudget.limit], now)
  return {
    begin(planned, mayHedge) {
      if (!isBetweenBoth(planned)) return {}
      hedges?.came()
      fallbacks?.came()
      const admit = fallbackBudget && fallbacks && admitBy(options, fallbackBudget, fallbacks, planned)
      const target = mayHedge ? hedgeTarget(planned) : undefined
      return {
        ...(admit === undefined ? {} : { admit }),
        ...(target === undefined || hedge === undefined || hedges === undefined
          ? {}
          : {
              hedge: {
                target,
                delayMs: hedge.delayMs,
                mayStart: () => take(options, hedges, planned, target),
              },
            }),
      }
    },
    settle({ requestId, costNanoUsd }) {
      if (costNanoUsd === undefined) return
      hedges?.settle(requestId, costNanoUsd)
      fallbacks?.settle(requestId, costNanoUsd)
    },
  }
}

/** Meant for the local model, with a Claude behind it that this caller can ask. */
function isBetweenBoth({
  request: { controls },
  plan: { decision, canAskClaude },
}: DegradableRequest): boolean {
  const [first, second] = decision.targets
  const isPrivate = controls.privacyLocal || controls.force === 'local'
  return first?.provider === 'local' && second?.provider === 'claude' && canAskClaude && !isPrivate
}

/** Before a judge has spoken a request counts for what it would be in the worst case. */
function hedgeTarget({ plan: { decision } }: DegradableRequest): Target | undefined {
  const [first, second] = decision.targets
  return second && first?.judgeThreshold !== undefined ? { ...second, model: decision.complexModel } : second
}

function take(
  options: DegradationOptions,
  allowance: Allowance,
  planned: DegradableRequest,
  target: Target,
): boolean {
  const expected = expectedNanoUsd(options, planned, target)
  if (allowance.waitMs(expected) > 0) return false
  allowance.take(planned.request.id, expected)
  return true
}

function admitBy(
  options: DegradationOptions,
  budget: FallbackBudgetSetting,
  allowance: Allowance,
  planned: DegradableRequest,
): NonNullable<FallbackOptions['admit']> {
  return (next, failure, error) => {
    if (!SERVER_FAILURES.has(failure.cause)) return next
    if (take(options, allowance, planned, next)) return next
    if (budget.above === 'cheap') return cheaper(options, planned, next)
    const expected = expectedNanoUsd(options, planned, next)
    const opensInMs = allowance.waitMs(expected)
    const waitMs = Math.min(opensInMs, error.retryAfterMs ?? LONGEST_WAIT_MS, LONGEST_WAIT_MS)
    const isUnpriced = budget.limit.kind === 'money' && expected === undefined
    return refusal(budget, failure, waitMs, isUnpriced ? next.model : undefined)
  }
}

/** Nobody is refused: what is for the cheap model already, or for a cheaper one still, stays there. */
function cheaper(options: DegradationOptions, planned: DegradableRequest, next: Target): Target {
  const { claude } = options
  const cheap = { ...next, model: capableModel(planned.plan.features, claude.simpleModel, claude.model) }
  const [costs, would] = [next, cheap].map((target) => expectedNanoUsd(options, planned, target))
  return costs === undefined || (would !== undefined && would < costs) ? cheap : next
}

/** By then the container may be back, whatever the budget. */
const LONGEST_WAIT_MS = 60_000

function refusal(
  { written }: FallbackBudgetSetting,
  { cause }: Failure,
  waitMs: number,
  unpriced: string | undefined,
): RouterError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000))
  const why =
    unpriced === undefined
      ? `for now no more of its requests may go to Claude: FALLBACK_BUDGET is ${written}`
      : `FALLBACK_BUDGET (${written}) counts money, and no price is known for ${JSON.stringify(unpriced.slice(0, 100))}`
  const change =
    unpriced === undefined
      ? `raise it, or let the cheap model answer with ${written}:cheap`
      : 'add it to PRICES'
  return new RouterError(
    'unavailable',
    `The local model did not answer (${cause}), and ${why}. Try again in ${seconds} s. The operator can ${change}.`,
    { retryAfterMs: seconds * 1_000 },
  )
}

function expectedNanoUsd(
  { prices }: DegradationOptions,
  { plan: { features, decision } }: DegradableRequest,
  { model }: Target,
): number | undefined {
  const tokens = {
    uncached: features.estimatedInputTokens,
    output: expectedOutputTokens(decision.task, features.maxTokens),
  }
  const usd = expectedCostUsd(model, tokens, prices)
  return usd === undefined ? undefined : toNanoUsd(usd)
}
