/** What a tenant has used of its limits, as its budget is shown. Counts and changes nothing. */

import { RouterError } from '../../shared/errors.ts'
import { NANO_PER_USD } from '../../shared/money.ts'
import type { Accounts, LimitUse } from './accounts.ts'
import { isMoney } from './caps.ts'
import { effectiveLimits, type LimitName } from './effective-limits.ts'
import type { TenantLimits } from './limits.ts'

/** Tokens, requests, or US dollars, by the limit. */
export type ShownUse = {
  readonly limit: LimitName
  readonly hard: number
  readonly used: number
  /** For requests on their way. */
  readonly reserved: number
  /** When the limit begins anew, ISO 8601. */
  readonly resetsAt: string
}

/** The tenant's own, and those of one user where it was named. */
export type ShownUsage = {
  readonly tenant: ShownUse[]
  readonly user: ShownUse[]
}

/** Returns what is used of a tenant's limits. @throws {RouterError} `unavailable` where the account cannot be asked */
export type UsageOf = (tenant: string, user: string | undefined) => Promise<ShownUsage>

/** @param limitsOf the limits in force */
export function createUsageOf(
  accounts: Pick<Accounts, 'use'>,
  limitsOf: (tenant: string) => TenantLimits | undefined,
): UsageOf {
  return async (tenant, user) => {
    const limits = effectiveLimits(limitsOf(tenant) ?? {}, user)
    if (limits === undefined) return { tenant: [], user: [] }
    try {
      const uses = await accounts.use(tenant, { limits, user })
      const of = (scope: LimitUse['scope']) => uses.filter((use) => use.scope === scope).map(shown)
      return { tenant: of('tenant'), user: of('user') }
    } catch (cause) {
      throw new RouterError('unavailable', 'What is used of these limits cannot be read now. Try again.', {
        cause,
      })
    }
  }
}

function shown({ limit, hard, used, reserved, resetsAt }: LimitUse): ShownUse {
  const unit = isMoney(limit) ? NANO_PER_USD : 1
  return {
    limit,
    hard: hard / unit,
    used: used / unit,
    reserved: reserved / unit,
    resetsAt: new Date(resetsAt).toISOString(),
  }
}
