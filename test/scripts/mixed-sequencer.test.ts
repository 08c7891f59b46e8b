import { expect, test } from 'vitest'
import { mixed } from '../../scripts/mixed-sequencer.ts'

test('puts the first list at even distances into the second, each in its own order', () => {
  expect(mixed(['a', 'b'], [1, 2, 3, 4, 5, 6])).toEqual(['a', 1, 2, 3, 'b', 4, 5, 6])
})

test('takes lists of any length, none too', () => {
  expect(mixed(['a', 'b'], [])).toEqual(['a', 'b'])
  expect(mixed([], [1, 2])).toEqual([1, 2])
  expect(mixed(['a', 'b', 'c'], [1])).toEqual(['a', 'b', 1, 'c'])
})
