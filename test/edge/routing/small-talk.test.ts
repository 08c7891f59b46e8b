import fc from 'fast-check'
import { expect, test } from 'vitest'
import { withoutSmallTalk } from '../../../edge/routing/small-talk.ts'

test('leaves what is asked', () => {
  const asked = 'Prove that every finite integral domain is a field. Explain each step.'
  for (const [before, after] of [
    ["Good morning! You're great. Thanks, thanks, thanks! ", ''],
    ['', '\n\nHello! How are you?'],
    ['Hi!\n\n', ' Have a nice day!'],
  ])
    expect(withoutSmallTalk(`${before}${asked}${after}`)).toBe(asked)
})

test('is nothing where there is no small talk, or nothing else', () => {
  for (const text of ['What is the capital of France?', 'Hello! How are you?', 'Thanks', '', '\n\n'])
    expect(withoutSmallTalk(text)).toBeUndefined()
})

test('is a part of the text, whatever the text', () => {
  const piece = fc.constantFrom('Hi!', ' Thanks. ', '\n', 'Prove it.', 'why', '。', 'Bye')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const text = pieces.join('')
      const rest = withoutSmallTalk(text)
      expect(rest === undefined || (rest !== '' && text.includes(rest))).toBe(true)
    }),
  )
})
