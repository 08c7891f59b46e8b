/** Receipts as they are kept, for tests: one plain record, and arbitrary ones that are unlike in everything that counts. */
import fc from 'fast-check'
import type { ReceiptRecord } from '../../../edge/ledger/receipt-record.ts'
import { createRequestId, cryptoRandomBytes } from '../../../edge/ledger/request-id.ts'

/** Returns the receipt of a request that came at this time, ms, with an id of its own. */
export function receiptRecord(startedAt: number, fields: Partial<ReceiptRecord> = {}): ReceiptRecord {
  return {
    id: createRequestId(startedAt, cryptoRandomBytes),
    tenant: 'alice',
    user: 'user-1',
    startedAt,
    surface: 'messages',
    requestedModel: 'auto',
    stream: true,
    strategy: 'hybrid',
    task: 'simple_qa',
    score: 0.125,
    threshold: 0.5,
    judgeScore: null,
    handoverScore: 0.25,
    verifyScore: null,
    promptCache: null,
    evidence: [{ kind: 'length', weight: -0.5, towards: 'simple' }],
    reason: 'hybrid: simple task',
    guard: null,
    cache: 'miss',
    attempts: [{ provider: 'local', cause: 'timeout', costNanoUsd: 0 }],
    route: 'claude',
    model: 'claude-haiku-5-5',
    baselineModel: 'claude-sonnet-5-5',
    fallback: 'timeout',
    budget: null,
    outcome: 'completed',
    errorCode: null,
    tokens: { input: 100, output: 20, cacheWrite: 3, cacheRead: 4, reasoning: null },
    costNanoUsd: 1_000,
    baselineNanoUsd: 5_000,
    savedNanoUsd: 4_000,
    latencyMs: 812.5,
    firstContentMs: 130,
    ...fields,
  }
}

const money = fc.option(fc.integer({ min: -(10 ** 9), max: 10 ** 12 }), { nil: null })
const count = fc.nat(1_000_000)

/** What totals and groups can tell apart of a receipt. */
export const receiptFields = fc.record({
  surface: fc.constantFrom('messages' as const, 'batches' as const),
  user: fc.constantFrom(null, 'user-1', 'user-2', '__proto__', "'; DROP TABLE receipts; --"),
  task: fc.constantFrom('simple_qa', 'other'),
  cache: fc.constantFrom('hit' as const, 'miss' as const, 'bypass' as const),
  route: fc.constantFrom('local' as const, 'claude' as const, 'cache' as const, null),
  model: fc.constantFrom('claude-haiku-5-5', 'constructor', null),
  fallback: fc.constantFrom(null, 'timeout', '__proto__'),
  outcome: fc.constantFrom(
    'completed' as const,
    'refused' as const,
    'failed' as const,
    'broken' as const,
    'cancelled' as const,
  ),
  tokens: fc.option(
    fc.record({
      input: count,
      output: count,
      cacheWrite: count,
      cacheRead: count,
      reasoning: fc.option(count, { nil: null }),
    }),
    { nil: null },
  ),
  costNanoUsd: money,
  baselineNanoUsd: money,
  savedNanoUsd: money,
  latencyMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 2_000_000, noNaN: true })),
  firstContentMs: fc.option(fc.double({ min: 0, max: 2_000_000, noNaN: true }), { nil: null }),
})
