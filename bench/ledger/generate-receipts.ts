/**
 * Receipts as a busy router has them: more at noon than at night, a few models and tasks, users who ask unlike often. The
 * same ones in every run but for their ids.
 */
import type { ReceiptRecord } from '../../edge/ledger/receipt-record.ts'
import { createRequestId, cryptoRandomBytes } from '../../edge/ledger/request-id.ts'

export type GeneratedReceipts = {
  /** Milliseconds since the epoch; whole days. */
  readonly from: number
  readonly days: number
  readonly count: number
  readonly users: number
}

const DAY_MS = 24 * 60 * 60_000
const TASKS = ['simple_chat', 'simple_qa', 'summarization', 'code_generation', 'complex_reasoning', 'other']
const ANSWERS = [
  { route: 'local', model: 'Ulfberht-135M', fallback: null, costNanoUsd: 0 },
  { route: 'claude', model: 'claude-sonnet-5-5', fallback: null, costNanoUsd: 2_400_000 },
  { route: 'claude', model: 'claude-haiku-5-5', fallback: 'timeout', costNanoUsd: 120_000 },
  { route: 'cache', model: 'claude-haiku-5-5', fallback: null, costNanoUsd: 0 },
] as const
const BASELINE_NANO_USD = 2_400_000

/** Yields them in the order in which their requests came. */
export function* generateReceipts({ from, days, count, users }: GeneratedReceipts): Generator<ReceiptRecord> {
  const random = pseudoRandom(1)
  const perDay = count / days
  for (let index = 0; index < count; index += 1) {
    const day = Math.floor(index / perDay)
    const share = index / perDay - day
    // Densest at noon.
    const ofDay = share + Math.sin(2 * Math.PI * share) / 8
    const startedAt = from + day * DAY_MS + Math.floor(ofDay * (DAY_MS - 1))
    const answer = ANSWERS[Math.floor(random() ** 2 * ANSWERS.length)] ?? ANSWERS[0]
    const latencyMs = Math.round(200 + random() ** 3 * 20_000)
    yield {
      id: createRequestId(startedAt, cryptoRandomBytes),
      tenant: 'alice',
      user: `user-${Math.floor(random() ** 2 * users)}`,
      startedAt,
      surface: 'messages',
      requestedModel: 'auto',
      stream: random() < 0.8,
      strategy: 'hybrid',
      task: TASKS[Math.floor(random() * TASKS.length)] ?? 'other',
      score: random(),
      threshold: 0.42,
      judgeScore: null,
      handoverScore: null,
      verifyScore: null,
      promptCache: null,
      evidence: [
        { kind: 'length', weight: -0.81, towards: 'simple' },
        { kind: 'greeting', weight: -0.6, towards: 'simple' },
        { kind: 'question', weight: 0.33, towards: 'complex' },
      ],
      reason: 'hybrid: simple task',
      guard: null,
      cache: answer.route === 'cache' ? 'hit' : 'miss',
      attempts:
        answer.fallback === null ? [] : [{ provider: 'local', cause: answer.fallback, costNanoUsd: 0 }],
      route: answer.route,
      model: answer.model,
      baselineModel: 'claude-sonnet-5-5',
      fallback: answer.fallback,
      budget: null,
      outcome: 'completed',
      errorCode: null,
      tokens: {
        input: Math.floor(random() * 900),
        output: Math.floor(random() * 400),
        cacheWrite: 0,
        cacheRead: 0,
        reasoning: null,
      },
      costNanoUsd: answer.costNanoUsd,
      baselineNanoUsd: BASELINE_NANO_USD,
      savedNanoUsd: BASELINE_NANO_USD - answer.costNanoUsd,
      latencyMs,
      firstContentMs: Math.round(latencyMs / 4),
    }
  }
}

/** Mulberry32. */
function pseudoRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
