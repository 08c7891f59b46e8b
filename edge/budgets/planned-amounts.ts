/**
 * What a request would take of its tenant's limits as it is planned, and as it is done at a hard limit. Pure; what is left of the
 * limits is the account's affair.
 */
import type { PriceList } from '../ledger/prices.ts'
import type { Target } from '../target.ts'
import type { Reservation } from './accounts.ts'
import { type EffectiveLimits, hasMoneyCap } from './effective-limits.ts'
import type { OnBudget } from './limits.ts'
import { type BoundedRequest, type UpperBound, upperBound } from './upper-bound.ts'

export type PlannedAmounts = Pick<Reservation, 'planned' | 'bent'> & Pick<UpperBound, 'unpriced'>

/** Returns the most that a request can take in either way. @param targets those that may answer it as it is planned */
export function plannedAmounts(
  asking: {
    readonly request: BoundedRequest
    readonly targets: readonly Target[]
    readonly limits: EffectiveLimits
    readonly onBudget: OnBudget
  },
  { prices, cheapModel }: { readonly prices: PriceList; readonly cheapModel: string },
): PlannedAmounts {
  const { request, targets, limits, onBudget } = asking
  const planned = upperBound(request, targets, prices)
  const { tokens, unpriced } = planned
  // Where nobody could say what a request costs, no limit of money has room for it; where none is set, nothing is made up.
  const isUnbounded = unpriced.length > 0 && hasMoneyCap(limits)
  const nanoUsd = isUnbounded ? Number.MAX_SAFE_INTEGER : planned.nanoUsd
  const cheap = upperBound(request, [{ provider: 'claude', model: cheapModel }], prices)
  return { planned: { tokens, nanoUsd }, bent: bentAmount(onBudget, tokens, cheap), unpriced }
}

function bentAmount(onBudget: OnBudget, tokens: number, cheap: UpperBound): Reservation['bent'] {
  if (onBudget === 'refuse') return null
  if (onBudget === 'local') return { tokens, nanoUsd: 0 }
  return cheap.unpriced.length > 0 ? null : { tokens: cheap.tokens, nanoUsd: cheap.nanoUsd }
}
