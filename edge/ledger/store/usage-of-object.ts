/**
 * Usage over a range in one object: whole buckets from the sums, what is cut off at both ends from the rows, so that it is
 * exact to the millisecond. Writes nothing.
 */
import type { SqlDatabase } from '../../storage/sql-database.ts'
import { addPacked, addReceipt } from '../totals.ts'
import { createUsageSum, type GroupValues, type ObjectQuery, type UsageAnswer } from '../usage-sum.ts'
import { holdsReceipts, scanReceipts } from './counted-rows.ts'
import { firstPosition, timeOfPosition } from './positions.ts'
import { bucketOf, ROLLUP_KINDS, type RollupKind } from './rollup-kinds.ts'
import type { Rollups } from './rollups.ts'

/** Returns the sums that a query asks for. */
export function usageOfObject(database: SqlDatabase, rollups: Rollups, query: ObjectQuery): UsageAnswer {
  const kind = kindFor(query)
  const sum = createUsageSum(query)
  const { from, to } = query
  const whole = wholeBuckets(database, kind, from, to)
  const addRows = (begin: number, end: number) => {
    if (begin >= end) return
    const range = { from: firstPosition(begin), to: firstPosition(end) }
    for (const { position, facts } of scanReceipts(database, range))
      addReceipt(sum.at(bucketOf(kind, timeOfPosition(position)), facts), facts)
  }
  if (whole.from >= whole.to) {
    addRows(from, to)
    return sum.answer()
  }
  addRows(from, whole.from)
  for (const [bucket, values, packed] of rollups.groups(kind, whole.from, whole.to))
    addPacked(sum.at(bucket, namedValues(kind, values)), packed)
  addRows(whole.to, to)
  return sum.answer()
}

/** Returns the kind of sums that a query is answered from. */
export function kindFor({ groupBy }: Pick<ObjectQuery, 'groupBy'>): RollupKind {
  return groupBy.includes('user') ? 'users' : 'routes'
}

/** Returns the values of a group by their names. */
export function namedValues(kind: RollupKind, values: readonly (string | null)[]): GroupValues {
  return Object.fromEntries(ROLLUP_KINDS[kind].dimensions.map((name, index) => [name, values[index] ?? null]))
}

/** A bucket also counts as whole where nothing is kept of the part of it that is outside the range. */
function wholeBuckets(database: SqlDatabase, kind: RollupKind, from: number, to: number) {
  const { bucketMs } = ROLLUP_KINDS[kind]
  const isEmpty = (begin: number, end: number) =>
    begin >= end || !holdsReceipts(database, { from: firstPosition(begin), to: firstPosition(end) })
  const first = bucketOf(kind, from)
  const last = bucketOf(kind, to)
  const end = last === to ? to : last + bucketMs
  return {
    from: first === from || isEmpty(first, from) ? first : first + bucketMs,
    to: isEmpty(to, end) ? end : last,
  }
}
