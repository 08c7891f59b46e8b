/**
 * Sums over receipts: what is counted of one, how sums add up, and how they are kept as short JSON. Knows no groups and
 * no time.
 */
import { LATENCY_BOUNDS_MS, latencyClass } from './latency.ts'
import type { UsageTotals } from './ledger.ts'
import type { ReceiptRecord } from './receipt-record.ts'

/** In the order in which they are kept: new ones go to the end. */
const COUNTS = [
  'requests',
  'completed',
  'refused',
  'failed',
  'broken',
  'cancelled',
  'inputTokens',
  'outputTokens',
  'cacheWriteTokens',
  'cacheReadTokens',
  'reasoningTokens',
  'costNanoUsd',
  'baselineNanoUsd',
  'savedNanoUsd',
  'unpriced',
  'cacheHits',
  'identified',
  'budgetCheaper',
  'budgetLocal',
  'budgetRefused',
] as const satisfies readonly (keyof UsageTotals)[]
type Count = (typeof COUNTS)[number]

/** What a reached limit did, and where that is counted. */
const BUDGET_COUNTS = {
  cheaper: 'budgetCheaper',
  local: 'budgetLocal',
  refused: 'budgetRefused',
} as const satisfies Record<NonNullable<ReceiptRecord['budget']>, Count>

/** Totals while they are added up. */
export type Sums = Record<Count, number> & {
  readonly fallbacks: Map<string, number>
  readonly latency: number[]
  readonly firstContent: number[]
}

/** What totals need of a receipt. */
export type CountedFacts = Pick<
  ReceiptRecord,
  | 'user'
  | 'surface'
  | 'outcome'
  | 'tokens'
  | 'costNanoUsd'
  | 'baselineNanoUsd'
  | 'savedNanoUsd'
  | 'cache'
  | 'fallback'
  | 'budget'
  | 'latencyMs'
  | 'firstContentMs'
>

/** Sums as they are kept: counts, both histograms as class and count in turn without empty classes, fallbacks by cause. */
export type PackedSums = readonly [
  counts: readonly number[],
  latency: readonly number[],
  firstContent: readonly number[],
  fallbacks: readonly (readonly [cause: string, count: number])[],
]

/** Returns sums over nothing. */
export function createSums(): Sums {
  return {
    requests: 0,
    completed: 0,
    refused: 0,
    failed: 0,
    broken: 0,
    cancelled: 0,
    inputTokens: 0,
    outputTokens: 0,
    cacheWriteTokens: 0,
    cacheReadTokens: 0,
    reasoningTokens: 0,
    costNanoUsd: 0,
    baselineNanoUsd: 0,
    savedNanoUsd: 0,
    unpriced: 0,
    cacheHits: 0,
    identified: 0,
    budgetCheaper: 0,
    budgetLocal: 0,
    budgetRefused: 0,
    fallbacks: new Map(),
    latency: [],
    firstContent: [],
  }
}

/** Adds one receipt. */
export function addReceipt(sums: Sums, facts: CountedFacts): void {
  const { tokens, costNanoUsd: cost, baselineNanoUsd: baseline, savedNanoUsd: saved } = facts
  sums.requests += 1
  sums[facts.outcome] += 1
  if (tokens !== null) {
    sums.inputTokens += tokens.input
    sums.outputTokens += tokens.output
    sums.cacheWriteTokens += tokens.cacheWrite
    sums.cacheReadTokens += tokens.cacheRead
    sums.reasoningTokens += tokens.reasoning ?? 0
  }
  // A saving without its cost, or the other way round, would make the sums tell of different requests.
  const isUnknown = cost === null || (tokens !== null && (baseline === null || saved === null))
  if (isUnknown) sums.unpriced += 1
  else {
    sums.costNanoUsd += cost
    sums.baselineNanoUsd += baseline ?? 0
    sums.savedNanoUsd += saved ?? 0
  }
  if (facts.cache === 'hit') sums.cacheHits += 1
  if (facts.user !== null) sums.identified += 1
  if (facts.budget !== null) sums[BUDGET_COUNTS[facts.budget]] += 1
  if (facts.fallback !== null) addTo(sums.fallbacks, facts.fallback, 1)
  // Nobody waited for the rows of a batch, whose 0 ms are no time; of any other request 0 ms is one.
  if (facts.surface !== 'batches') addAt(sums.latency, latencyClass(facts.latencyMs), 1)
  if (facts.firstContentMs !== null) addAt(sums.firstContent, latencyClass(facts.firstContentMs), 1)
}

/** Returns sums as they are kept. */
export function packSums(sums: Sums): PackedSums {
  return [
    COUNTS.map((name) => sums[name]),
    packHistogram(sums.latency),
    packHistogram(sums.firstContent),
    [...sums.fallbacks],
  ]
}

/** Adds sums that were kept. */
export function addPacked(sums: Sums, [counts, latency, firstContent, fallbacks]: PackedSums): void {
  // A query adds up hundreds of thousands of these.
  for (let index = 0; index < COUNTS.length; index += 1) {
    const name = COUNTS[index]
    if (name !== undefined) sums[name] += counts[index] ?? 0
  }
  addPackedHistogram(sums.latency, latency)
  addPackedHistogram(sums.firstContent, firstContent)
  for (const [cause, count] of fallbacks) addTo(sums.fallbacks, cause, count)
}

/** Returns the totals as users of the ledger see them, with whole histograms. */
export function totalsOf({ fallbacks, latency, firstContent, ...counts }: Sums): UsageTotals {
  return {
    ...counts,
    fallbacks: Object.fromEntries(fallbacks),
    latency: wholeHistogram(latency),
    firstContent: wholeHistogram(firstContent),
  }
}

/** Returns the sum of totals, those of nothing where there are none. */
export function sumOfTotals(parts: Iterable<UsageTotals>): UsageTotals {
  const sums = createSums()
  for (const totals of parts) {
    for (const name of COUNTS) sums[name] += totals[name]
    for (const [index, count] of totals.latency.entries()) addAt(sums.latency, index, count)
    for (const [index, count] of totals.firstContent.entries()) addAt(sums.firstContent, index, count)
    for (const [cause, count] of Object.entries(totals.fallbacks)) addTo(sums.fallbacks, cause, count)
  }
  return totalsOf(sums)
}

function packHistogram(histogram: readonly number[]): readonly number[] {
  return histogram.flatMap((count, index) => (count === 0 ? [] : [index, count]))
}

function addPackedHistogram(histogram: number[], packed: readonly number[]): void {
  for (let at = 0; at + 1 < packed.length; at += 2) addAt(histogram, packed[at] ?? 0, packed[at + 1] ?? 0)
}

function wholeHistogram(histogram: readonly number[]): readonly number[] {
  return Array.from({ length: LATENCY_BOUNDS_MS.length + 1 }, (_, index) => histogram[index] ?? 0)
}

/** Without holes: JSON would make them null. */
function addAt(histogram: number[], index: number, count: number): void {
  while (histogram.length <= index) histogram.push(0)
  histogram[index] = (histogram[index] ?? 0) + count
}

function addTo(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count)
}
