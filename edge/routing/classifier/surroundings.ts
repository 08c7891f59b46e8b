/**
 * What is left of a short message without the friendly words, or the words to whoever routes, that stand around what it
 * asks: none of them makes it easier. Judges nothing.
 */
import { SAYS_SOMETHING } from '../plain-text.ts'

/** In a longer message a sentence more weighs little. */
const LONGEST_MESSAGE = 400
/** Longer beginnings and ends are no mere surroundings. */
const LONGEST_SURROUNDING = 120
const MOST_SENTENCES = 3
/** A word or two in front of a comma, such as a greeting, stand for a sentence. */
const OPENING = /^([^,.!?\n]{1,15}),\s+/u
const SENTENCE_END = /(?<=[.!?。！？…])\s+|\n+|(?<=[。！？])/u

/** Returns the message without its first sentences, its last ones or some of both, up to three in all; none where it is one sentence. */
export function withoutSurroundings(message: string): readonly string[] {
  if (message.length > LONGEST_MESSAGE) return []
  const sentences = message
    .replace(OPENING, '$1\n')
    .split(SENTENCE_END)
    .filter((sentence) => sentence.trim() !== '')
  const found: string[] = []
  const most = Math.min(MOST_SENTENCES, sentences.length - 1)
  for (let first = 0; first <= most; first++)
    for (let last = 0; first + last <= most; last++) {
      const end = sentences.length - last
      const longest = Math.max(lengthOf(sentences.slice(0, first)), lengthOf(sentences.slice(end)))
      if (first + last > 0 && longest <= LONGEST_SURROUNDING)
        found.push(sentences.slice(first, end).join('\n'))
    }
  return found.filter((rest) => SAYS_SOMETHING.test(rest))
}

function lengthOf(sentences: readonly string[]): number {
  return sentences.reduce((sum, { length }) => sum + length, 0)
}
