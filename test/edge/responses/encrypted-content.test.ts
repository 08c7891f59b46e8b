import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encryptedContentOf, thinkingBlockOf } from '../../../edge/responses/encrypted-content.ts'

test('thinking comes back as it was, whatever it holds', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.base64String(), (thinking, signature) => {
      const block = { type: 'thinking', thinking, signature }
      const text = encryptedContentOf(block)
      expect(text).toMatch(/^[ -~]+$/)
      expect(thinkingBlockOf(text)).toEqual(block)
    }),
  )
  const redacted = { type: 'redacted_thinking', data: 'abc' }
  expect(thinkingBlockOf(encryptedContentOf(redacted))).toEqual(redacted)
})

test('what is none of the router’s is nothing', () => {
  fc.assert(
    fc.property(fc.constantFrom('', 'claude-thinking:'), fc.string(), (prefix, text) => {
      expect(thinkingBlockOf(prefix + text)).toBeUndefined()
    }),
  )
  const other = encryptedContentOf({ type: 'tool_use', id: 'x', name: 'f', input: {} })
  expect(thinkingBlockOf(other)).toBeUndefined()
})

test.each([
  ['more depth', `${'['.repeat(5_000)}${']'.repeat(5_000)}`],
  ['more values', `[${'{},'.repeat(5_000)}{}]`],
])('what holds %s than any thinking is nothing', (_, extra) => {
  const json = `{"type":"thinking","thinking":"a","signature":"b","extra":${extra}}`
  expect(thinkingBlockOf(`claude-thinking:${btoa(json)}`)).toBeUndefined()
})
