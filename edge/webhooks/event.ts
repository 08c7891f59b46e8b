/**
 * What the operator's webhook is told of. Each event says what has changed, never what anybody asked or answered. Sends
 * nothing (`webhook-sender.ts`).
 */

export type WebhookEvent =
  | {
      /** A soft limit has been reached, for the first time in its day or month. */
      readonly type: 'budget.soft_limit_reached'
      readonly data: {
        readonly tenant: string
        /** The end user whose limit it is; null where it is the tenant's. */
        readonly user: string | null
        /** By its name among the limits, such as `usdPerDay`. */
        readonly limit: string
        /** In the limit's own unit: tokens or USD. */
        readonly used: number
        readonly hard: number
        /** ISO 8601. */
        readonly resetsAt: string
      }
    }
  | {
      /** A server of the local model failed so often that it is not asked for a while. */
      readonly type: 'local_model.breaker_opened'
      readonly data: {
        /** Its place in `LOCAL_LLM_URL`, from 1. */
        readonly server: number
        /** The code of the failure that opened it, such as `timeout`. */
        readonly cause: string
      }
    }
  | {
      /** No server of the local model is asked any more: Claude answers everything. */
      readonly type: 'local_model.lost'
      readonly data: { readonly model: string | null; readonly cause: string }
    }
  | { readonly type: 'local_model.back'; readonly data: { readonly model: string | null } }
