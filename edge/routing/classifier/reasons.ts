/**
 * Why a request got its score, in words that a person understands: the words and forms that weighed most. Not on the path
 * of a request: it looks at every feature by its text.
 */
import type { Features } from '../features.ts'
import { PLACE_COUNT, rowOf } from './feature-vector.ts'
import { emitFeatures, FORM_NAMES, PLACES } from './hashed-features.ts'
import { type LinearHead, placeFactors } from './linear-head.ts'
import { textOfCodes } from './plain-codes.ts'

export type Reason = {
  /** Such as `"prove" in the message` or `length of the message`. */
  readonly what: string
  /** What it added to the logit of being complex; negative: it speaks for simple. */
  readonly weight: number
}

const MOST_REASONS = 6
/** Less than this is no reason. */
const LEAST_WEIGHT = 0.05
/** Longer pieces of a message are cut where they are named. */
const NAMED_CHARACTERS = 40

type Found = {
  readonly place: number
  readonly row: number
  readonly codes: Uint16Array
  readonly start: number
  readonly end: number
}

/** Returns the strongest reasons, strongest first. */
export function findReasons(features: Features, head: LinearHead): readonly Reason[] {
  const found = new Map<number, Found>()
  const counts = new Uint32Array(PLACE_COUNT)
  emitFeatures(features, (place, hash, codes, start, end) => {
    const row = rowOf(place, hash)
    if (found.has(row)) return
    found.set(row, { place, row, codes, start, end })
    counts[place] = (counts[place] ?? 0) + 1
  })
  const factors = placeFactors(counts)
  const mask = (1 << head.bits) - 1
  const sums = new Map<string, number>()
  for (const feature of found.values()) {
    if ((head.places & (1 << feature.place)) === 0) continue
    const weight = (head.weights[feature.row & mask] ?? 0) * head.scale * (factors[feature.place] ?? 0)
    const names = namesOf(feature)
    for (const name of names) sums.set(name, (sums.get(name) ?? 0) + weight / names.length)
  }
  return [...sums]
    .map(([what, weight]) => ({ what, weight: Math.round(weight * 1_000) / 1_000 }))
    .filter(({ weight }) => Math.abs(weight) >= LEAST_WEIGHT)
    .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
    .slice(0, MOST_REASONS)
}

/** A piece of a word speaks for the word, a pair of words for both. */
function namesOf({ place, codes, start, end }: Found): readonly string[] {
  if (place === PLACES.form) return [FORM_NAMES[start] ?? 'form of the message']
  const where =
    place === PLACES.system ? 'system prompt' : place === PLACES.earlier ? 'earlier conversation' : 'message'
  const words = wordsAt(textOfCodes(codes), Math.max(0, start), Math.min(codes.length, end))
  return words.length === 0
    ? [`punctuation in the ${where}`]
    : words.map((word) => `"${word}" in the ${where}`)
}

function wordsAt(text: string, start: number, end: number): readonly string[] {
  let from = start
  while (from > 0 && isInWord(text, from - 1) && isInWord(text, from)) from--
  let to = end
  while (to < text.length && isInWord(text, to) && isInWord(text, to - 1)) to++
  return (
    text
      .slice(from, to)
      .match(/[\p{L}\p{N}']+/gu)
      ?.map((word) => word.slice(0, NAMED_CHARACTERS)) ?? []
  )
}

/** Scripts without spaces have no words to widen a piece to. */
function isInWord(text: string, at: number): boolean {
  return /[\p{L}\p{N}']/u.test(text.charAt(at)) && text.charCodeAt(at) < 0x2e80
}
