/**
 * Reads `LIMITS`: JSON of tenants and what each may use. Which limits hold for whom is found in `control/limits-of.ts`.
 */
import * as z from 'zod/mini'
import { type TenantLimits, tenantLimitsSchema } from '../budgets/limits.ts'
import { EVERY_TENANT } from '../control/limits-of.ts'
import { describeFirstIssue } from '../strict-members.ts'
import { tenantIdSchema } from '../tenants.ts'
import { text } from './setting-schemas.ts'

const SHAPE =
  'must be a JSON object of tenants and their limits, such as {"alice": {"tenant": {"usdPerMonth": 20}}}'

/** Limits as JSON, or none. */
export const limitsTable = z.pipe(
  text,
  z.transform((value, context): ReadonlyMap<string, TenantLimits> => {
    const read = readTable(value ?? '{}')
    if (typeof read !== 'string') return read
    context.issues.push({ code: 'custom', message: read, input: value })
    return z.NEVER
  }),
)

function readTable(source: string): ReadonlyMap<string, TenantLimits> | string {
  let table: unknown
  try {
    table = JSON.parse(source)
  } catch {
    return SHAPE
  }
  if (typeof table !== 'object' || table === null || Array.isArray(table)) return SHAPE
  const limits = new Map<string, TenantLimits>()
  for (const [tenant, value] of Object.entries(table)) {
    const id = tenant === EVERY_TENANT ? undefined : tenantIdSchema.safeParse(tenant).error
    if (id !== undefined)
      return `names ${JSON.stringify(tenant.slice(0, 70))}, which ${describeFirstIssue(id, '').trim()}`
    const parsed = tenantLimitsSchema.safeParse(value)
    if (!parsed.success) return `of ${tenant}: ${describeFirstIssue(parsed.error, 'they')}`
    limits.set(tenant, parsed.data)
  }
  return limits
}
