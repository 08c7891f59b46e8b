/**
 * The one receipt of one request: made at the first end that is told, recorded once, whoever tells of an end again.
 * Does not know what a receipt holds (`receipt.ts`) or where it is kept.
 */
import { causeName } from '../../shared/errors.ts'
import type { Log } from '../../shared/log.ts'
import type { Message } from '../../shared/messages.ts'
import type { PriceList } from './prices.ts'
import { createReceipt, type Ending, type Receipt, type RoutedFacts } from './receipt.ts'

export type RequestLedger = {
  /** Makes and records the receipt; later calls change nothing and return the first one. Never throws. */
  readonly end: (facts: RoutedFacts, ending: Omit<Ending, 'latencyMs'>) => Receipt
  /** The receipt, or undefined where the request has not ended. */
  readonly receipt: () => Receipt | undefined
}

export type RequestLedgerOptions = {
  /** Gets the receipt and the answer, as far as it came. */
  readonly recordReceipt: (receipt: Receipt, answer: Message | undefined) => void
  readonly prices: PriceList
  readonly log: Log
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Returns the ledger of one request. */
export function createRequestLedger({
  recordReceipt,
  prices,
  log,
  now,
}: RequestLedgerOptions): RequestLedger {
  let receipt: Receipt | undefined
  return {
    end(facts, ending) {
      if (receipt !== undefined) return receipt
      // A clock may be set back while a request is on its way.
      const latencyMs = Math.max(0, now() - facts.startedAt)
      receipt = createReceipt(facts, { ...ending, latencyMs }, prices)
      try {
        recordReceipt(receipt, ending.message)
      } catch (error) {
        const fields = { requestId: facts.requestId, name: causeName(error) }
        log('[Router] The receipt cannot be recorded', fields, 'error')
      }
      return receipt
    },
    receipt: () => receipt,
  }
}
