/**
 * Adds up rows of the usage API: totals, totals by group, and series over the buckets of a period. Pure; asks nobody.
 */
import type { Grouping, UsageRow, UsageTotals } from '../../ledger/ledger.ts'
import type { BucketUnit, TimeBucket } from './time-buckets.ts'

/** The totals of one value of a grouping; null stands for receipts that have none. */
export type GroupTotals = { readonly value: string | null; readonly totals: UsageTotals }

/** For each value of a grouping one number a bucket. */
export type Series = { readonly value: string | null; readonly numbers: readonly number[] }

const NOTHING: UsageTotals = {
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
  fallbacks: {},
  latency: [],
  firstContent: [],
}

/** Returns the rows whose groups have these values. */
export function selectRows(
  rows: readonly UsageRow[],
  conditions: Readonly<Partial<Record<Grouping, string>>>,
): UsageRow[] {
  return rows.filter(({ group }) =>
    GROUPS.every((name) => conditions[name] === undefined || group[name] === conditions[name]),
  )
}

/** Returns the sums of the rows. */
export function addUp(rows: readonly UsageRow[]): UsageTotals {
  return rows.reduce((sum, { totals }) => add(sum, totals), NOTHING)
}

/** Returns the totals of each value, the most requests first. */
export function totalsBy(rows: readonly UsageRow[], grouping: Grouping): GroupTotals[] {
  const found = new Map<string | null, UsageTotals>()
  for (const { group, totals } of rows) {
    const value = group[grouping] ?? null
    found.set(value, add(found.get(value) ?? NOTHING, totals))
  }
  return [...found]
    .map(([value, totals]) => ({ value, totals }))
    .toSorted((left, right) => right.totals.requests - left.totals.requests)
}

/**
 * Returns a series for each value, the largest first.
 * @param read what is shown of a bucket's totals; 0 where there are none
 */
export function seriesBy(
  rows: readonly UsageRow[],
  grouping: Grouping,
  { buckets, unit }: { readonly buckets: readonly TimeBucket[]; readonly unit: BucketUnit },
  read: (totals: UsageTotals) => number,
): Series[] {
  return totalsBy(rows, grouping).map(({ value }) => ({
    value,
    numbers: overTime(
      rows.filter(({ group }) => (group[grouping] ?? null) === value),
      { buckets, unit },
    ).map(read),
  }))
}

/** Returns the totals of each bucket, in their order. */
export function overTime(
  rows: readonly UsageRow[],
  { buckets, unit }: { readonly buckets: readonly TimeBucket[]; readonly unit: BucketUnit },
): UsageTotals[] {
  const found = new Map(totalsBy(rows, unit).map(({ value, totals }) => [value, totals]))
  return buckets.map(({ name }) => found.get(name) ?? NOTHING)
}

const GROUPS = ['tenant', 'user', 'model', 'route', 'task'] as const

function add(left: UsageTotals, right: UsageTotals): UsageTotals {
  return {
    requests: left.requests + right.requests,
    completed: left.completed + right.completed,
    refused: left.refused + right.refused,
    failed: left.failed + right.failed,
    broken: left.broken + right.broken,
    cancelled: left.cancelled + right.cancelled,
    inputTokens: left.inputTokens + right.inputTokens,
    outputTokens: left.outputTokens + right.outputTokens,
    cacheWriteTokens: left.cacheWriteTokens + right.cacheWriteTokens,
    cacheReadTokens: left.cacheReadTokens + right.cacheReadTokens,
    reasoningTokens: left.reasoningTokens + right.reasoningTokens,
    costNanoUsd: left.costNanoUsd + right.costNanoUsd,
    baselineNanoUsd: left.baselineNanoUsd + right.baselineNanoUsd,
    savedNanoUsd: left.savedNanoUsd + right.savedNanoUsd,
    unpriced: left.unpriced + right.unpriced,
    cacheHits: left.cacheHits + right.cacheHits,
    identified: left.identified + right.identified,
    fallbacks: addCounts(left.fallbacks, right.fallbacks),
    latency: addHistograms(left.latency, right.latency),
    firstContent: addHistograms(left.firstContent, right.firstContent),
  }
}

function addCounts(
  left: UsageTotals['fallbacks'],
  right: UsageTotals['fallbacks'],
): UsageTotals['fallbacks'] {
  const sums = new Map(Object.entries(left))
  for (const [cause, count] of Object.entries(right)) sums.set(cause, (sums.get(cause) ?? 0) + count)
  return Object.fromEntries(sums)
}

function addHistograms(left: readonly number[], right: readonly number[]): readonly number[] {
  const [longer, shorter] = left.length < right.length ? [right, left] : [left, right]
  return longer.map((count, index) => count + (shorter[index] ?? 0))
}
