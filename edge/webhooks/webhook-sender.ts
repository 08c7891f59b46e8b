/**
 * Tells the operator's webhook of an event, beside requests: signed, with a deadline, once more where it was not taken.
 * What is lost after that is a log line, never a failed request. Does not know when an event happens (`event.ts`).
 */
import { causeName } from '../../shared/errors.ts'
import type { Log } from '../../shared/log.ts'
import { discardBody, type Fetch } from '../providers/provider.ts'
import type { WaitUntil } from '../request.ts'
import type { WebhookConfig } from '../settings/tools-settings.ts'
import type { WebhookEvent } from './event.ts'
import { webhookSignature } from './signature.ts'

/** Tells of an event inside `waitUntil`. Never throws. */
export type TellWebhook = (event: WebhookEvent, waitUntil: WaitUntil) => void

export type WebhookSenderOptions = WebhookConfig & {
  readonly fetch: Fetch
  readonly log: Log
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly sleep: (milliseconds: number) => Promise<void>
}

const TIMEOUT_MS = 5_000
/** Work may go on for 30 s after a response: two attempts and this pause fit in. */
const RETRY_AFTER_MS = 2_000
/** The receiver wants no more of these. */
const GONE = 410

/** Returns what tells events. */
export function createWebhookSender(options: WebhookSenderOptions): TellWebhook {
  const { log, now, random, sleep } = options
  const tell = async (event: WebhookEvent) => {
    const id = `msg_${randomDigits(random)}`
    const timestamp = new Date(now()).toISOString()
    const body = JSON.stringify({ type: event.type, timestamp, data: event.data })
    let failure = await attempt(options, id, body)
    if (failure !== undefined && failure !== `status ${GONE}`) {
      await sleep(RETRY_AFTER_MS)
      failure = await attempt(options, id, body)
    }
    if (failure === undefined) return
    log('[Router] The webhook was not told', { event: event.type, id, cause: failure }, 'error')
  }
  return (event, waitUntil) => waitUntil(tell(event))
}

/** Returns why the event was not taken, or undefined where it was. */
async function attempt(
  { url, secret, fetch, now }: WebhookSenderOptions,
  id: string,
  body: string,
): Promise<string | undefined> {
  const timestamp = Math.floor(now() / 1_000)
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': await webhookSignature(secret, { id, timestamp, body }),
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    discardBody(response)
    return response.ok ? undefined : `status ${response.status}`
  } catch (error) {
    return causeName(error)
  }
}

function randomDigits(random: () => number): string {
  return Array.from({ length: 24 }, () => Math.floor(random() * 36).toString(36)).join('')
}
