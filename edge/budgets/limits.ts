/**
 * What a tenant and its end users may use, as the operator writes it: rates, tokens, money. Counts nothing.
 */
import * as z from 'zod/mini'
import { strictMembers } from '../strict-members.ts'
import { isTimeZone } from '../time-zone.ts'

/** What happens at a hard limit: another model, or a 429. */
export const ON_BUDGET = ['refuse', 'cheaper', 'local'] as const
export type OnBudget = (typeof ON_BUDGET)[number]

const LONGEST_USER = 256
/** USD. Less than a token of the cheapest model costs; below a nano-dollar nothing could be counted. */
const SMALLEST_AMOUNT = 0.000_000_01
const amountError = `must be a number of US dollars, ${SMALLEST_AMOUNT.toFixed(8)} or more`
/** USD. Beyond it sums in nano-dollars are no longer exact. */
const LARGEST_AMOUNT = 9_000_000
const amount = z.number({ error: amountError }).check(
  z.minimum(SMALLEST_AMOUNT, { error: amountError }),
  z.maximum(LARGEST_AMOUNT, {
    error: `must be at most ${LARGEST_AMOUNT} US dollars; leave it out for no limit`,
  }),
)
const wholeError = 'must be a whole number, 1 or more'
const whole = z.int({ error: wholeError }).check(z.positive({ error: wholeError }))
const shareError = 'must be a number more than 0 and at most 1'
const share = z
  .number({ error: shareError })
  .check(z.positive({ error: shareError }), z.maximum(1, { error: shareError }))

export const limitSchema = strictMembers({
  requestsPerMinute: z.optional(whole),
  /** Requests on their way at once. */
  concurrent: z.optional(whole),
  /** Input, output and cached tokens together. */
  tokensPerDay: z.optional(whole),
  tokensPerMonth: z.optional(whole),
  usdPerDay: z.optional(amount),
  usdPerMonth: z.optional(amount),
  /** From which share of a limit of tokens or money on answers say that it is near, and the webhook is told. */
  softShare: z.optional(share),
})
export type Limit = z.infer<typeof limitSchema>

const userError = `must be the name of an end user, 1 to ${LONGEST_USER} characters`
const zoneError = 'must be a time zone such as "Europe/Berlin"'
const members = strictMembers({
  /** Of the tenant as a whole. */
  tenant: z.optional(limitSchema),
  /** Of every end user who is not named in `users`, those never seen included. */
  user: z.optional(limitSchema),
  users: z.optional(
    z.record(
      z.string().check(z.minLength(1, { error: userError }), z.maxLength(LONGEST_USER, { error: userError })),
      limitSchema,
      { error: 'must be an object of end users and their limits' },
    ),
  ),
  /** IANA name: where days and months begin. Default UTC. */
  timezone: z.optional(z.string({ error: zoneError }).check(z.refine(isTimeZone, { error: zoneError }))),
  /** In the place of the setting ON_BUDGET. */
  onBudget: z.optional(z.enum(ON_BUDGET, { error: `must be one of ${ON_BUDGET.join(', ')}` })),
})
export type TenantLimits = z.infer<typeof members>

/** Limits from outside. A user whom no object can name is refused, because the limit would be lost without a word. */
export const tenantLimitsSchema = z.pipe(
  z
    .unknown()
    .check(z.refine(namesNoPrototype, { error: 'must not hold "__proto__"', path: ['users'], abort: true })),
  members,
)

function namesNoPrototype(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('users' in value)) return true
  const { users } = value
  return typeof users !== 'object' || users === null || !Object.hasOwn(users, '__proto__')
}
