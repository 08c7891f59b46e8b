/**
 * Receipts as the API shows them: the kept record with its feedback, and every amount of money in USD as well. Knows no
 * endpoint.
 */
import * as z from 'zod/mini'
import { toUsd } from '../../shared/money.ts'
import { attemptRecordSchema, type KeptReceipt, keptReceiptSchema } from '../ledger/receipt-record.ts'

const usd = z.nullable(z.number())

/** For the API's documentation and for those who read its answers. */
export const shownReceiptSchema = z.extend(keptReceiptSchema, {
  attempts: z.array(z.extend(attemptRecordSchema, { costUsd: usd })),
  costUsd: usd,
  baselineUsd: usd,
  savedUsd: usd,
})
export type ShownReceipt = z.infer<typeof shownReceiptSchema>

/**
 * Returns the receipt with its amounts in USD beside those in whole nano-dollars, of which sums are exact.
 * @param withContent whether prompts and answers are shown, where they are kept
 */
export function showReceipt(receipt: KeptReceipt, withContent: boolean): ShownReceipt {
  const { content, ...record } = receipt
  return {
    ...record,
    attempts: record.attempts.map((attempt) => ({ ...attempt, costUsd: toUsd(attempt.costNanoUsd) })),
    costUsd: toUsd(record.costNanoUsd),
    baselineUsd: toUsd(record.baselineNanoUsd),
    savedUsd: toUsd(record.savedNanoUsd),
    ...(withContent && content !== undefined ? { content } : {}),
  }
}
