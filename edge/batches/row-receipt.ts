/**
 * The receipt of one row of a batch's results: at batch price, and with an id that the same row has whenever it is fetched,
 * so that it is kept once. Pure but for the digest.
 */
import { sha256Hex } from '../../shared/digest.ts'
import type { PriceList } from '../ledger/prices.ts'
import { projectReceipt } from '../ledger/project-receipt.ts'
import { createReceipt, type Ending, type RoutedFacts } from '../ledger/receipt.ts'
import type { ReceiptRecord } from '../ledger/receipt-record.ts'
import { createRequestId } from '../ledger/request-id.ts'
import type { BoundBatch } from './batch-book.ts'
import type { ResultRow } from './result-rows.ts'

/** Where a ledger keeps only so many receipts of one millisecond: over so many the rows of a batch are spread, ms. */
const SPREAD_MS = 60_000

/**
 * Returns the receipt.
 * @param at when the results were fetched first, ms: that is the time of all of its receipts
 */
export async function rowReceipt(
  row: ResultRow,
  batch: BoundBatch & { readonly tenant: string },
  at: number,
  prices: PriceList,
): Promise<ReceiptRecord> {
  const digest = await sha256Hex(`${batch.id}\n${row.customId}`)
  const startedAt = at - (Number.parseInt(digest.slice(-8), 16) % SPREAD_MS)
  const requestId = createRequestId(startedAt, (count) => bytesOf(digest, count))
  const { model } = row
  const facts: RoutedFacts = {
    requestId,
    tenantId: batch.tenant,
    user: batch.user ?? undefined,
    surface: 'batches',
    startedAt,
    // Whatever strategy is in force, batches are answered by Claude only.
    strategy: 'claude_only',
    requestedModel: model ?? '',
    stream: false,
    task: 'other',
    score: 1,
    threshold: 1,
    judgeScore: undefined,
    handoverScore: undefined,
    reasons: () => [],
    reason: 'batch',
    guard: undefined,
    cache: 'bypass',
    failures: [],
    failedAttempts: [],
    attempts: 1,
    route: model === undefined ? undefined : 'claude',
    model,
    // The same batch would have cost the same without the router: it saves nothing.
    baselineModel: model ?? '',
  }
  return projectReceipt(createReceipt(facts, endingOf(row), prices))
}

function endingOf({ result, model, usage, errorType }: ResultRow): Ending {
  const ending = { latencyMs: 0, firstContentMs: undefined, message: undefined }
  if (result === 'canceled') return { ...ending, outcome: 'cancelled', errorCode: 'batch_canceled' }
  if (result !== 'succeeded')
    return {
      ...ending,
      outcome: 'failed',
      errorCode: result === 'expired' ? 'batch_expired' : (errorType ?? 'batch_errored'),
    }
  return {
    ...ending,
    outcome: 'completed',
    message: {
      id: '',
      type: 'message',
      role: 'assistant',
      model: model ?? '',
      content: [],
      stop_reason: null,
      usage: { ...usage, service_tier: 'batch' },
    },
  }
}

function bytesOf(hex: string, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, at) => Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16))
}
