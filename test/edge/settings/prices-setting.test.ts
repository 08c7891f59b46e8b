/** `PRICES`: what it says holds, what is wrong in it is said by model and field. */
import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { createPriceList } from '../../../edge/ledger/prices.ts'
import { priceOverrides } from '../../../edge/settings/prices-setting.ts'
import { parseSettings } from '../../../edge/settings/setting-schemas.ts'
import type { Usage } from '../../../shared/messages.ts'

const MILLION = 1_000_000
const read = (value: unknown) =>
  parseSettings(z.object({ PRICES: priceOverrides }), {
    PRICES: typeof value === 'string' ? value : JSON.stringify(value),
  })
const pricesOf = (value: unknown) => {
  const { settings, problems } = read(value)
  expect(problems).toEqual([])
  const list = createPriceList(settings.PRICES)
  return (model: string, usage: Usage) => {
    const nano = list(model, usage)
    return nano === undefined ? undefined : nano / 1e9
  }
}

test('adds models and takes the place of built-in prices', () => {
  const price = pricesOf({
    'my-model': { input: 1, output: 2 },
    'claude-sonnet-5-5': { input: 1.5, output: 7 },
  })
  expect(price('my-model', { input_tokens: MILLION })).toBe(1)
  expect(price('my-model', { output_tokens: MILLION })).toBe(2)
  expect(price('claude-sonnet-5-5', { input_tokens: MILLION })).toBe(1.5)
  expect(price('claude-opus-5-5', { input_tokens: MILLION })).toBe(4)
})

test('takes the usual shares for a cache that it says nothing of', () => {
  const hour = { cache_creation: { ephemeral_1h_input_tokens: MILLION } }
  const price = pricesOf({ a: { input: 10, output: 1 }, b: { input: 10, output: 1, cacheRead: 0 } })
  expect(price('a', { cache_read_input_tokens: MILLION })).toBe(1)
  expect(price('a', { cache_creation_input_tokens: MILLION })).toBe(12.5)
  expect(price('a', { cache_creation_input_tokens: MILLION, ...hour })).toBe(20)
  expect(price('b', { cache_read_input_tokens: MILLION })).toBe(0)
})

test('knows long prompts, and the service tiers that it is told of', () => {
  const price = pricesOf({
    a: {
      input: 1,
      output: 1,
      long: { aboveInputTokens: 100, input: 2, output: 2 },
      batch: { input: 0.5, output: 0.5 },
      fast: { input: 6, output: 6 },
    },
  })
  expect(price('a', { input_tokens: 100 })).toBe(0.0001)
  expect(price('a', { input_tokens: 101 })).toBe(0.000202)
  expect(price('a', { input_tokens: MILLION, service_tier: 'batch' })).toBe(0.5)
  expect(price('a', { input_tokens: MILLION, speed: 'fast' })).toBe(6)
  expect(price('a', { input_tokens: MILLION, service_tier: 'priority' })).toBeUndefined()
  expect(price('a', { input_tokens: MILLION, service_tier: 'another' })).toBeUndefined()
  const plain = pricesOf({ a: { input: 4, output: 8 } })
  expect(plain('a', { input_tokens: MILLION, output_tokens: MILLION, service_tier: 'batch' })).toBe(6)
})

test('takes names for names, whatever they are', () => {
  const price = pricesOf('{"__proto__": {"input": 1, "output": 1}, "constructor": {"input": 2, "output": 2}}')
  expect(price('__proto__', { input_tokens: MILLION })).toBe(1)
  expect(price('constructor', { input_tokens: MILLION })).toBe(2)
  expect(price('toString', { input_tokens: MILLION })).toBeUndefined()
})

const WRONG: readonly (readonly [unknown, RegExp])[] = [
  ['{', /^PRICES must be a JSON object of models/],
  ['[]', /^PRICES must be a JSON object of models/],
  ['7', /^PRICES must be a JSON object of models/],
  [{ a: 1 }, /^PRICES "a": it must be an object of prices/],
  [{ a: { input: 1 } }, /^PRICES "a": output must be a number of USD per million tokens/],
  [{ a: { input: -1, output: 1 } }, /^PRICES "a": input must be a number of USD/],
  [{ a: { input: '1', output: 1 } }, /^PRICES "a": input must be a number of USD/],
  [{ a: { input: 1, output: 1, cached: 1 } }, /^PRICES "a": it has no "cached"; possible are input, output/],
  [{ a: { input: 1, output: 1, batch: { input: 1 } } }, /^PRICES "a": batch\.output must be a number/],
  [
    { a: { input: 1, output: 1, long: { aboveInputTokens: 0, input: 1, output: 1 } } },
    /^PRICES "a": long\.aboveInputTokens must be a whole number of tokens/,
  ],
  [{ '': { input: 1, output: 1 } }, /^PRICES "": a model has a name/],
]
test.each(WRONG)('says what is wrong with %j', (value, problem) => {
  expect(read(value).problems.join('\n')).toMatch(problem)
})

test('says all that is wrong at once', () => {
  expect(read({ a: { input: 1 }, b: { output: 1 } }).problems).toHaveLength(2)
})
