/**
 * Groups of receipts as they are kept and sent: many in one text, because rows are what is paid for. Knows no table.
 */
import type { PackedSums } from './totals.ts'

/** Receipts that began in one bucket of time and have these values in common. */
export type PackedGroup = readonly [bucket: number, values: readonly (string | null)[], sums: PackedSums]

/** So many groups go into one text: far below the 2 MB that a row may have. */
const LONGEST = 500

/** Yields the texts that hold some groups. */
export function* writeGroups(groups: Iterable<PackedGroup>): Generator<string> {
  let bunch: PackedGroup[] = []
  for (const group of groups) {
    bunch.push(group)
    if (bunch.length < LONGEST) continue
    yield JSON.stringify(bunch)
    bunch = []
  }
  if (bunch.length > 0) yield JSON.stringify(bunch)
}

/** Returns the groups of one text. @throws if it holds something else */
export function readGroups(text: string): readonly PackedGroup[] {
  const groups: unknown = JSON.parse(text)
  if (!Array.isArray(groups) || !groups.every(isPackedGroup)) throw new Error('Totals cannot be read')
  return groups
}

// By hand: a month has tens of thousands of them.
function isPackedGroup(group: unknown): group is PackedGroup {
  return (
    Array.isArray(group) &&
    typeof group[0] === 'number' &&
    Array.isArray(group[1]) &&
    group[1].every((value) => value === null || typeof value === 'string') &&
    isPackedSums(group[2])
  )
}

function isPackedSums(sums: unknown): sums is PackedSums {
  return (
    Array.isArray(sums) &&
    sums.length === 4 &&
    areNumbers(sums[0]) &&
    areNumbers(sums[1]) &&
    areNumbers(sums[2]) &&
    Array.isArray(sums[3]) &&
    sums[3].every((each) => Array.isArray(each) && typeof each[0] === 'string' && typeof each[1] === 'number')
  )
}

function areNumbers(values: unknown): values is readonly number[] {
  if (!Array.isArray(values)) return false
  for (let at = 0; at < values.length; at += 1) if (typeof values[at] !== 'number') return false
  return true
}
