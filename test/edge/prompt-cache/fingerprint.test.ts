/** By what prefixes are told apart, and how long they are thought to be. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFingerprint } from '../../../edge/prompt-cache/fingerprint.ts'
import { estimateTokens } from '../../../shared/tokens.ts'

function digestOf(value: unknown, seed = 1, longest = 100) {
  const fingerprint = createFingerprint(seed)
  fingerprint.add(value, longest)
  return fingerprint.digest()
}

test('is the same for the same values, and another one for others', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      expect(digestOf(one)).toBe(digestOf(structuredClone(one)))
      if (JSON.stringify(one) !== JSON.stringify(other) && JSON.stringify(one).length < 80)
        expect(digestOf([one, 'x'])).not.toBe(digestOf([other, 'y']))
    }),
  )
})

test('tells values apart that are made of the same texts', () => {
  const values = [
    ['ab'],
    ['a', 'b'],
    [['a'], 'b'],
    { a: 'b' },
    { b: 'a' },
    'ab',
    ['ab', ''],
    [],
    [[]],
    {},
    null,
  ]
  expect(new Set(values.map((value) => digestOf(value))).size).toBe(values.length)
})

test('depends on the seed, so that nobody can look for a text in receipts', () => {
  expect(digestOf('a text', 1)).not.toBe(digestOf('a text', 2))
})

test('reads both ends of long texts and their length', () => {
  const text = 'x'.repeat(1_000)
  const changed = (at: number) => `${text.slice(0, at)}y${text.slice(at + 1)}`
  expect(digestOf(changed(20))).not.toBe(digestOf(text))
  expect(digestOf(changed(980))).not.toBe(digestOf(text))
  expect(digestOf(`${text}x`)).not.toBe(digestOf(text))
  expect(digestOf(changed(500))).toBe(digestOf(text))
})

test('can be read on the way', () => {
  const fingerprint = createFingerprint(1)
  fingerprint.add('first', 100)
  const before = fingerprint.digest()
  fingerprint.add('second', 100)
  expect(before).toBe(digestOf('first'))
  expect(fingerprint.digest()).not.toBe(before)
})

test('estimates tokens as it is done everywhere else', () => {
  const tokensOf = (text: string) => {
    const fingerprint = createFingerprint(1)
    fingerprint.add(text, 1_000)
    return fingerprint.tokens()
  }
  const text = fc.string({
    unit: fc.oneof(fc.constantFrom('x', '图', '—', '“', '🙂', '\ud83d'), fc.string()),
  })
  fc.assert(
    fc.property(text, (value) => {
      expect(Math.ceil(tokensOf(value))).toBe(estimateTokens(value))
    }),
  )
})
