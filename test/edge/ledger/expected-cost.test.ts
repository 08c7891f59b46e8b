/** Expected costs: what the answer, once given, will be billed, and no price where none is known. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { expectedCostUsd } from '../../../edge/ledger/expected-cost.ts'
import { costUsd } from '../../../edge/ledger/prices.ts'

const MILLION = 1_000_000
const MODEL = 'claude-sonnet-5-5'
const count = fc.nat(MILLION)

test('prices each kind of token at its own rate', () => {
  expect(expectedCostUsd(MODEL, { uncached: MILLION, output: 0 })).toBe(2)
  expect(expectedCostUsd(MODEL, { uncached: 0, output: MILLION })).toBe(10)
  expect(expectedCostUsd(MODEL, { uncached: 0, cacheRead: MILLION, output: 0 })).toBe(0.1)
})

test('is what the answer costs if it takes as many tokens', () => {
  fc.assert(
    fc.property(count, count, count, (uncached, cacheRead, output) => {
      const usage = {
        input_tokens: uncached,
        cache_read_input_tokens: cacheRead,
        output_tokens: output,
      }
      expect(expectedCostUsd(MODEL, { uncached, cacheRead, output })).toBe(costUsd(MODEL, usage))
    }),
  )
})

test('counts what is not said of the cache as nothing', () => {
  expect(expectedCostUsd(MODEL, { uncached: 10, output: 5 })).toBe(
    expectedCostUsd(MODEL, { uncached: 10, cacheRead: 0, output: 5 }),
  )
})

test('has no price for a model that it does not know', () => {
  expect(expectedCostUsd('tiny-model', { uncached: 1, output: 1 })).toBeUndefined()
})
