/**
 * The account of a tenant as the request path sees it: one question before a request that has limits, one word after
 * it. Where accounts are kept is the business of their implementations.
 */
import type { EffectiveLimits, LimitName, LimitScope } from './effective-limits.ts'

/** Whole tokens, and whole billionths of a US dollar. */
export type Amount = { readonly tokens: number; readonly nanoUsd: number }

export type Reservation = {
  /** The request's own id: asked again with it, the account reserves nothing more. */
  readonly id: string
  /** The end user; undefined where the request names none. */
  readonly user: string | undefined
  readonly limits: EffectiveLimits
  /** The most that the request can take as it is planned. */
  readonly planned: Amount
  /** The most that it can take as it is done at a hard limit; null where it then is refused. */
  readonly bent: Amount | null
  /** How long the account waits for its settlement, ms; 0 for a request that is over already and takes nothing. */
  readonly leaseMs: number
}

/** A limit, and how far it is used. USD limits in nano-USD. */
export type LimitUse = {
  readonly scope: LimitScope
  readonly limit: LimitName
  readonly hard: number
  readonly used: number
  /** Of requests that are on their way. */
  readonly reserved: number
  /** When something of it is free again, ms since the epoch; in the past where something is. */
  readonly opensAt: number
  /** When all of it is free again. */
  readonly resetsAt: number
}

export type ReservationResult = {
  readonly admission: 'admitted' | 'bent' | 'refused'
  /** The limit that bent or refused it; of several the one that opens last. */
  readonly cause: LimitUse | undefined
  /** All limits that hold, as they are after this request has been let in or refused. */
  readonly uses: readonly LimitUse[]
  /** Soft limits that have been reached for the first time in their window. */
  readonly reached: readonly LimitUse[]
  /** Whether the account waits for a settlement. */
  readonly leased: boolean
}

export type Settlement = {
  readonly id: string
  readonly limits: EffectiveLimits
  /** What the request took; null where nobody knows: then what was reserved counts as used. */
  readonly used: { readonly tokens: number | null; readonly nanoUsd: number | null }
}

export type SettlementResult = {
  /** False where this was settled before, or never reserved. */
  readonly settled: boolean
  /** As those of a reservation. */
  readonly reached: readonly LimitUse[]
}

export type LimitsQuestion = Pick<Reservation, 'limits' | 'user'>

/** What was spent of a day and a month before an account began to count, or to count a user. */
export type EarlierSpending = {
  /** Undefined: the tenant's own. */
  readonly user: string | undefined
  /** When it began to count, ms since the epoch. */
  readonly since: number
  readonly day: Amount
  readonly month: Amount
  /** By which `day` and `month` begin. */
  readonly timezone: string
}

/** All tenants' accounts. Every call may fail: they lie elsewhere. */
export type Accounts = {
  readonly reserve: (tenant: string, reservation: Reservation) => Promise<ReservationResult>
  readonly settle: (tenant: string, settlement: Settlement) => Promise<SettlementResult>
  /** What is used of limits. Counts no request; what has expired meanwhile is booked. */
  readonly use: (tenant: string, question: LimitsQuestion) => Promise<readonly LimitUse[]>
  /**
   * Returns when the account began to count the tenant, or a user of it, ms, or undefined once it knows what was spent before.
   * Begins with this call.
   */
  readonly opening: (tenant: string, user: string | undefined) => Promise<number | undefined>
  /** Counts what was spent before, once. */
  readonly open: (tenant: string, earlier: EarlierSpending) => Promise<void>
}
