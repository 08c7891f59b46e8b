/** Expected prices as people read them. */
import { expect, test } from 'vitest'
import { formatEstimatedUsd } from '../../../../edge/pages/playground/format-estimate.ts'

test.each([
  [0, '$0'],
  [0.0000077, '$0.0000077'],
  [0.000212, '$0.00021'],
  [0.01, '$0.01'],
  [0.5, '$0.50'],
  [0.05, '$0.05'],
  [0.123, '$0.12'],
  [1, '$1.00'],
  [1234.5, '$1,234.50'],
  [-0.004, '−$0.004'],
  [-12.3, '−$12.30'],
  [1e-12, '$0.000000000001'],
])('%s USD is %s', (usd, text) => {
  expect(formatEstimatedUsd(usd)).toBe(text)
})

test('a dollar is never rounded away', () => {
  expect(formatEstimatedUsd(1.999)).toBe('$2.00')
  expect(formatEstimatedUsd(999.999)).toBe('$1,000.00')
  expect(formatEstimatedUsd(0.999)).toBe('$1.00')
})
