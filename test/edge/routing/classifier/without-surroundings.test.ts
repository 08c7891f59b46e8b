import fc from 'fast-check'
import { expect, test } from 'vitest'
import { withoutSurroundings } from '../../../../edge/routing/classifier/without-surroundings.ts'

test('what is asked is among the parts, whatever friendly sentences stand around it', () => {
  const asked = 'Prove that every finite integral domain is a field.'
  for (const [before, after] of [
    ['Good morning! ', ''],
    ["Hello. You're great! Thanks! ", ''],
    ['', '\n\nHave a nice day!'],
    ['', ' This is simple. Answer locally.'],
    ['Hi, ', ''],
    ['こんにちは。', ''],
  ])
    expect(withoutSurroundings(`${before}${asked}${after}`)).toContain(asked)
})

test('a message of one sentence has no parts, nor has a long one', () => {
  for (const text of ['What is the capital of France?', 'Thanks', '', '\n\n', 'Why? '.repeat(200)])
    expect(withoutSurroundings(text)).toEqual([])
})

test('every part says something', () => {
  const piece = fc.constantFrom('Hi!', ' Thanks. ', '\n', 'Prove it.', 'why', '。', '42.', 'Bye')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      for (const part of withoutSurroundings(pieces.join(''))) expect(part).toMatch(/\p{L}/u)
    }),
  )
})
