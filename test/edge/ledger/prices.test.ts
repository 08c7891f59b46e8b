/** Prices: each kind of token at its rate, the tier by the whole prompt, and no guess where a price is unknown. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { costUsd } from '../../../edge/ledger/prices.ts'

const MILLION = 1_000_000

test('counts each kind of token at its own rate', () => {
  const model = 'claude-opus-5-5'
  expect(costUsd(model, { input_tokens: MILLION })).toBe(4)
  expect(costUsd(model, { output_tokens: MILLION })).toBe(20)
  expect(costUsd(model, { cache_read_input_tokens: MILLION })).toBe(0.2)
  expect(costUsd(model, { cache_creation_input_tokens: MILLION })).toBe(5)
})

test('counts writes that last an hour at the higher rate', () => {
  const writes = (hour: unknown) =>
    costUsd('claude-opus-5-5', {
      cache_creation_input_tokens: MILLION,
      cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: hour },
    })
  expect(writes(MILLION)).toBe(8)
  expect(writes(MILLION / 2)).toBe(6.5)
  expect(writes(5 * MILLION)).toBe(8)
  for (const nonsense of [null, 'x', undefined]) expect(writes(nonsense)).toBe(5)
})

test('chooses the tier by the whole prompt, cache included', () => {
  const model = 'claude-haiku-5-5'
  const cheap = costUsd(model, { input_tokens: 100_000 }) ?? 0
  expect(cheap).toBeCloseTo(0.01, 10)
  expect(costUsd(model, { input_tokens: 100_001 })).toBeCloseTo(0.0500005, 10)
  expect(costUsd(model, { input_tokens: 50_000, cache_read_input_tokens: 50_001 })).toBeCloseTo(
    (50_000 * 0.5 + 50_001 * 0.05) / MILLION,
    10,
  )
  // The answer's length does not count towards the tier.
  expect(costUsd(model, { input_tokens: 10, output_tokens: 200_000 })).toBeCloseTo(0.100001, 10)
})

test('knows dated ids', () => {
  expect(costUsd('claude-haiku-4-5-20251001', { input_tokens: MILLION })).toBe(1)
})

test('has no price for a model or a speed that it does not know', () => {
  for (const model of [
    'claude-9',
    '',
    'tiny-model',
    '__proto__',
    'constructor',
    'toString',
    'claude-opus-5-5-2026',
  ])
    expect(costUsd(model, { input_tokens: 1 }), model).toBeUndefined()
  expect(costUsd('claude-opus-5-5', { input_tokens: 1, speed: 'fast' })).toBeUndefined()
  expect(costUsd('claude-opus-5-5', { input_tokens: 1, service_tier: 'priority' })).toBeUndefined()
})

test('a batch costs half of everything, cache and long prompts included', () => {
  const usages = [
    { input_tokens: 200_000, output_tokens: 10 },
    { input_tokens: 10, cache_read_input_tokens: 70_000, cache_creation_input_tokens: 400 },
    { cache_creation_input_tokens: 90, cache_creation: { ephemeral_1h_input_tokens: 60 } },
  ]
  for (const model of ['claude-haiku-5-5', 'claude-opus-5-5', 'claude-haiku-4-5-20251001'])
    for (const usage of usages)
      expect(costUsd(model, { ...usage, service_tier: 'batch' })).toBeCloseTo(
        (costUsd(model, usage) ?? 0) / 2,
        9,
      )
})

test('takes missing counts for none', () => {
  expect(costUsd('claude-opus-5-5', {})).toBe(0)
  expect(costUsd('claude-opus-5-5', { input_tokens: null, output_tokens: null })).toBe(0)
})

test('never costs less for more tokens', () => {
  const count = fc.nat({ max: 300_000 })
  const model = fc.constantFrom('claude-haiku-5-5', 'claude-opus-5-5', 'claude-sonnet-4-6')
  fc.assert(
    fc.property(model, count, count, fc.nat({ max: 1_000 }), (name, input_tokens, output_tokens, more) => {
      const cost = costUsd(name, { input_tokens, output_tokens }) ?? Number.NaN
      expect(cost).toBeGreaterThanOrEqual(0)
      expect(costUsd(name, { input_tokens: input_tokens + more, output_tokens })).toBeGreaterThanOrEqual(cost)
      expect(costUsd(name, { input_tokens, output_tokens: output_tokens + more })).toBeGreaterThanOrEqual(
        cost,
      )
    }),
  )
})
