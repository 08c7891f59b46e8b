/**
 * Sums that are not written yet, in memory. Can be forgotten at any time: they are made of rows that are kept.
 */

import type { PackedGroup } from '../packed-groups.ts'
import { addReceipt, createSums, packSums, type Sums } from '../totals.ts'
import type { GroupedFacts } from './counted-rows.ts'
import { bucketOf, partOf, ROLLUP_NAMES, type RollupKind, valuesOf } from './rollup-kinds.ts'

type PendingGroup = {
  readonly kind: RollupKind
  readonly part: number
  readonly bucket: number
  readonly values: readonly (string | null)[]
  readonly sums: Sums
}

/** Of one kind and one part of the month. */
export type PendingBunch = {
  readonly kind: RollupKind
  readonly part: number
  readonly groups: readonly PackedGroup[]
}

export type PendingSums = {
  /** Adds a receipt that began at this time, ms. */
  readonly add: (at: number, facts: GroupedFacts) => void
  /** Everything in parts that begin before this time, ms. */
  readonly before: (at: number) => readonly PendingBunch[]
  readonly forgetBefore: (at: number) => void
  readonly of: (kind: RollupKind) => Iterable<PackedGroup>
  /** How many groups there are. */
  readonly size: () => number
}

/** Returns sums over nothing. */
export function createPendingSums(): PendingSums {
  const groups = new Map<string, PendingGroup>()
  return {
    add(at, facts) {
      for (const kind of ROLLUP_NAMES) {
        const part = partOf(at)
        const bucket = bucketOf(kind, at)
        const values = valuesOf(kind, facts)
        const name = JSON.stringify([kind, part, bucket, ...values])
        const known = groups.get(name)
        if (known === undefined) {
          const sums = createSums()
          addReceipt(sums, facts)
          groups.set(name, { kind, part, bucket, values, sums })
        } else addReceipt(known.sums, facts)
      }
    },
    before(at) {
      const bunches = new Map<string, { kind: RollupKind; part: number; groups: PackedGroup[] }>()
      for (const group of groups.values()) {
        const { kind, part } = group
        if (part >= at) continue
        const name = `${kind} ${part}`
        const bunch = bunches.get(name) ?? { kind, part, groups: [] }
        bunches.set(name, bunch)
        bunch.groups.push(pack(group))
      }
      return [...bunches.values()]
    },
    forgetBefore(at) {
      for (const [name, { part }] of groups) if (part < at) groups.delete(name)
    },
    *of(kind) {
      for (const group of groups.values()) if (group.kind === kind) yield pack(group)
    },
    size: () => groups.size,
  }
}

function pack({ bucket, values, sums }: PendingGroup): PackedGroup {
  return [bucket, values, packSums(sums)]
}
