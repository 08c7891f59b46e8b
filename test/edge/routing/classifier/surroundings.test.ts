import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hardestPart } from '../../../../edge/routing/classifier/surroundings.ts'
import { withoutSurroundings } from '../../../../edge/routing/classifier/without-surroundings.ts'
import type { Features } from '../../../../edge/routing/features.ts'
import { featuresOf } from '../../../support/edge/requests.ts'
import { ask } from '../../../support/edge/router.ts'

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

/** As it is defined, each part of each step scored anew. */
function hardestByDefinition(features: Features, score: (part: Features) => number) {
  let hardest = { part: features, score: score(features) }
  for (;;) {
    const found = withoutSurroundings(hardest.part.lastUserText)
      .map((text) => ({ ...hardest.part, lastUserText: text, lastUserCharacters: text.length }))
      .map((part) => ({ part, score: score(part) }))
      .reduce((one, other) => (other.score > one.score ? other : one), hardest)
    if (found === hardest) return hardest
    hardest = found
  }
}

test('no part is scored twice, and the part that is found is the one that scoring all of them finds', () => {
  const piece = fc.constantFrom('Hi! ', 'Thanks. ', '\n', 'Prove it. ', 'why ', '。', '42. ', 'Bye, ', 'So? ')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 25 }), fc.integer({ min: 1, max: 97 }), (pieces, seed) => {
      const request = featuresOf(ask(pieces.join('')))
      // Any function of the text will do: one without an order, and with ties.
      const score = ({ lastUserText }: Features) =>
        [...lastUserText].reduce((sum, character) => (sum * seed + character.charCodeAt(0)) % 13, 7)
      const scored: string[] = []
      const found = hardestPart(request, (part) => {
        if (part !== request) scored.push(part.lastUserText)
        return score(part)
      })
      expect(found).toEqual(hardestByDefinition(request, score))
      expect(new Set(scored).size).toBe(scored.length)
    }),
  )
})
