/**
 * Why a request got its score, by kinds and without a word of it: what a record of every request can hold. One pass over the
 * features, no list of them. Names no words (`reasons.ts`).
 */
import type { Features } from '../features.ts'
import { PLACE_COUNT, type Vectorize } from './feature-vector.ts'
import { kindOfForm, REASON_KINDS, type ReasonKind } from './form-phrases.ts'
import { FORMS } from './hashed-features.ts'
import type { LinearHead } from './linear-head.ts'
import { PLACES } from './places.ts'
import { createWordCounter } from './word-kinds.ts'

export type Weighed = {
  readonly kind: ReasonKind
  /** What it added to the logit of being complex; negative: it speaks for simple. */
  readonly weight: number
  readonly towards: 'complex' | 'simple'
}

const MOST_REASONS = 6
/** Less than this is no reason. */
const LEAST_WEIGHT = 0.05
const KIND_NUMBERS = new Map(REASON_KINDS.map((kind, number) => [kind, number]))
const FORM_KINDS = new Map(
  Object.entries(FORMS).map(([number, forms]) => [
    Number(number),
    forms.map((form) => numberOf(kindOfForm(form))),
  ]),
)
/** Where a feature's words are of another kind than `words`. */
const PLACE_KINDS: Readonly<Record<number, ReasonKind>> = {
  [PLACES.earlier]: 'conversation',
  [PLACES.system]: 'system prompt',
}
const DIGITS = numberOf('digits')

/** Returns which kind of reason the words of a place are. */
export function kindOfPlace(place: number): ReasonKind {
  return PLACE_KINDS[place] ?? 'words'
}

/** Returns the kind of what a piece is that touches neither a word nor a number. */
export function kindWithoutWords(place: number): ReasonKind {
  return PLACE_KINDS[place] ?? 'punctuation'
}

/** Returns which kinds of reason were strongest, strongest first. */
export function findReasonKinds(
  features: Features,
  head: LinearHead,
  vectorize: Vectorize,
): readonly Weighed[] {
  const mask = (1 << head.bits) - 1
  const countWords = createWordCounter()
  // By place and kind: a place's factor is known once all of its features are.
  const sums = new Float64Array(PLACE_COUNT * REASON_KINDS.length)
  const add = (place: number, kind: number, weight: number) => {
    const at = place * REASON_KINDS.length + kind
    sums[at] = (sums[at] ?? 0) + weight
  }
  const { factors } = vectorize(features, (place, row, codes, start, end) => {
    const weight = head.weights[row & mask] ?? 0
    if (weight === 0 || (head.places & (1 << place)) === 0) return
    if (place === PLACES.form) {
      const kinds = FORM_KINDS.get(start) ?? []
      for (const kind of kinds) add(place, kind, weight / kinds.length)
      return
    }
    const { words, numbers } = countWords(codes, start, end)
    const touched = words + numbers
    if (touched === 0) add(place, numberOf(kindWithoutWords(place)), weight)
    if (words > 0) add(place, numberOf(kindOfPlace(place)), (weight * words) / touched)
    if (numbers > 0) add(place, DIGITS, (weight * numbers) / touched)
  })
  return strongestFirst(
    REASON_KINDS.map((kind, number) => {
      let weight = 0
      for (let place = 0; place < PLACE_COUNT; place++)
        weight += (sums[place * REASON_KINDS.length + number] ?? 0) * head.scale * (factors[place] ?? 0)
      return { kind, weight }
    }),
  )
}

/** Returns what is a reason at all, the strongest first, with the side that it speaks for. */
export function strongestFirst<Given extends { readonly weight: number }>(
  contributions: readonly Given[],
): readonly (Given & Pick<Weighed, 'towards'>)[] {
  return contributions
    .filter(({ weight }) => Math.abs(weight) >= LEAST_WEIGHT)
    .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
    .slice(0, MOST_REASONS)
    .map((each) => ({
      ...each,
      weight: Math.round(each.weight * 1_000) / 1_000,
      towards: each.weight > 0 ? 'complex' : 'simple',
    }))
}

function numberOf(kind: ReasonKind): number {
  return KIND_NUMBERS.get(kind) ?? 0
}
