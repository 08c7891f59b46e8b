/**
 * Receipts as a month of a small company's traffic leaves them: the same ones for the same seed. For tests that need
 * many, and for pictures.
 */
import type { ReceiptRecord } from '../../edge/ledger/receipt-record.ts'
import { createRequestId } from '../../edge/ledger/request-id.ts'

export type GenerateOptions = {
  readonly count: number
  /** Times lie before it, ms since the epoch. */
  readonly until: number
  readonly days: number
  readonly seed?: number
}

const TASKS = [
  'simple_chat',
  'simple_qa',
  'summarization',
  'code_generation',
  'complex_reasoning',
  'tool_use',
]
const TENANTS = ['web', 'web', 'web', 'support', 'batch']
const FALLBACKS = ['timeout', 'timeout', 'overloaded', 'judged_complex']

/** Returns receipts, oldest first. */
export function generateReceipts({ count, until, days, seed = 1 }: GenerateOptions): ReceiptRecord[] {
  const random = createRandom(seed)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const span = days * 86_400_000
  return Array.from({ length: count }, (_, index) => {
    const slot = (span * (index + random())) / count
    const startedAt = Math.floor(until - span + slot)
    const simple = random() < 0.55
    const cached = random() < 0.06
    const fallback = simple && random() < 0.08 ? pick(FALLBACKS) : null
    const route = cached ? 'cache' : simple && fallback === null ? 'local' : 'claude'
    const outcome =
      random() < 0.985 ? 'completed' : pick(['failed', 'broken', 'cancelled', 'refused'] as const)
    const output = Math.floor(20 + random() * (simple ? 120 : 900))
    const input = Math.floor(40 + random() * (simple ? 400 : 6_000))
    const cacheRead = route === 'claude' && random() < 0.4 ? input * 2 : 0
    const cacheWrite = route === 'claude' && random() < 0.2 ? input : 0
    const baselineNanoUsd = input * 2_000 + output * 10_000 + cacheRead * 100 + cacheWrite * 2_500
    const cheap = simple && route === 'claude'
    const unpriced = route === 'claude' && random() < 0.004
    const costNanoUsd = unpriced
      ? null
      : route !== 'claude'
        ? 0
        : cheap
          ? input * 100 + output * 500
          : baselineNanoUsd
    const latencyMs = Math.round(
      (route === 'cache' ? 4 : route === 'local' ? 350 : 1_400) * (0.5 + random() + 3 * random() ** 6),
    )
    return {
      id: createRequestId(startedAt, (length) =>
        Uint8Array.from({ length }, () => Math.floor(random() * 256)),
      ),
      tenant: pick(TENANTS),
      user: random() < 0.7 ? `user-${Math.floor(random() ** 2 * 40)}` : null,
      startedAt,
      surface: random() < 0.7 ? 'messages' : 'chat_completions',
      requestedModel: 'auto',
      stream: random() < 0.5,
      strategy: 'hybrid',
      task: simple ? pick(TASKS.slice(0, 3)) : pick(TASKS.slice(3)),
      score: simple ? random() * 0.2 : 0.3 + random() * 0.7,
      threshold: 0.25,
      judgeScore: simple ? random() * 0.4 : null,
      handoverScore: null,
      verifyScore: null,
      promptCache: null,
      evidence: [
        { kind: 'words', weight: simple ? -1.4 : 2.1, towards: simple ? 'simple' : 'complex' },
        { kind: 'length', weight: simple ? -0.6 : 0.4, towards: simple ? 'simple' : 'complex' },
        { kind: 'punctuation', weight: 0.2, towards: 'complex' },
      ],
      reason: simple ? 'hybrid: simple task' : 'hybrid: complex task',
      guard: null,
      cache: cached ? 'hit' : 'miss',
      attempts: fallback === null ? [] : [{ provider: 'local', cause: fallback, costNanoUsd: 0 }],
      route: outcome === 'failed' || outcome === 'refused' ? null : route,
      model: route === 'local' ? 'Ulfberht-135M' : cheap ? 'claude-haiku-5-5' : 'claude-sonnet-5-5',
      baselineModel: 'claude-sonnet-5-5',
      fallback,
      budget: null,
      outcome,
      errorCode: outcome === 'failed' ? 'upstream' : null,
      tokens: { input, output, cacheWrite, cacheRead, reasoning: null },
      costNanoUsd,
      baselineNanoUsd,
      savedNanoUsd: costNanoUsd === null ? null : baselineNanoUsd - costNanoUsd,
      latencyMs,
      firstContentMs: Math.round(latencyMs * 0.4),
    }
  })
}

/** A small generator of evenly spread numbers in [0, 1): mulberry32. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
