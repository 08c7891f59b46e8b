/** Ratios to the floor: by the median of rounds, and worse only by more than a quarter. */
import { expect, test } from 'vitest'
import { ratiosToFloor, worseThanRecorded } from '../../../bench/edge/ratio-check.ts'

const NO_TIMES = { firstByteMs: [], wholeMs: [] }
const measured = (contender: string, cpuMs: readonly number[]) => ({
  kind: 'pass-through',
  contender,
  slices: cpuMs.map((each) => ({ cpuMs: each, count: 100 })),
  times: NO_TIMES,
})

test('are the median over rounds, so that one disturbed round moves nothing', () => {
  const ratios = ratiosToFloor([
    measured('floor', [100, 200, 100]),
    measured('as shipped', [150, 320, 900]),
    measured('direct', []),
  ])
  expect(ratios).toEqual({ 'pass-through, as shipped': 1.6 })
})

test('are worse from more than a quarter above the recorded ones, and not judged where none is recorded', () => {
  const recorded = { a: 2, b: 2, c: 2 }
  expect(worseThanRecorded({ a: 2.5, b: 2.51, c: 1, d: 9 }, recorded)).toEqual([
    { name: 'b', recorded: 2, found: 2.51 },
  ])
})
