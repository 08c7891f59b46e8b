/**
 * What is left of a short message without the sentences that stand around what it asks. Judges nothing.
 */
import { SAYS_SOMETHING } from '../plain-text.ts'

/** In a longer message a sentence more weighs little. */
const LONGEST_MESSAGE = 700
/** A longer sentence is no mere surrounding. */
const LONGEST_SURROUNDING = 200
const MOST_SENTENCES = 4
/** A word or two in front of a comma, such as a greeting, stand for a sentence. */
const OPENING = /^[^,.!?\n]{1,15},\s+/u
const SENTENCE = /.*?(?:[.!?…।؟۔]+(?:\s+|$)|[。！？]+\s*|\n+|$)/gsu

/**
 * Returns the message without its first sentences and without its last ones, up to four of each; nothing where it is one
 * sentence. What is left stands as it stood.
 */
export function withoutSurroundings(message: string): readonly string[] {
  if (message.length > LONGEST_MESSAGE) return []
  const sentences = sentencesOf(message)
  const found: string[] = []
  for (let count = 1; count <= MOST_SENTENCES && count < sentences.length; count++) {
    const before = sentences.slice(0, count)
    const after = sentences.slice(-count)
    if (before.every(isShort)) found.push(message.slice(before.join('').length).trim())
    if (after.every(isShort)) found.push(message.slice(0, -after.join('').length).trim())
  }
  return found.filter((rest) => SAYS_SOMETHING.test(rest))
}

function isShort({ length }: string): boolean {
  return length <= LONGEST_SURROUNDING
}

/** Returns pieces that together are the message. */
function sentencesOf(message: string): readonly string[] {
  const [opening = ''] = OPENING.exec(message) ?? []
  const pieces = message.slice(opening.length).match(SENTENCE) ?? []
  return mergeBlank([opening, ...pieces])
}

/** White space alone is no sentence: it belongs to what stands before it. */
function mergeBlank(pieces: readonly string[]): readonly string[] {
  const merged: string[] = []
  for (const piece of pieces) {
    if (piece.trim() === '' && merged.length > 0) merged.push(`${merged.pop()}${piece}`)
    else if (piece !== '') merged.push(piece)
  }
  return merged
}
