/**
 * Users over some days as one sum each: what a month by user is added up from. Knows no table and no time.
 */
import type { PackedGroup } from '../packed-groups.ts'
import { addPacked, createSums, packSums, type Sums } from '../totals.ts'
import { MOST_GROUPS } from '../usage-sum.ts'
import { bucketOf } from './rollup-kinds.ts'

/**
 * Returns a sum for each user. Of more users than an answer may have (`MOST_GROUPS`) one more than that: every question about the
 * span has too many groups then, and memory is bounded.
 */
export function sumsOfSpan(groups: Iterable<PackedGroup>): readonly PackedGroup[] {
  const users = new Map<string | null, { readonly bucket: number; readonly sums: Sums }>()
  for (const [at, [user = null], packed] of groups) {
    let entry = users.get(user)
    if (entry === undefined) {
      if (users.size > MOST_GROUPS) continue
      entry = { bucket: bucketOf('spans', at), sums: createSums() }
      users.set(user, entry)
    }
    addPacked(entry.sums, packed)
  }
  return [...users].map(([user, { bucket, sums }]): PackedGroup => [bucket, [user], packSums(sums)])
}
