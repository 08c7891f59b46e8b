/**
 * What a tenant and its end users may use, as the operator writes it: rates, tokens, money; and which of it
 * holds for one request. Counts nothing.
 */
import * as z from 'zod/mini'

/** What happens at a hard limit: another model, or a 429. */
export const ON_BUDGET = ['refuse', 'cheaper', 'local'] as const
export type OnBudget = (typeof ON_BUDGET)[number]

/** Sums in billionths of a dollar stay exact up to here, and a limit above it would be a typing error. */
const MAX_USD = 1_000_000
const positive = z.number().check(z.positive({ error: 'must be more than 0' }))
const usd = positive.check(z.maximum(MAX_USD, { error: `must be at most ${MAX_USD}` }))
const whole = z.int({ error: 'must be a whole number' }).check(z.positive({ error: 'must be more than 0' }))

/** Those that count what is used until a day or a month is over. */
export const CAPS = ['tokensPerDay', 'tokensPerMonth', 'usdPerDay', 'usdPerMonth'] as const
export type Cap = (typeof CAPS)[number]
export type LimitName = Cap | 'requestsPerMinute' | 'concurrent'
/** Whose limit it is: the tenant's as a whole, or one end user's. */
export type LimitScope = 'tenant' | 'user'

export const limitSchema = z.strictObject({
  requestsPerMinute: z.optional(whole),
  /** Requests on their way at once. */
  concurrent: z.optional(whole),
  /** Input, output and cached tokens together. */
  tokensPerDay: z.optional(whole),
  tokensPerMonth: z.optional(whole),
  usdPerDay: z.optional(usd),
  usdPerMonth: z.optional(usd),
  /** From which share of a limit of tokens or money on answers say that it is near, and the webhook is told. */
  softShare: z.optional(positive.check(z.maximum(1, { error: 'must be at most 1' }))),
})
export type Limit = z.infer<typeof limitSchema>

export const tenantLimitsSchema = z.strictObject({
  /** Of the tenant as a whole. */
  tenant: z.optional(limitSchema),
  /** Of every end user who is not named in `users`, those never seen included. */
  user: z.optional(limitSchema),
  users: z.optional(z.record(z.string(), limitSchema)),
  /** IANA name: where days and months begin. Default UTC. */
  timezone: z.optional(
    z
      .string()
      .check(z.refine(isTimezone, { error: 'must be the name of a time zone, such as Europe/Berlin' })),
  ),
  /** In the place of the setting ON_BUDGET. */
  onBudget: z.optional(z.enum(ON_BUDGET)),
})
export type TenantLimits = z.infer<typeof tenantLimitsSchema>

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

/** Says whether money or tokens are limited: what is used up by answers, not by asking. */
export function hasCap({ tenant = {}, user = {} }: EffectiveLimits): boolean {
  return CAPS.some((cap) => tenant[cap] !== undefined || user[cap] !== undefined)
}

/** A limit that limits nothing is none. */
function limited(limit: Limit | undefined): Limit | undefined {
  const { softShare: _, ...limits } = limit ?? {}
  return Object.values(limits).some((value) => value !== undefined) ? limit : undefined
}

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
