/**
 * Which of a tenant's limits hold for one request, and what kinds of limits there are. Counts nothing; what an operator may
 * write stands in `limits.ts`.
 */
import type { Limit, TenantLimits } from './limits.ts'

/** Those that count what is used until a day or a month is over. */
export const CAPS = ['tokensPerDay', 'tokensPerMonth', 'usdPerDay', 'usdPerMonth'] as const
export type Cap = (typeof CAPS)[number]
export type LimitName = Cap | 'requestsPerMinute' | 'concurrent'
/** Whose limit it is: the tenant's as a whole, or one end user's. */
export type LimitScope = 'tenant' | 'user'

/** The limits that hold for one request. */
export type EffectiveLimits = {
  readonly tenant: Limit | undefined
  /** Of the end user; undefined where none holds for this one, or the request names none. */
  readonly user: Limit | undefined
  /** IANA name. */
  readonly timezone: string
}

/** Returns what holds for a request of this user, or undefined where nothing does. */
export function effectiveLimits(
  { tenant, user: everyUser, users = {}, timezone = 'UTC' }: TenantLimits,
  name: string | undefined,
): EffectiveLimits | undefined {
  // Clients name their users: "constructor" must not find what every object has.
  const named = name !== undefined && Object.hasOwn(users, name) ? users[name] : undefined
  const user = name === undefined ? undefined : (named ?? everyUser)
  const limits = { tenant: limited(tenant), user: limited(user), timezone }
  return limits.tenant === undefined && limits.user === undefined ? undefined : limits
}

/** Says whether a limit is one of those. */
export function isCap(limit: LimitName): limit is Cap {
  return CAPS.some((cap) => cap === limit)
}

/** Says whether money or tokens are limited: what is used up by answers, not by asking. */
export function hasCap({ tenant = {}, user = {} }: EffectiveLimits): boolean {
  return CAPS.some((cap) => tenant[cap] !== undefined || user[cap] !== undefined)
}

/** Says whether money is limited. */
export function hasMoneyCap({ tenant = {}, user = {} }: EffectiveLimits): boolean {
  return [tenant, user].some(({ usdPerDay, usdPerMonth }) => (usdPerDay ?? usdPerMonth) !== undefined)
}

/** A limit that limits nothing is none. */
function limited(limit: Limit | undefined): Limit | undefined {
  const { softShare: _, ...limits } = limit ?? {}
  return Object.values(limits).some((value) => value !== undefined) ? limit : undefined
}
