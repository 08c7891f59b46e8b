/** What a trained file says of where its rows come from. */
import { expect, test } from 'vitest'
import { describeSources, ROWS_BY_THEMSELVES, ROWS_IN_CONTEXT } from '../../scripts/training-options.ts'

test('names each folder of the project, and that an operator gave others', () => {
  const requests = 'training/requests (MIT, written for this project)'
  const inContext = 'training/requests-in-context (MIT, written for this project)'
  expect(describeSources(ROWS_BY_THEMSELVES)).toBe(requests)
  expect(describeSources(ROWS_IN_CONTEXT)).toBe(`${requests}, ${inContext}`)
  expect(describeSources(['mine/'])).toBe('given by the operator')
  expect(describeSources([...ROWS_BY_THEMSELVES, 'mine/'])).toBe(`${requests}, given by the operator`)
})
