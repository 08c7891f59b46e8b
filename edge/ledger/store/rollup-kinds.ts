/**
 * By what receipts are summed up in advance: fine enough in time for every time zone, and users apart, by the day, because
 * they are many; of users also some days together, which most questions are about.
 */
import type { GroupedFacts } from './counted-rows.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Sums are written once for so long a part of a month, by UTC. */
export const PART_MS = 6 * HOUR_MS

export const ROLLUP_KINDS = {
  routes: {
    /** Offsets of time zones are multiples of it, so that a bucket is never in two days or hours. */
    bucketMs: 15 * MINUTE_MS,
    dimensions: ['route', 'model', 'task'],
  },
  users: { bucketMs: 24 * HOUR_MS, dimensions: ['user'] },
  /** Made of `users` once they are over. Short enough that the days at both ends of a range are few. */
  spans: { bucketMs: 4 * 24 * HOUR_MS, dimensions: ['user'] },
} as const satisfies Record<
  string,
  { readonly bucketMs: number; readonly dimensions: readonly (keyof GroupedFacts)[] }
>
export type RollupKind = keyof typeof ROLLUP_KINDS

/** Those that are made of receipts. */
export const ROLLUP_NAMES: readonly RollupKind[] = ['routes', 'users']

/** Returns when the bucket of a time begins, ms. */
export function bucketOf(kind: RollupKind, at: number): number {
  const { bucketMs } = ROLLUP_KINDS[kind]
  return Math.floor(at / bucketMs) * bucketMs
}

/** Returns when the part of a time begins, ms. */
export function partOf(at: number): number {
  return Math.floor(at / PART_MS) * PART_MS
}

/** Returns the part under which sums of a kind are written, ms. */
export function writtenPart(kind: RollupKind, at: number): number {
  return kind === 'spans' ? bucketOf(kind, at) : partOf(at)
}

/** Returns a receipt's values in the dimensions of a kind. */
export function valuesOf(kind: RollupKind, facts: GroupedFacts): readonly (string | null)[] {
  return ROLLUP_KINDS[kind].dimensions.map((name) => facts[name])
}
