import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hardestPart, withoutSurroundings } from '../../../../edge/routing/classifier/surroundings.ts'
import { featuresOf } from '../../../support/edge/requests.ts'
import { ask } from '../../../support/edge/router.ts'

const partsOf = (text: string) =>
  withoutSurroundings(featuresOf(ask(text))).map(({ lastUserText }) => lastUserText)

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
    expect(partsOf(`${before}${asked}${after}`)).toContain(asked)
})

test('a message of one sentence has no parts, nor has a long one', () => {
  for (const text of ['What is the capital of France?', 'Thanks', '', '\n\n', 'Why? '.repeat(200)])
    expect(partsOf(text)).toEqual([])
})

test('a part is as long as it says, and says something', () => {
  const piece = fc.constantFrom('Hi!', ' Thanks. ', '\n', 'Prove it.', 'why', '。', '42.', 'Bye')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      for (const part of withoutSurroundings(featuresOf(ask(pieces.join(''))))) {
        expect(part.lastUserCharacters).toBe(part.lastUserText.length)
        expect(part.lastUserText).toMatch(/\p{L}/u)
      }
    }),
  )
})

test('the hardest part is found between surroundings on both sides', () => {
  const asked = 'Prove it.'
  const request = featuresOf(ask(`Hi! You are great. ${asked} Thanks! Have a nice day.`))
  const byLength = ({ lastUserText }: { lastUserText: string }) =>
    lastUserText.includes(asked) ? -lastUserText.length : Number.NEGATIVE_INFINITY
  expect(hardestPart(request, byLength)).toMatchObject({
    part: { lastUserText: asked },
    score: -asked.length,
  })
  expect(hardestPart(request, () => 0)).toEqual({ part: request, score: 0 })
})
