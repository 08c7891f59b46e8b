/**
 * Where a request meets its tenant's limits: one question to the account before anybody is asked, one word after it. Knows
 * what follows where the account says no or nothing; what is counted how is the account's affair. Requests without limits
 * ask nobody.
 */
import { causeName, type RouterError } from '../../shared/errors.ts'
import type { Log } from '../../shared/log.ts'
import type { Message } from '../../shared/messages.ts'
import type { Receipt } from '../ledger/receipt.ts'
import type { RouterRequest } from '../request.ts'
import type { Target } from '../target.ts'
import type { Accounts, LimitUse, Reservation, Settlement } from './accounts.ts'
import { isMoney } from './caps.ts'
import { type EffectiveLimits, effectiveLimits, hasCap } from './effective-limits.ts'
import { limitHeaders } from './limit-headers.ts'
import type { OnBudget, TenantLimits } from './limits.ts'
import { type AmountOptions, plannedAmounts } from './planned-amounts.ts'
import { accountUnreachable, limitReached, priceUnknown } from './refusals.ts'
import { type AskedAccount, reserveInTime, settleSurely } from './reserve-and-settle.ts'
import { usedBy } from './settlement.ts'
import type { TellSoftLimits } from './tell-soft-limits.ts'
import { upperBound } from './upper-bound.ts'

export type BudgetGateOptions = AmountOptions & {
  readonly accounts: Accounts
  /** Returns the name of the account that counts a tenant's requests, at this moment. */
  readonly accountOf: (tenant: string) => string
  /** Returns the limits of a tenant from what is known at this moment. */
  readonly limitsOf: (tenant: string) => TenantLimits | undefined
  /** What happens at a hard limit where the tenant's limits do not say. */
  readonly onBudget: OnBudget
  /** How long an account waits for a settlement, ms: longer than any answer takes. */
  readonly leaseMs: number
  /** Told of soft limits, once in each of their windows. */
  readonly tellSoftLimits: TellSoftLimits
  readonly log: Log
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** What a request may do. */
export type Admission = {
  /** Headers of its answer. */
  readonly headers: Readonly<Record<string, string>>
  /** Tells the account what the request took. Never throws. */
  readonly settle: (receipt: Receipt, answer: Message | undefined) => void
} & (
  | { readonly kind: 'admitted' }
  /** Only in another way, because of this limit; `error` is for the client where there is none. */
  | {
      readonly kind: 'bent'
      readonly to: 'cheaper' | 'local'
      readonly cause: string
      readonly error: RouterError
    }
  | { readonly kind: 'refused'; readonly cause: string; readonly error: RouterError }
)

export type BudgetGate = {
  /**
   * Returns what the request may do, or undefined at once where nothing limits it. Never throws.
   * @param targets those that may answer it; none for an answer that is there already
   */
  readonly admit: (request: RouterRequest, targets: readonly Target[]) => Promise<Admission> | undefined
}

/** Returns the gate. */
export function createBudgetGate(options: BudgetGateOptions): BudgetGate {
  return {
    admit(request, targets) {
      const set = options.limitsOf(request.tenant.id)
      const limits = set && effectiveLimits(set, request.user)
      if (set === undefined || limits === undefined) return undefined
      // An answer from the cache takes neither tokens nor money, and is over before anybody could wait for it.
      if (targets.length === 0 && !hasRate(limits)) return undefined
      const account = options.accountOf(request.tenant.id)
      return admit(options, {
        request,
        account,
        targets,
        limits,
        onBudget: set.onBudget ?? options.onBudget,
      })
    },
  }
}

type Asking = {
  readonly request: RouterRequest
  /** The same before and after the request, whatever is learned of its tenant meanwhile. */
  readonly account: string
  readonly targets: readonly Target[]
  readonly limits: EffectiveLimits
  readonly onBudget: OnBudget
}

async function admit(options: BudgetGateOptions, asking: Asking): Promise<Admission> {
  const { request, targets, limits, onBudget } = asking
  const { unpriced, ...amounts } = plannedAmounts(asking, options)
  const reservation: Reservation = {
    id: request.id,
    user: request.user,
    limits,
    ...amounts,
    leaseMs: targets.length === 0 ? 0 : options.leaseMs,
  }
  const result = await reserveInTime(askedAccount(options, asking), reservation)
  if ('trouble' in result) return withoutAccount(options, asking, result.trouble)
  const headers = limitHeaders(result, limits)
  const settle = result.leased ? settlementOf(options, asking) : nothing
  tell(options, asking, result.reached)
  const { admission, cause } = result
  if (admission === 'admitted' || cause === undefined) return { kind: 'admitted', headers, settle }
  const isUnpriced = isMoney(cause.limit) && unpriced.length > 0
  const error = isUnpriced ? priceUnknown(unpriced) : limitReached(cause, reservation.planned, options.now())
  if (admission === 'bent' && onBudget !== 'refuse')
    return { kind: 'bent', to: onBudget, cause: cause.limit, error, headers, settle }
  return { kind: 'refused', cause: cause.limit, error, headers, settle }
}

/** Money fails to the safe side: it is not spent uncounted. Rates alone are no reason to refuse anybody. */
function withoutAccount(
  { prices }: BudgetGateOptions,
  { request, targets, limits, onBudget }: Asking,
  trouble: unknown,
): Admission {
  const open = { headers: {}, settle: nothing }
  const { nanoUsd, unpriced } = upperBound(request, targets, prices)
  if (!hasCap(limits) || (nanoUsd === 0 && unpriced.length === 0)) return { kind: 'admitted', ...open }
  const error = accountUnreachable(trouble)
  if (onBudget === 'refuse') return { kind: 'refused', cause: 'account unreachable', error, ...open }
  return { kind: 'bent', to: 'local', cause: 'account unreachable', error, ...open }
}

function settlementOf(options: BudgetGateOptions, asking: Asking): Admission['settle'] {
  const { prices, log } = options
  const { request, limits } = asking
  return (receipt, answer) => {
    const settle = async () => {
      const settlement: Settlement = { id: request.id, limits, used: usedBy(receipt, answer, prices) }
      const { reached } = await settleSurely(askedAccount(options, asking), settlement)
      tell(options, asking, reached)
    }
    request.waitUntil(
      settle().catch((error: unknown) =>
        log(
          '[Router] What a request took cannot be settled; what was reserved for it counts',
          { requestId: request.id, name: causeName(error) },
          'error',
        ),
      ),
    )
  }
}

function askedAccount(
  { accounts, log }: BudgetGateOptions,
  { request: { waitUntil }, account }: Asking,
): AskedAccount {
  return { accounts, account, waitUntil, log }
}

function tell(
  { tellSoftLimits }: BudgetGateOptions,
  { request: { tenant, user, waitUntil } }: Asking,
  reached: readonly LimitUse[],
): void {
  tellSoftLimits({ tenant: tenant.id, user, waitUntil }, reached)
}

function hasRate({ tenant, user }: EffectiveLimits): boolean {
  return tenant?.requestsPerMinute !== undefined || user?.requestsPerMinute !== undefined
}

function nothing(): void {}
