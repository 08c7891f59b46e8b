/** Words counted by their signs: as many as whoever names them finds, whatever piece of a text is asked about. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { plainCodes, textOfCodes } from '../../../../edge/routing/classifier/plain-codes.ts'
import { createWordCounter } from '../../../../edge/routing/classifier/word-kinds.ts'

const countIn = (text: string, start: number, end: number) =>
  createWordCounter()(plainCodes(text), start, end)

test('tells words from numbers and from what is neither', () => {
  expect(countIn('prove 17 times', 0, 14)).toEqual({ words: 2, numbers: 1 })
  expect(countIn("don't", 1, 2)).toEqual({ words: 1, numbers: 0 })
  expect(countIn('a1 11', 0, 5)).toEqual({ words: 1, numbers: 1 })
  expect(countIn('... ?!', 0, 6)).toEqual({ words: 0, numbers: 0 })
  expect(countIn('приве́т мир', 0, 10).words).toBeGreaterThan(0)
  expect(countIn('', -3, 5)).toEqual({ words: 0, numbers: 0 })
})

test('counts what a search by pattern finds, in every piece', () => {
  const text = fc.array(fc.constantFrom('ab', "o'c", '12', 'x7', 'é', 'ж', '今日', '𝒳', '?', '-'), {
    maxLength: 12,
  })
  fc.assert(
    fc.property(text, fc.nat(40), fc.nat(40), (words, first, second) => {
      const codes = plainCodes(words.join(' '))
      const plain = textOfCodes(codes)
      let [start, end] = [Math.min(first, second), Math.min(codes.length, Math.max(first, second))]
      if (start >= end) return
      const isIn = (at: number) => /[\p{L}\p{N}']/u.test(plain.charAt(at)) && plain.charCodeAt(at) < 0x2e80
      while (start > 0 && isIn(start - 1) && isIn(start)) start--
      while (end < plain.length && isIn(end) && isIn(end - 1)) end++
      // Half of a pair is no sign of its own.
      if (/[\ud800-\udfff]/.test(plain.charAt(start) + plain.charAt(end - 1))) return
      const found = plain.slice(start, end).match(/[\p{L}\p{N}']+/gu) ?? []
      const numbers = found.filter((word) => /^0+$/.test(word)).length
      expect(createWordCounter()(codes, start, end)).toEqual({ words: found.length - numbers, numbers })
    }),
  )
})
