/**
 * `/v1/router/budgets…`: the limits of tenants. The administrator sets them, a tenant reads its own and what is used of
 * them. Counts nothing.
 */
import { RouterError } from '../../shared/errors.ts'
import { tenantLimitsSchema } from '../budgets/limits.ts'
import { EVERY_TENANT, type LimitsInForce } from '../control/limits-of.ts'
import { cleanName } from '../ledger/end-user.ts'
import { describeFirstIssue } from '../strict-members.ts'
import { tenantIdSchema } from '../tenants.ts'
import { changeControl, readAdminBody, requireKnown } from './admin-body.ts'
import type { ShownBudget } from './budget-schema.ts'
import type { AppContext, AppDependencies } from './context.ts'
import { readQuery } from './query.ts'
import { requireAdmin } from './require-admin.ts'

type Handler = (context: AppContext) => Promise<Response>
export type BudgetHandlers = Readonly<Record<'list' | 'read' | 'set' | 'clear', Handler>>

const SETTING_LIMITS = 'Setting limits'

/** Returns the handlers. */
export function createBudgetHandlers(dependencies: AppDependencies): BudgetHandlers {
  const { config, control, findLimits, usageOf, log } = dependencies
  const changed = (message: string, tenant: string, context: AppContext) => {
    log(`[Router] ${message}`, { tenant, requestId: context.get('requestId') })
    return context.json(describe(tenant, findLimits(tenant)))
  }
  return {
    async list(context) {
      requireAdmin(dependencies, context, 'Reading the limits of all tenants')
      const names = new Set([...requireKnown(control).limits.keys(), ...config.limits.keys()])
      return context.json({ data: [...names].map((tenant) => describe(tenant, findLimits(tenant))) })
    },
    async read(context) {
      const tenant = tenantIn(context)
      const caller = context.get('tenant')
      // The same for tenants that there are and that there are not.
      if (!caller.admin && caller.id !== tenant)
        throw new RouterError('forbidden', 'A key reads the limits of its own tenant only.')
      requireKnown(control)
      const { user: named } = readQuery(context.req.url, ['user'])
      const user = cleanName(named)
      const usage = tenant === EVERY_TENANT ? undefined : await usageOf?.(tenant, user)
      const shown: ShownBudget = {
        ...describe(tenant, findLimits(tenant)),
        usage: usage?.tenant ?? null,
        ...(user === undefined ? {} : { user, userUsage: usage?.user ?? null }),
      }
      return context.json(shown)
    },
    async set(context) {
      requireAdmin(dependencies, context, SETTING_LIMITS)
      const tenant = tenantIn(context)
      const limits = await readAdminBody(context, tenantLimitsSchema)
      await changeControl(control, { kind: 'set_limits', tenant, limits })
      return changed('Limits set', tenant, context)
    },
    async clear(context) {
      requireAdmin(dependencies, context, SETTING_LIMITS)
      const tenant = tenantIn(context)
      await changeControl(control, { kind: 'clear_limits', tenant })
      return changed('Limits cleared', tenant, context)
    },
  }
}

function describe(tenant: string, found: LimitsInForce | undefined): ShownBudget {
  return {
    tenant,
    limits: found?.limits ?? null,
    source: found?.source ?? null,
    setFor: found?.setFor ?? null,
  }
}

function tenantIn(context: AppContext): string {
  const tenant = context.req.param('tenant') ?? ''
  if (tenant === EVERY_TENANT) return tenant
  const parsed = tenantIdSchema.safeParse(tenant)
  if (parsed.success) return parsed.data
  throw new RouterError(
    'invalid_request',
    `${describeFirstIssue(parsed.error, 'The last part of the path')}; or "*" for all tenants`,
  )
}
