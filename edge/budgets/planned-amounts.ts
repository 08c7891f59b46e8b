/**
 * What a request would take of its tenant's limits as it is planned, and as it is done at a hard limit. Pure; what is left of the
 * limits is the account's affair.
 */
import type { PriceList } from '../ledger/prices.ts'
import type { RouterRequest } from '../request.ts'
import type { Target } from '../target.ts'
import type { Reservation } from './accounts.ts'
import { type EffectiveLimits, hasMoneyCap } from './effective-limits.ts'
import type { OnBudget } from './limits.ts'
import { type BoundedRequest, type UpperBound, upperBound } from './upper-bound.ts'

export type PlannedAmounts = Pick<Reservation, 'planned' | 'bent'> & Pick<UpperBound, 'unpriced'>

export type AmountOptions = {
  readonly prices: PriceList
  /** The Claude model of requests that are bent. */
  readonly cheapModel: string
  /** Whether the router may mark prompts of this caller, which costs more where they are written to Claude's cache. */
  readonly marksPrompts: (caller: Pick<RouterRequest, 'tenant'>) => boolean
}

/** Returns the most that a request can take in either way. @param targets those that may answer it as it is planned */
export function plannedAmounts(
  asking: {
    readonly request: BoundedRequest & Pick<RouterRequest, 'tenant'>
    readonly targets: readonly Target[]
    readonly limits: EffectiveLimits
    readonly onBudget: OnBudget
  },
  { prices, cheapModel, marksPrompts }: AmountOptions,
): PlannedAmounts {
  const { request, targets, limits, onBudget } = asking
  const mayBeMarked = marksPrompts(request)
  const planned = upperBound(request, targets, prices, mayBeMarked)
  const { tokens, unpriced } = planned
  // Where nobody could say what a request costs, no limit of money has room for it; where none is set, nothing is made up.
  const isUnbounded = unpriced.length > 0 && hasMoneyCap(limits)
  const nanoUsd = isUnbounded ? Number.MAX_SAFE_INTEGER : planned.nanoUsd
  const cheap = upperBound(request, [{ provider: 'claude', model: cheapModel }], prices, mayBeMarked)
  return { planned: { tokens, nanoUsd }, bent: bentAmount(onBudget, tokens, cheap), unpriced }
}

function bentAmount(onBudget: OnBudget, tokens: number, cheap: UpperBound): Reservation['bent'] {
  if (onBudget === 'refuse') return null
  if (onBudget === 'local') return { tokens, nanoUsd: 0 }
  return cheap.unpriced.length > 0 ? null : { tokens: cheap.tokens, nanoUsd: cheap.nanoUsd }
}
