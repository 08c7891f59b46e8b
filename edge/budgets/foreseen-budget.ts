/**
 * What a tenant's limits would do to a request if it were sent now, for explanations. Reserves and counts nothing, and says
 * nothing where the account cannot be asked.
 */
import type { RouterError } from '../../shared/errors.ts'
import { settledWithin } from '../fallback/deadline.ts'
import type { RouterRequest } from '../request.ts'
import type { Target } from '../target.ts'
import type { Accounts, LimitUse } from './accounts.ts'
import { isMoney, wouldBreak } from './caps.ts'
import { effectiveLimits, isCap } from './effective-limits.ts'
import type { OnBudget, TenantLimits } from './limits.ts'
import { type AmountOptions, plannedAmounts } from './planned-amounts.ts'
import { limitReached, priceUnknown } from './refusals.ts'

export type ForeseenRequest = Pick<RouterRequest, 'tenant' | 'user' | 'view' | 'text' | 'unlimited'>

/** A limit that has no room for the request; `error` is what its client would read if it were refused. */
export type ForeseenBudget = { readonly cause: LimitUse['limit']; readonly error: RouterError } & (
  | { readonly kind: 'bent'; readonly to: 'cheaper' | 'local' }
  | { readonly kind: 'refused' }
)

/** Returns what would be done, or undefined where nothing would. Never throws. */
export type ForeseeBudget = (
  request: ForeseenRequest,
  targets: readonly Target[],
) => Promise<ForeseenBudget | undefined>

export type ForeseeBudgetOptions = AmountOptions & {
  readonly accounts: Pick<Accounts, 'use'>
  readonly limitsOf: (tenant: string) => TenantLimits | undefined
  readonly onBudget: OnBudget
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Explanations come while somebody types. */
const LONGEST_WAIT_MS = 1_000

/** Returns what foresees. */
export function createForeseeBudget(options: ForeseeBudgetOptions): ForeseeBudget {
  const { accounts, limitsOf, now } = options
  return async (request, targets) => {
    const { tenant, user } = request
    const set = limitsOf(tenant.id)
    const limits = set && effectiveLimits(set, user)
    if (limits === undefined || targets.length === 0) return undefined
    const onBudget = set?.onBudget ?? options.onBudget
    const { planned, bent, unpriced } = plannedAmounts({ request, targets, limits, onBudget }, options)
    const asked = accounts.use(tenant.id, { limits, user }).catch(() => [])
    const uses = (await settledWithin(asked, LONGEST_WAIT_MS)) ?? []
    const closed = uses.filter((use) => !isCap(use.limit) && use.used >= use.hard)
    const broken = uses.filter((use) => wouldBreak(use, planned))
    const [cause] = (closed.length > 0 ? closed : broken).toSorted(
      (one, other) => other.opensAt - one.opensAt,
    )
    if (cause === undefined) return undefined
    const isUnpriced = isMoney(cause.limit) && unpriced.length > 0
    const error = isUnpriced ? priceUnknown(unpriced) : limitReached(cause, planned, now())
    const told = { cause: cause.limit, error }
    if (closed.length > 0 || bent === null || onBudget === 'refuse') return { kind: 'refused', ...told }
    return { kind: 'bent', to: onBudget, ...told }
  }
}
