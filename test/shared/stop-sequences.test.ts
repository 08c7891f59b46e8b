import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createStopMatcher } from '../../shared/stop-sequences.ts'

function feed(pieces: readonly string[], sequences: readonly string[]) {
  const matcher = createStopMatcher(sequences)
  let text = ''
  for (const piece of pieces) {
    const match = matcher.push(piece)
    text += match.text
    if (match.stopped !== null) return { text, stopped: match.stopped }
  }
  return { text: text + matcher.flush(), stopped: null }
}

/** The plain definition: the first position at which the text ends with a sequence. */
function reference(whole: string, sequences: readonly string[]) {
  for (let end = 1; end <= whole.length; end++) {
    const hits = sequences.filter((sequence) => whole.slice(0, end).endsWith(sequence))
    const longest = hits.sort((a, b) => b.length - a.length)[0]
    if (longest !== undefined) return { text: whole.slice(0, end - longest.length), stopped: longest }
  }
  return { text: whole, stopped: null }
}

test('F45 finds a sequence that is split over pieces and lets nothing of it through', () => {
  expect(feed(['Hel', 'lo E', 'N', 'D more'], ['END'])).toEqual({ text: 'Hello ', stopped: 'END' })
})

test('lets go of what only looked like the beginning of a sequence', () => {
  const matcher = createStopMatcher(['END'])
  expect(matcher.push('the EN')).toEqual({ text: 'the ', stopped: null })
  expect(matcher.push('emy')).toEqual({ text: 'ENemy', stopped: null })
})

test('F45 agrees with the plain definition for any text, cut anywhere', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '😀'), maxLength: 30 })
  const sequence = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '😀'), minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(fc.array(letters), fc.array(sequence, { maxLength: 4 }), (pieces, sequences) => {
      expect(feed(pieces, sequences)).toEqual(reference(pieces.join(''), sequences))
    }),
  )
})

test('never parts a surrogate pair', () => {
  const matcher = createStopMatcher(['\udc00x'])
  const { text } = matcher.push('a\ud83d\udc00')
  expect(text.isWellFormed()).toBe(true)
  expect(text + matcher.flush()).toBe('a\ud83d\udc00')
})
