/** Features of one text: what is told again is what was told. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Emit, emitWords, tellAgain, wordsOf } from '../../../../edge/routing/classifier/hashed-text.ts'
import { PLACES } from '../../../../edge/routing/classifier/places.ts'
import { plainCodes } from '../../../../edge/routing/classifier/plain-codes.ts'

function heard(tell: (emit: Emit) => void): readonly unknown[] {
  const all: unknown[] = []
  tell((...feature) => all.push(feature))
  return all
}

test('words that are told again are those that were told, in the same order, as often as one likes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.boolean(), (text, inPairs) => {
      const codes = plainCodes(text)
      const pairs = inPairs ? PLACES.system : undefined
      const told = heard((emit) => emitWords(codes, emit, PLACES.system, pairs))
      const words = wordsOf(codes, PLACES.system, pairs)
      for (let times = 0; times < 2; times++) expect(heard((emit) => tellAgain(words, emit))).toEqual(told)
    }),
  )
})
