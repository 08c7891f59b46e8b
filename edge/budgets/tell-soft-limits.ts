/** Tells whoever wants to know of soft limits that have been reached: the log, and the operator's webhook. Counts nothing. */
import type { Log } from '../../shared/log.ts'
import type { WaitUntil } from '../request.ts'
import type { TellWebhook } from '../webhooks/webhook-sender.ts'
import type { LimitUse } from './accounts.ts'
import { softLimitEvent } from './soft-limit-event.ts'

/** Whose limits they are. */
export type LimitedCaller = {
  readonly tenant: string
  readonly user: string | undefined
  readonly waitUntil: WaitUntil
}

export type TellSoftLimits = (caller: LimitedCaller, reached: readonly LimitUse[]) => void

/** Returns what tells. */
export function createTellSoftLimits(tellWebhook: TellWebhook | undefined, log: Log): TellSoftLimits {
  return ({ tenant: id, user, waitUntil }, reached) => {
    for (const use of reached) {
      const event = softLimitEvent({ tenant: id, user }, use)
      const { tenant, limit, used, hard } = event.data
      log('[Router] Soft limit reached', { tenant, limit, used, hard })
      tellWebhook?.(event, waitUntil)
    }
  }
}
