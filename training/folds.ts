/**
 * Divides rows into folds by their sources, so that no row is judged by what was learned from its like, and weighs sources
 * so that a large one does not decide alone.
 */
import { createHash } from 'node:crypto'
import type { LabelledRequest } from './labelled-requests.ts'

export const FOLDS = 5

/** Returns the fold of each row: all rows of a source are in one. Sources are dealt out by size, so that folds are alike. */
export function foldsOf(rows: readonly LabelledRequest[]): readonly number[] {
  const sizes = Map.groupBy(rows, ({ source }) => source)
  const order = [...sizes].sort(
    ([a, { length: sizeA }], [b, { length: sizeB }]) => sizeB - sizeA || digest(a).localeCompare(digest(b)),
  )
  const load = new Array<number>(FOLDS).fill(0)
  const foldOf = new Map<string, number>()
  for (const [source, { length }] of order) {
    const fold = load.indexOf(Math.min(...load))
    load[fold] = (load[fold] ?? 0) + length
    foldOf.set(source, fold)
  }
  return rows.map(({ source }) => foldOf.get(source) ?? 0)
}

/**
 * Returns the fold of each row where rows are left out and not sources: near-misses are in one, as a head that had learned
 * one of them would take the other for it. Several rows may name one partner, and it need not name any of them back.
 */
export function foldsOfPairs(rows: readonly LabelledRequest[]): readonly number[] {
  const indexOf = new Map(rows.map(({ id }, index) => [id, index]))
  /** Of each row an earlier one of its group; itself where there is none. */
  const earlier = rows.map((_, index) => index)
  const firstOf = (index: number): number => {
    const before = earlier[index] ?? index
    return before === index ? index : firstOf(before)
  }
  for (const [index, { partner }] of rows.entries()) {
    const [one, other] = [firstOf(index), firstOf(indexOf.get(partner ?? '') ?? index)]
    earlier[Math.max(one, other)] = Math.min(one, other)
  }
  return rows.map((_, index) => firstOf(index) % FOLDS)
}

/** Returns the weight of each row: a source counts by the square root of its size, both labels alike; 1 on average. */
export function weightsOf(rows: readonly LabelledRequest[]): readonly number[] {
  const keyOf = ({ source, complex }: LabelledRequest) => `${source} ${complex}`
  const sizes = Map.groupBy(rows, keyOf)
  const raw = rows.map((row) => 1 / Math.sqrt(sizes.get(keyOf(row))?.length ?? 1))
  const sums = { true: 0, false: 0 }
  rows.forEach(({ complex }, index) => {
    sums[`${complex}`] += raw[index] ?? 0
  })
  return raw.map((weight, index) => (weight * rows.length) / 2 / sums[`${rows[index]?.complex ?? false}`])
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
