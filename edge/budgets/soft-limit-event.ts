/** What the operator's webhook is told of a soft limit. Sends nothing. */
import { NANO_PER_USD } from '../../shared/money.ts'
import type { WebhookEvent } from '../webhooks/event.ts'
import type { LimitUse } from './accounts.ts'
import { isMoney } from './caps.ts'

type SoftLimitEvent = Extract<WebhookEvent, { readonly type: 'budget.soft_limit_reached' }>

/** Returns the event of a soft limit that has been reached. */
export function softLimitEvent(
  { tenant, user }: { readonly tenant: string; readonly user: string | undefined },
  { scope, limit, used, hard, resetsAt }: LimitUse,
): SoftLimitEvent {
  const unit = isMoney(limit) ? NANO_PER_USD : 1
  return {
    type: 'budget.soft_limit_reached',
    data: {
      tenant,
      user: scope === 'user' ? (user ?? null) : null,
      limit,
      used: used / unit,
      hard: hard / unit,
      resetsAt: new Date(resetsAt).toISOString(),
    },
  }
}
