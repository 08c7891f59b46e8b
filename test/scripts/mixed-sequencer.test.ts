import { expect, test } from 'vitest'
import { mixed } from '../../scripts/mixed-sequencer.ts'

test('puts the first list at even distances into the second, each in its own order', () => {
  expect(mixed(['A', 'B'], ['1', '2', '3', '4', '5', '6']).join('')).toBe('A123B456')
})

test('takes lists of any length, none too', () => {
  expect(mixed(['A', 'B'], [])).toEqual(['A', 'B'])
  expect(mixed([], ['1', '2'])).toEqual(['1', '2'])
  expect(mixed(['A', 'B', 'C'], ['1'])).toEqual(['A', 'B', '1', 'C'])
})
