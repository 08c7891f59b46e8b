/** Profiles by function: the same function is one, wherever it was called from, and idleness is nobody's. */
import { expect, test } from 'vitest'
import { selfTimes } from '../../../bench/edge/self-times.ts'

const node = (id: number, functionName: string) => ({
  id,
  callFrame: { functionName, scriptId: '1', url: '', lineNumber: 0, columnNumber: 0 },
})

test('sums up the time of each function', () => {
  const times = selfTimes({
    nodes: [node(1, '(idle)'), node(2, 'parse'), node(3, ''), node(4, 'parse')],
    samples: [1, 2, 3, 4, 4],
    timeDeltas: [1_000, 10, 20, 30, 40],
  })
  expect(times.map(({ name, share }) => [name, share])).toEqual([
    ['parse', 0.8],
    ['(anonymous)', 0.2],
  ])
})
