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

/**
 * Returns what shows the use of a tenant's own limits; of those of its users it says nothing.
 * @param limitsOf the limits in force
 */
export function createUsageOf(
  accounts: Pick<Accounts, 'use'>,
  limitsOf: (tenant: string) => TenantLimits | undefined,
): (tenant: string) => Promise<readonly ShownUse[]> {
  return async (tenant) => {
    const limits = effectiveLimits(limitsOf(tenant) ?? {}, undefined)
    if (limits === undefined) return []
    try {
      return (await accounts.use(tenant, { limits, user: undefined })).map(shown)
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
