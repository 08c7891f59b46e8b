/**
 * A batch and the limits of its tenant: the most that it can take is reserved before Claude is asked, and counts as used from
 * the moment it is made until its results say what it took. A batch is one request of the rates. What is counted how is the
 * account's affair.
 */
import { causeName, RouterError } from '../../shared/errors.ts'
import type { Log } from '../../shared/log.ts'
import type { Accounts, Reservation, ReservationResult } from '../budgets/accounts.ts'
import { isMoney } from '../budgets/caps.ts'
import { type EffectiveLimits, effectiveLimits, hasCap, hasMoneyCap } from '../budgets/effective-limits.ts'
import { limitHeaders } from '../budgets/limit-headers.ts'
import type { TenantLimits } from '../budgets/limits.ts'
import { accountUnreachable, limitReached, priceUnknown } from '../budgets/refusals.ts'
import { reserveInTime, settleSurely } from '../budgets/reserve-and-settle.ts'
import type { TellSoftLimits } from '../budgets/tell-soft-limits.ts'
import type { PriceList } from '../ledger/prices.ts'
import type { WaitUntil } from '../request.ts'
import type { Booking } from './batch-book.ts'
import type { BatchBound, BatchRequest } from './batch-request.ts'

export type BatchAdmissionOptions = {
  /** Undefined where limits hold for nobody. */
  readonly accounts: Accounts | undefined
  /** Returns the name of the account that counts a tenant's requests, at this moment. */
  readonly accountOf: (tenant: string) => string
  readonly limitsOf: (tenant: string) => TenantLimits | undefined
  readonly prices: PriceList
  readonly tellSoftLimits: TellSoftLimits
  readonly log: Log
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Who wants a batch. */
export type BatchCustomer = {
  readonly requestId: string
  readonly tenant: string
  /** The end user as a header names it, or the only one that its requests name. */
  readonly user: string | undefined
  /** How many users its requests name. */
  readonly users: number
  readonly waitUntil: WaitUntil
}

export type BatchAdmission = {
  readonly booked: Booking | null
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>
  /** Tells the account whether the batch was made. Never throws. */
  readonly settle: (made: boolean) => Promise<void>
}

/** Returns what lets batches in. @throws {RouterError} `rate_limited`, `forbidden` or `unavailable` where one must not go on */
export type AdmitBatch = (customer: BatchCustomer, batch: BatchRequest) => Promise<BatchAdmission>

/** Longer than Claude takes to make one. */
const LEASE_MS = 600_000

/** Returns what lets batches in. */
export function createBatchAdmission(options: BatchAdmissionOptions): AdmitBatch {
  return async (customer, batch) => {
    const set = options.limitsOf(customer.tenant)
    const { accounts } = options
    if (set === undefined || accounts === undefined) return UNLIMITED
    if (customer.user === undefined && customer.users > 1 && (set.user ?? set.users) !== undefined)
      throw new RouterError(
        'invalid_request',
        'This key has limits for end users, and the requests of the batch name several (metadata.user_id). Send a batch for each user.',
      )
    const limits = effectiveLimits(set, customer.user)
    if (limits === undefined) return UNLIMITED
    return admit(options, accounts, customer, batch, limits)
  }
}

const NOTHING = { tokens: 0, nanoUsd: 0 }
const NO_BOUND: BatchBound = { ...NOTHING, largest: NOTHING, unpriced: [] }
const UNLIMITED: BatchAdmission = { booked: null, headers: {}, settle: async () => {} }

async function admit(
  options: BatchAdmissionOptions,
  accounts: Accounts,
  customer: BatchCustomer,
  batch: BatchRequest,
  limits: EffectiveLimits,
): Promise<BatchAdmission> {
  const { tellSoftLimits, log, now } = options
  const { requestId: id, user, waitUntil } = customer
  // The same before and after, whatever is learned of the tenant meanwhile.
  const account = options.accountOf(customer.tenant)
  const bound = hasCap(limits) ? batch.upperBound(options.prices) : NO_BOUND
  const isUnbounded = bound.unpriced.length > 0 && hasMoneyCap(limits)
  if (isUnbounded) throw priceUnknown(bound.unpriced)
  const planned = { tokens: bound.tokens, nanoUsd: bound.nanoUsd }
  const asked = { accounts, account, waitUntil, log }
  const reservation = { id, user, limits, planned, bent: null, leaseMs: LEASE_MS }
  const result = await reserveInTime(asked, reservation)
  if ('trouble' in result) {
    // Money and tokens are not spent uncounted; rates alone are no reason to refuse anybody.
    if (hasCap(limits)) throw accountUnreachable(undefined)
    return UNLIMITED
  }
  tellSoftLimits(customer, result.reached)
  if (result.admission !== 'admitted' && result.cause !== undefined)
    throw refusal(result.cause, planned, now())
  const ofUser = limits.user !== undefined && user !== undefined
  return {
    // What counts elsewhere than the batch is kept stays counted as it was reserved.
    booked:
      hasCap(limits) && account === customer.tenant
        ? { ...planned, largest: bound.largest, ofUser, timezone: limits.timezone }
        : null,
    headers: limitHeaders(result, limits),
    async settle(made) {
      if (!result.leased) return
      const settlement = { id, limits, used: made ? planned : NOTHING }
      try {
        const { reached } = await settleSurely(asked, settlement)
        tellSoftLimits(customer, reached)
      } catch (error) {
        const fields = { requestId: id, name: causeName(error) }
        log('[Router] What a batch takes cannot be settled; what was reserved for it counts', fields, 'error')
      }
    },
  }
}

function refusal(
  cause: NonNullable<ReservationResult['cause']>,
  planned: Reservation['planned'],
  now: number,
): RouterError {
  const { message, retryAfterMs } = limitReached(cause, planned, now)
  const isRate = cause.limit === 'requestsPerMinute' || cause.limit === 'concurrent'
  if (isRate) return new RouterError('rate_limited', message, { retryAfterMs })
  const what = isMoney(cause.limit)
    ? 'at batch price, with every request as long as its max_tokens allows'
    : 'with every request as long as its max_tokens allows'
  return new RouterError(
    'rate_limited',
    `${message} A batch counts as a whole, ${what}: smaller batches or a lower max_tokens fit sooner.`,
    { retryAfterMs },
  )
}
