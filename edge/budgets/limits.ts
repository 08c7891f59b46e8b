/**
 * What a tenant and its end users may use, as the operator writes it: rates, tokens, money. Counts nothing.
 */
import * as z from 'zod/mini'

/** What happens at a hard limit: another model, or a 429. */
export const ON_BUDGET = ['refuse', 'cheaper', 'local'] as const
export type OnBudget = (typeof ON_BUDGET)[number]

const positive = z.number().check(z.positive({ error: 'must be more than 0' }))
const whole = z.int({ error: 'must be a whole number' }).check(z.positive({ error: 'must be more than 0' }))

export const limitSchema = z.strictObject({
  requestsPerMinute: z.optional(whole),
  /** Requests on their way at once. */
  concurrent: z.optional(whole),
  /** Input, output and cached tokens together. */
  tokensPerDay: z.optional(whole),
  tokensPerMonth: z.optional(whole),
  usdPerDay: z.optional(positive),
  usdPerMonth: z.optional(positive),
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
  timezone: z.optional(z.string()),
  /** In the place of the setting ON_BUDGET. */
  onBudget: z.optional(z.enum(ON_BUDGET)),
})
export type TenantLimits = z.infer<typeof tenantLimitsSchema>
