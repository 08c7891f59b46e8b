/** Limits and their use as the API shows them: for the endpoints, their documentation and the dashboard. */
import * as z from 'zod/mini'
import { tenantLimitsSchema } from '../budgets/limits.ts'

/** Amounts in the limit's unit: US dollars, tokens, requests. */
const shownUseSchema = z.object({
  limit: z.string(),
  hard: z.number(),
  used: z.number(),
  /** For requests on their way. */
  reserved: z.number(),
  /** When the limit begins anew, ISO 8601. */
  resetsAt: z.string(),
})
export type ShownUse = z.infer<typeof shownUseSchema>

const uses = z.optional(z.nullable(z.array(shownUseSchema)))
export const shownBudgetSchema = z.object({
  tenant: z.string(),
  limits: z.nullable(tenantLimitsSchema),
  source: z.nullable(z.enum(['runtime', 'settings'])),
  /** The tenant's own name, or `*` where what holds for all holds for it. */
  setFor: z.nullable(z.string()),
  /** What is used of the tenant's own; in the answer about one tenant, null where nobody counts. */
  usage: uses,
  /** Where the question named an end user: who, and what it has used of its own. */
  user: z.optional(z.string()),
  userUsage: uses,
})
export type ShownBudget = z.infer<typeof shownBudgetSchema>
