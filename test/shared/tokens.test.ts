/**
 * The token estimate: its bounds and that it holds for any text. How well it fits a tokenizer is measured elsewhere.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { estimateTokens } from '../../shared/tokens.ts'

const anyText = fc.string({
  unit: fc.oneof(fc.constantFrom('a', ' ', '\n', '水', '한', 'あ', '🙂'), fc.string()),
})
const brokenText = fc.array(fc.nat({ max: 0xffff })).map((units) => String.fromCharCode(...units))

test('no text is no token, any text is at least one', () => {
  expect(estimateTokens('')).toBe(0)
  fc.assert(
    fc.property(fc.oneof(anyText, brokenText), (text) => {
      expect(estimateTokens(text)).toBeGreaterThanOrEqual(text === '' ? 0 : 1)
      expect(Number.isInteger(estimateTokens(text))).toBe(true)
    }),
  )
})

test('the parts of a text add up to the whole, within one token', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, brokenText), fc.oneof(anyText, brokenText), (before, after) => {
      const parts = estimateTokens(before) + estimateTokens(after)
      expect(Math.abs(estimateTokens(before + after) - parts)).toBeLessThanOrEqual(1)
    }),
  )
})

test('more text is never fewer tokens', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, brokenText), fc.oneof(anyText, brokenText), (before, after) => {
      expect(estimateTokens(before + after)).toBeGreaterThanOrEqual(estimateTokens(before))
    }),
  )
})

test.each([
  ['The quick brown fox jumps over the lazy dog.', 18],
  ['我们今天去公园散步', 9],
  ['こんにちは世界', 7],
  ['안녕하세요', 5],
  ['hello 世界', 5],
])('%s is about %d tokens', (text, tokens) => {
  expect(estimateTokens(text)).toBe(tokens)
})

test('an emoji counts between one and two tokens, half a pair less than one', () => {
  expect(estimateTokens('🙂'.repeat(10))).toBe(14)
  expect(estimateTokens('\ud83d')).toBe(1)
})

test('typographic signs are as narrow as letters', () => {
  expect(estimateTokens('“—…’'.repeat(10))).toBe(16)
})

test('counts a text of a million wide characters without keeping them', () => {
  expect(estimateTokens('水'.repeat(1_000_000))).toBe(1_000_000)
  expect(estimateTokens('a'.repeat(1_000_000))).toBe(400_000)
})
