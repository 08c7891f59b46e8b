/**
 * The one receipt of one request: made at the first end that is told, recorded once, whoever tells of an end again.
 * Does not know what a receipt holds (`receipt.ts`) or where it is kept.
 */
import { causeName } from '../../shared/errors.ts'
import type { Log } from '../../shared/log.ts'
import { createReceipt, type Ending, type Receipt, type RoutedFacts } from './receipt.ts'

export type RequestLedger = {
  /** Makes and records the receipt; later calls change nothing and return the first one. Never throws. */
  readonly end: (facts: RoutedFacts, ending: Omit<Ending, 'latencyMs'>) => Receipt
  /** The receipt, or undefined where the request has not ended. */
  readonly receipt: () => Receipt | undefined
}

export type RequestLedgerOptions = {
  readonly recordReceipt: (receipt: Receipt) => void
  readonly log: Log
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Returns the ledger of one request. */
export function createRequestLedger({ recordReceipt, log, now }: RequestLedgerOptions): RequestLedger {
  let receipt: Receipt | undefined
  return {
    end(facts, ending) {
      if (receipt !== undefined) return receipt
      receipt = createReceipt(facts, { ...ending, latencyMs: now() - facts.startedAt })
      try {
        recordReceipt(receipt)
      } catch (error) {
        const fields = { requestId: facts.requestId, name: causeName(error) }
        log('[Router] The receipt cannot be recorded', fields, 'error')
      }
      return receipt
    },
    receipt: () => receipt,
  }
}
