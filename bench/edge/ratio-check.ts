/**
 * Whether the router has become dearer: ratios to the floor of this run beside recorded ones. Ratios of one run hold on any
 * machine, times do not. Pure.
 */
import * as z from 'zod'
import type { Measured } from './measure-edge.ts'
import { median, microsecondsEach, type Slice } from './statistics.ts'

/** A ratio by "kind, variant". */
export const recordedRatiosSchema = z.record(z.string(), z.number())
export type RecordedRatios = z.infer<typeof recordedRatiosSchema>

/** More than so many times the recorded ratio is worse; a machine's own noise is less. */
export const TOLERANCE = 1.25

/** Returns the median over rounds of how many times the floor each variant took. */
export function ratiosToFloor(measured: readonly Measured[]): RecordedRatios {
  const floors = new Map(
    measured.filter(({ contender }) => contender === 'floor').map(({ kind, slices }) => [kind, slices]),
  )
  return Object.fromEntries(
    measured
      .filter(({ contender, slices }) => contender !== 'floor' && slices.length > 0)
      .map(({ kind, contender, slices }) => [
        `${kind}, ${contender}`,
        Number(median(byRound(slices, floors.get(kind) ?? [])).toFixed(2)),
      ]),
  )
}

function byRound(slices: readonly Slice[], floors: readonly Slice[]): number[] {
  return slices.flatMap((slice, round) => {
    const floor = floors[round]
    return floor === undefined ? [] : [microsecondsEach([slice]) / microsecondsEach([floor])]
  })
}

export type Worse = { readonly name: string; readonly recorded: number; readonly found: number }

/** Returns what is worse than recorded by more than the tolerance; what was never recorded is not judged. */
export function worseThanRecorded(found: RecordedRatios, recorded: RecordedRatios): readonly Worse[] {
  return Object.entries(found).flatMap(([name, ratio]) => {
    const before = recorded[name]
    return before !== undefined && ratio > before * TOLERANCE
      ? [{ name, recorded: before, found: ratio }]
      : []
  })
}
