/**
 * Why a request got its score, in words that a person understands: the words and forms that weighed most. Not on the path
 * of a request: it looks at every feature by its text.
 */
import type { Features } from '../features.ts'
import type { Vectorize } from './feature-vector.ts'
import { createFormPhrases, type Form } from './form-phrases.ts'
import { FORMS } from './hashed-features.ts'
import type { LinearHead } from './linear-head.ts'
import { PLACES } from './places.ts'
import { textOfCodes } from './plain-codes.ts'
import { kindOfPlace, kindWithoutWords, strongestFirst, type Weighed } from './reason-kinds.ts'

/** What names a reason may quote a word of the request, as in `the word "prove" in the last message`. */
export type Reason = Weighed & { readonly what: string }

/** Longer pieces of a message are cut where they are named. */
const NAMED_CHARACTERS = 40
/** Every digit is the same to the classifier. */
const MASKED_NUMBER = /^0+$/

type Named = Pick<Reason, 'kind' | 'what'>
type Contribution = Named & { readonly weight: number }
type Found = {
  readonly place: number
  readonly row: number
  readonly codes: Uint16Array
  readonly start: number
  readonly end: number
}

/** Returns the strongest reasons, strongest first. */
export function findReasons(features: Features, head: LinearHead, vectorize: Vectorize): readonly Reason[] {
  const sums = new Map<string, Named & { weight: number }>()
  for (const { kind, what, weight } of contributionsOf(features, head, vectorize)) {
    const key = JSON.stringify([kind, what])
    const sum = sums.get(key) ?? { kind, what, weight: 0 }
    sum.weight += weight
    sums.set(key, sum)
  }
  return strongestFirst([...sums.values()])
}

function contributionsOf(
  features: Features,
  head: LinearHead,
  vectorize: Vectorize,
): readonly Contribution[] {
  const sayForm = createFormPhrases(features)
  const texts = new Map<Uint16Array, string>()
  const textOf = (codes: Uint16Array): string => {
    const text = texts.get(codes) ?? textOfCodes(codes)
    texts.set(codes, text)
    return text
  }
  return weighFeatures(features, head, vectorize).flatMap(({ feature, weight }) => {
    const names =
      feature.place === PLACES.form ? formsOf(feature.start).map(sayForm) : wordsOf(feature, textOf)
    return names.map((name) => ({ ...name, weight: weight / names.length }))
  })
}

type WeighedFeature = { readonly feature: Found; readonly weight: number }

/** Returns each feature that says anything, once, with what it added to the logit. */
function weighFeatures(
  features: Features,
  head: LinearHead,
  vectorize: Vectorize,
): readonly WeighedFeature[] {
  const mask = (1 << head.bits) - 1
  const found: Found[] = []
  const { factors } = vectorize(features, (place, row, codes, start, end) => {
    const isWeighed = (head.places & (1 << place)) !== 0 && head.weights[row & mask] !== 0
    if (isWeighed) found.push({ place, row, codes, start, end })
  })
  return found.map((feature) => ({
    feature,
    weight: (head.weights[feature.row & mask] ?? 0) * head.scale * (factors[feature.place] ?? 0),
  }))
}

function formsOf(number: number): readonly Form[] {
  return Object.entries(FORMS).find(([form]) => Number(form) === number)?.[1] ?? []
}

/** A piece of a word speaks for the word, a pair of words for both. */
function wordsOf(
  { place, codes, start, end }: Found,
  textOf: (codes: Uint16Array) => string,
): readonly Named[] {
  const where = PLACE_NAMES[place] ?? 'the last message'
  const words = wordsAt(textOf(codes), Math.max(0, start), Math.min(codes.length, end))
  if (words.length === 0) return [{ kind: kindWithoutWords(place), what: `the punctuation of ${where}` }]
  const kind = kindOfPlace(place)
  return words.map((word) =>
    MASKED_NUMBER.test(word)
      ? {
          kind: 'digits',
          what: `a number of ${word.length === 1 ? 'one digit' : `${word.length} digits`} in ${where}`,
        }
      : { kind, what: `the word "${word}" in ${where}` },
  )
}

const PLACE_NAMES: Readonly<Record<number, string>> = {
  [PLACES.earlier]: 'the conversation before',
  [PLACES.system]: 'the system prompt',
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
