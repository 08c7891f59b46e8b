/**
 * Adds up rows of the usage API: totals, totals by group, and series over the buckets of a period. Pure; asks nobody.
 */
import type { Grouping, UsageRow, UsageTotals } from '../../ledger/ledger.ts'
import { sumOfTotals } from '../../ledger/totals.ts'
import type { BucketUnit, TimeBucket } from './time-buckets.ts'

/** The totals of one value of a grouping; null stands for receipts that have none. */
export type GroupTotals = { readonly value: string | null; readonly totals: UsageTotals }

/** For each value of a grouping one number a bucket. */
export type Series = { readonly value: string | null; readonly numbers: readonly number[] }

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
  return sumOfTotals(rows.map(({ totals }) => totals))
}

/** Returns the totals of each value, the most requests first. */
export function totalsBy(rows: readonly UsageRow[], grouping: Grouping): GroupTotals[] {
  const found = new Map<string | null, UsageTotals[]>()
  for (const { group, totals } of rows) {
    const value = group[grouping] ?? null
    const known = found.get(value)
    if (known === undefined) found.set(value, [totals])
    else known.push(totals)
  }
  return [...found]
    .map(([value, totals]) => ({ value, totals: sumOfTotals(totals) }))
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
  return buckets.map(({ name }) => found.get(name) ?? addUp([]))
}

const GROUPS = ['tenant', 'user', 'model', 'route', 'task'] as const
