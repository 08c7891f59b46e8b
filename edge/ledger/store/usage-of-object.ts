/**
 * Usage over a range in one object: whole buckets from the sums, what is cut off at both ends from the rows, so that it is
 * exact to the millisecond. Writes nothing.
 */
import type { SqlDatabase } from '../../storage/sql-database.ts'
import { addPacked, addReceipt } from '../totals.ts'
import {
  createUsageSum,
  type GroupValues,
  isByUser,
  type ObjectQuery,
  type UsageAnswer,
} from '../usage-sum.ts'
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
      if (query.user === undefined || facts.user === query.user)
        addReceipt(sum.at(bucketOf(kind, timeOfPosition(position)), facts), facts)
  }
  if (whole.from >= whole.to) {
    addRows(from, to)
    return sum.answer()
  }
  const addGroups = (of: RollupKind, begin: number, end: number) => {
    if (begin >= end) return
    for (const [bucket, values, packed] of rollups.groups(of, begin, end, query.user))
      addPacked(sum.at(bucket, namedValues(of, values)), packed)
  }
  addRows(from, whole.from)
  const spans = wholeSpans(database, rollups, query, whole)
  addGroups(kind, whole.from, spans.from)
  addGroups('spans', spans.from, spans.to)
  addGroups(kind, spans.to, whole.to)
  addRows(whole.to, to)
  return sum.answer()
}

/**
 * Returns the spans that a question about users may be answered from: none where it asks for days, or for one user, whom a span of
 * very many may lack.
 */
function wholeSpans(
  database: SqlDatabase,
  rollups: Rollups,
  { groupBy, user }: ObjectQuery,
  { from, to }: { readonly from: number; readonly to: number },
) {
  const none = { from: to, to }
  if (!groupBy.includes('user') || groupBy.includes('day') || user !== undefined) return none
  const spans = wholeBuckets(database, 'spans', from, to)
  const end = Math.min(spans.to, rollups.spannedUntil())
  return spans.from < end ? { from: spans.from, to: end } : none
}

/** Returns the kind of sums that a query is answered from. */
export function kindFor(query: Pick<ObjectQuery, 'groupBy' | 'user'>): RollupKind {
  return isByUser(query) ? 'users' : 'routes'
}

/** Returns the values of a group by their names. */
export function namedValues(kind: RollupKind, values: readonly (string | null)[]): GroupValues {
  const named: { -readonly [name in keyof GroupValues]: GroupValues[name] } = {}
  const { dimensions } = ROLLUP_KINDS[kind]
  for (const [index, name] of dimensions.entries()) named[name] = values[index] ?? null
  return named
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
