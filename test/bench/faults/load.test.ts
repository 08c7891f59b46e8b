/** The load's dice and verdicts: what is seeded is the same each time, what must hold is told apart from what does not. */
import { expect, test } from 'vitest'
import { heapGrowth, processGrowths } from '../../../bench/faults/growth.ts'
import { loadRequests } from '../../../bench/faults/load-requests.ts'
import { FAULTS, faultDie } from '../../../bench/faults/upstream-faults.ts'
import { quantile, verdictOfReceipts, verdictsOfEnds } from '../../../bench/faults/verdicts.ts'

test('the same seed gives the same faults, in the share that is asked for, of every kind', () => {
  const rolls = (seed: number) => Array.from({ length: 5_000 }, faultDie(0.1, seed))
  expect(rolls(1)).toEqual(rolls(1))
  expect(rolls(1)).not.toEqual(rolls(2))
  const met = rolls(1).filter((fault) => fault !== undefined)
  expect(met.length).toBeGreaterThan(400)
  expect(met.length).toBeLessThan(600)
  expect(new Set(met)).toEqual(new Set(FAULTS))
  expect(Array.from({ length: 100 }, faultDie(0, 1)).every((fault) => fault === undefined)).toBe(true)
})

test('each request of the load has a user of its own, by which its receipt is found', () => {
  const next = loadRequests(1, 'key')
  const requests = Array.from({ length: 500 }, next)
  expect(new Set(requests.map(({ user }) => user)).size).toBe(500)
  expect(requests.some(({ hangsUpAfterMs }) => hangsUpAfterMs !== undefined)).toBe(true)
  expect(requests.some(({ headers }) => headers['x-router-privacy'] === 'local')).toBe(true)
})

test('a request that never ends or ends wrongly, and a receipt too few or too many, do not hold', () => {
  const end = { kind: 'whole', status: 200, route: 'local', ms: 1 } as const
  expect(verdictsOfEnds([end]).every(({ holds }) => holds)).toBe(true)
  expect(verdictsOfEnds([end, { ...end, kind: 'never' }])[0]?.holds).toBe(false)
  expect(verdictsOfEnds([end, { ...end, kind: 'wrong', wrong: 'two answers in one' }])[1]).toMatchObject({
    holds: false,
    seen: '1 not, such as two answers in one',
  })
  const two = [end, end]
  expect(verdictOfReceipts(two, ['a', 'b']).holds).toBe(true)
  expect(verdictOfReceipts([end, { ...end, kind: 'hung_up' }], ['a']).holds).toBe(false)
  for (const users of [['a'], ['a', 'a'], ['a', 'b', 'c']])
    expect(verdictOfReceipts(two, users).holds).toBe(false)
})

test('what grows by more than it may after the warm-up does not hold, and a short soak is not judged', () => {
  expect(heapGrowth(8.8, 8.9, true).verdict.holds).toBe(true)
  expect(heapGrowth(8.8, 9.9, true).verdict.holds).toBe(false)
  expect(heapGrowth(8.8, 9.9, false).verdict.holds).toBe(true)
  const held = (edgeMiB: number | undefined) => ({
    edgeHeapMiB: 8.8,
    edgeMiB,
    containerMiB: 300,
    upstreamSockets: 0,
    containerSockets: 0,
    reserved: 0,
  })
  const holds = (values: readonly (number | undefined)[]) =>
    processGrowths(values.map(held), true).map(({ verdict }) => verdict.holds)
  expect(holds([80, 160, 180, 190])).toEqual([true, true])
  expect(holds([80, 160, 180, 193])).toEqual([false, true])
  // What is there at one moment only is no growth; what the system does not tell is not judged.
  expect(holds([80, 80, 160, 160, 240, 160, 160, 161])).toEqual([true, true])
  expect(holds([undefined, undefined])).toEqual([true, true])
})

test('a quantile is a value that was there', () => {
  expect(quantile([3, 1, 2], 0.5)).toBe(2)
  expect(quantile([3, 1, 2], 1)).toBe(3)
  expect(quantile([], 0.5)).toBeNaN()
})
