/**
 * What is left of a short message without the friendly words, or the words to whoever routes, that stand around what it
 * asks: none of them makes it easier. Judges nothing.
 */
import type { Features } from '../features.ts'
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
 * Returns the part of a request that scores highest, and its score: the whole, or what is left of it step by step, as long
 * as that scores higher.
 */
export function hardestPart(
  features: Features,
  score: (part: Features) => number,
): { readonly part: Features; readonly score: number } {
  let hardest = { part: features, score: score(features) }
  // Without the first sentence and then the last one is without the last one and then the first: what was scored once was not higher.
  const scored = new Set<string>()
  for (;;) {
    let found = hardest
    for (const text of partsOf(hardest.part.lastUserText)) {
      if (scored.has(text)) continue
      scored.add(text)
      const part = withLastMessage(hardest.part, text)
      const candidate = { part, score: score(part) }
      if (candidate.score > found.score) found = candidate
    }
    if (found === hardest) return hardest
    hardest = found
  }
}

/**
 * Returns the request without the first sentences of its last message and without the last ones, up to four of each; none
 * where it is one sentence. What is left stands as it stood.
 */
export function withoutSurroundings(features: Features): readonly Features[] {
  return partsOf(features.lastUserText).map((text) => withLastMessage(features, text))
}

function withLastMessage(features: Features, lastUserText: string): Features {
  return { ...features, lastUserText, lastUserCharacters: lastUserText.length }
}

function partsOf(message: string): readonly string[] {
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
