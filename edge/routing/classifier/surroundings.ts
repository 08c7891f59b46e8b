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

/** Returns the message without its first sentences and without its last ones, up to three of each; none where it is one sentence. */
export function withoutSurroundings(message: string): readonly string[] {
  if (message.length > LONGEST_MESSAGE) return []
  const sentences = message
    .replace(OPENING, '$1\n')
    .split(SENTENCE_END)
    .filter((sentence) => sentence.trim() !== '')
  const found: string[] = []
  for (let count = 1; count <= MOST_SENTENCES && count < sentences.length; count++) {
    const before = sentences.slice(0, count)
    const after = sentences.slice(-count)
    if (lengthOf(before) <= LONGEST_SURROUNDING) found.push(sentences.slice(count).join('\n'))
    if (lengthOf(after) <= LONGEST_SURROUNDING) found.push(sentences.slice(0, -count).join('\n'))
  }
  return found.filter((rest) => SAYS_SOMETHING.test(rest))
}

function lengthOf(sentences: readonly string[]): number {
  return sentences.reduce((sum, { length }) => sum + length, 0)
}
