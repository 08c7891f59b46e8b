/**
 * Adds groups of receipts up to what a query asks for, and sums of several objects to one another. Knows no store.
 */
import type { Grouping, UsageQuery, UsageRow } from './ledger.ts'
import { createLocalTime } from './local-time.ts'
import { type PackedGroup, readGroups, writeGroups } from './packed-groups.ts'
import { addPacked, createSums, packSums, type Sums, totalsOf } from './totals.ts'

/** A query to one object; whose object it is says the tenant. */
export type ObjectQuery = Omit<UsageQuery, 'groupBy'> & {
  readonly groupBy: readonly Exclude<Grouping, 'tenant'>[]
}

/**
 * The object's answer: groups as texts, with values in the order of `groupBy` and no bucket. More of them than an answer
 * should hold are not counted to the end.
 */
export type UsageAnswer = readonly string[] | 'too_many_groups'

/** What of a receipt or of a group can be grouped by. */
export type GroupValues = Readonly<Partial<Record<'user' | 'route' | 'model' | 'task', string | null>>>

/** Returns whether users must be told apart. */
export function isByUser({ groupBy, user }: Pick<ObjectQuery, 'groupBy' | 'user'>): boolean {
  return groupBy.includes('user') || user !== undefined
}

export type UsageSum = {
  /** Returns the sums to which receipts of a bucket that begins at this time (ms) belong. */
  readonly at: (bucket: number, values: GroupValues) => Sums
  readonly answer: () => UsageAnswer
}

/** Some megabytes: an object's answer can have 32 MiB. */
export const MOST_GROUPS = 20_000
const NO_BUCKET = 0

/** Returns an empty sum. */
export function createUsageSum(query: ObjectQuery): UsageSum {
  const { groupBy, timezone } = query
  // Users are summed up by UTC's days, which no other zone can make its own of.
  const time = createLocalTime(isByUser(query) ? 'UTC' : timezone)
  const groups = new Map<string, { readonly values: readonly (string | null)[]; readonly sums: Sums }>()
  const overflow = createSums()
  let isFull = false
  return {
    at(bucket, given) {
      const values = groupBy.map((name) => {
        if (name === 'day' || name === 'hour') return time[name](bucket)
        return given[name] ?? null
      })
      const name = groupName(values)
      const known = groups.get(name)
      if (known !== undefined) return known.sums
      if (groups.size === MOST_GROUPS) {
        isFull = true
        return overflow
      }
      const sums = createSums()
      groups.set(name, { values, sums })
      return sums
    },
    answer() {
      if (isFull) return 'too_many_groups'
      const packed = [...groups.values()].map(
        ({ values, sums }): PackedGroup => [NO_BUCKET, values, packSums(sums)],
      )
      return [...writeGroups(packed)]
    },
  }
}

/** One value, which most groups have, is its own name: hundreds of thousands of groups may be named. */
function groupName(values: readonly (string | null)[]): string {
  const [only] = values
  return values.length === 1 && typeof only === 'string' ? `"${only}` : JSON.stringify(values)
}

/** The answer of one tenant's object. */
export type TenantUsage = { readonly tenant: string; readonly usage: readonly string[] }

/** Returns the sums of several objects as one, ordered by group. */
export function mergeUsage(groupBy: readonly Grouping[], parts: readonly TenantUsage[]): readonly UsageRow[] {
  const rows = new Map<string, { readonly values: readonly (string | null)[]; readonly sums: Sums }>()
  for (const { tenant, usage } of parts)
    for (const [, given, packed] of usage.flatMap(readGroups)) {
      const rest = given.values()
      const values = groupBy.map((name) => (name === 'tenant' ? tenant : (rest.next().value ?? null)))
      const name = groupName(values)
      let row = rows.get(name)
      if (row === undefined) {
        row = { values, sums: createSums() }
        rows.set(name, row)
      }
      addPacked(row.sums, packed)
    }
  if (groupBy.length === 0 && rows.size === 0) return [{ group: {}, totals: totalsOf(createSums()) }]
  return [...rows.entries()]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([, { values, sums }]) => ({
      group: Object.fromEntries(groupBy.map((name, index) => [name, values[index] ?? null])),
      totals: totalsOf(sums),
    }))
}
