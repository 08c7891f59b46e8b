/**
 * Why a request got its score, in words that a person understands: the words and forms that weighed most. Not on the path
 * of a request: it looks at every feature by its text.
 */
import type { Features } from '../features.ts'
import { PLACE_COUNT, rowOf } from './feature-vector.ts'
import { createFormPhrases, type Form, type ReasonKind } from './form-phrases.ts'
import { emitFeatures, FORMS, PLACES } from './hashed-features.ts'
import { type LinearHead, placeFactors } from './linear-head.ts'
import { textOfCodes } from './plain-codes.ts'
import { createWordCounter } from './word-kinds.ts'

export type Weighed = {
  readonly kind: ReasonKind
  /** What it added to the logit of being complex; negative: it speaks for simple. */
  readonly weight: number
  readonly towards: 'complex' | 'simple'
}
/** What names a reason may quote a word of the request, as in `the word "prove" in the last message`. */
export type Reason = Weighed & { readonly what: string }

const MOST_REASONS = 6
/** Less than this is no reason. */
const LEAST_WEIGHT = 0.05
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
export function findReasons(features: Features, head: LinearHead): readonly Reason[] {
  return strongest(contributionsOf(features, head), ({ kind, what }) => ({ kind, what }))
}

/** Returns which kinds of reason were strongest, strongest first, without a word of the request. */
export function findReasonKinds(features: Features, head: LinearHead): readonly Weighed[] {
  const countWords = createWordCounter()
  const sayForm = createFormPhrases(features)
  const sums = new Map<ReasonKind, number>()
  const add = (kind: ReasonKind, weight: number) => sums.set(kind, (sums.get(kind) ?? 0) + weight)
  for (const { feature, weight } of weighFeatures(features, head)) {
    const { place, codes, start, end } = feature
    if (place === PLACES.form) {
      const forms = formsOf(start)
      for (const form of forms) add(sayForm(form).kind, weight / forms.length)
      continue
    }
    const { kind } = PLACE_NAMES[place] ?? LAST_MESSAGE
    const { words, numbers } = countWords(codes, start, end)
    const touched = words + numbers
    if (touched === 0) add(kind === 'words' ? 'punctuation' : kind, weight)
    if (words > 0) add(kind, (weight * words) / touched)
    if (numbers > 0) add('digits', (weight * numbers) / touched)
  }
  return strongest(
    [...sums].map(([kind, weight]) => ({ kind, weight })),
    ({ kind }) => ({ kind }),
  )
}

function strongest<Given extends { readonly weight: number }, Name extends object>(
  contributions: readonly Given[],
  nameOf: (contribution: Given) => Name,
): readonly (Name & Omit<Weighed, 'kind'>)[] {
  const sums = new Map<string, { readonly name: Name; weight: number }>()
  for (const contribution of contributions) {
    const name = nameOf(contribution)
    const key = JSON.stringify(name)
    const sum = sums.get(key) ?? { name, weight: 0 }
    sum.weight += contribution.weight
    sums.set(key, sum)
  }
  return [...sums.values()]
    .filter(({ weight }) => Math.abs(weight) >= LEAST_WEIGHT)
    .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
    .slice(0, MOST_REASONS)
    .map(({ name, weight }) => ({
      ...name,
      weight: Math.round(weight * 1_000) / 1_000,
      towards: weight > 0 ? 'complex' : 'simple',
    }))
}

function contributionsOf(features: Features, head: LinearHead): readonly Contribution[] {
  const sayForm = createFormPhrases(features)
  const texts = new Map<Uint16Array, string>()
  const textOf = (codes: Uint16Array): string => {
    const text = texts.get(codes) ?? textOfCodes(codes)
    texts.set(codes, text)
    return text
  }
  return weighFeatures(features, head).flatMap(({ feature, weight }) => {
    const names =
      feature.place === PLACES.form ? formsOf(feature.start).map(sayForm) : wordsOf(feature, textOf)
    return names.map((name) => ({ ...name, weight: weight / names.length }))
  })
}

type WeighedFeature = { readonly feature: Found; readonly weight: number }

/** Returns each feature that says anything, once, with what it added to the logit. */
function weighFeatures(features: Features, head: LinearHead): readonly WeighedFeature[] {
  const mask = (1 << head.bits) - 1
  const seen = new Set<number>()
  const found: Found[] = []
  const counts = new Uint32Array(PLACE_COUNT)
  emitFeatures(features, (place, hash, codes, start, end) => {
    const row = rowOf(place, hash)
    if (seen.has(row)) return
    seen.add(row)
    counts[place] = (counts[place] ?? 0) + 1
    const isWeighed = (head.places & (1 << place)) !== 0 && head.weights[row & mask] !== 0
    if (isWeighed) found.push({ place, row, codes, start, end })
  })
  const factors = placeFactors(counts)
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
  const { kind, where } = PLACE_NAMES[place] ?? LAST_MESSAGE
  const words = wordsAt(textOf(codes), Math.max(0, start), Math.min(codes.length, end))
  if (words.length === 0)
    return [{ kind: kind === 'words' ? 'punctuation' : kind, what: `the punctuation of ${where}` }]
  return words.map((word) =>
    MASKED_NUMBER.test(word)
      ? {
          kind: 'digits',
          what: `a number of ${word.length === 1 ? 'one digit' : `${word.length} digits`} in ${where}`,
        }
      : { kind, what: `the word "${word}" in ${where}` },
  )
}

const LAST_MESSAGE = { kind: 'words', where: 'the last message' } as const
const PLACE_NAMES: Readonly<Record<number, { readonly kind: ReasonKind; readonly where: string }>> = {
  [PLACES.earlier]: { kind: 'conversation', where: 'the conversation before' },
  [PLACES.system]: { kind: 'system prompt', where: 'the system prompt' },
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
