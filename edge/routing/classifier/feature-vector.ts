/**
 * A request's features as the classifier's tables know them: each once, as a row number, with the place that it stands in.
 * Reuses its buffers: a vector is valid until the next one is made.
 */
import type { Features } from '../features.ts'
import { emitFeatures } from './hashed-features.ts'
import { PLACE_SCALES, PLACES } from './places.ts'

/** Rows of the largest table, as a power of two; smaller tables use the lower bits. */
export const ROW_BITS = 18
export const PLACE_COUNT = Object.keys(PLACES).length
/** More than the bounded texts can have. */
const MOST_FEATURES = 16_384
const ROW_MASK = (1 << ROW_BITS) - 1

export type FeatureVector = {
  readonly length: number
  /** Row of each feature, below 2^ROW_BITS. */
  readonly rows: Uint32Array
  /** Place of each feature. */
  readonly places: Uint8Array
  /** By how much a feature of each place is multiplied: a long text has more features, not more to say. */
  readonly factors: Float64Array
}

/** Returns the row of a feature. */
function rowOf(place: number, hash: number): number {
  return ((hash ^ Math.imul(place + 1, 0x9e3779b1)) >>> 0) & ROW_MASK
}

/** Told of each feature once, by its row, and of the range of the text that it stands for. */
export type TellFeature = (place: number, row: number, codes: Uint16Array, start: number, end: number) => void
export type Vectorize = (features: Features, tell?: TellFeature) => FeatureVector

/** Returns a function that makes vectors. */
export function createVectorizer(): Vectorize {
  const rows = new Uint32Array(MOST_FEATURES)
  const places = new Uint8Array(MOST_FEATURES)
  const counts = new Uint32Array(PLACE_COUNT)
  const factors = new Float64Array(PLACE_COUNT)
  /** A byte each, so that all of them stay in the processor's cache; cleared row by row. */
  const seen = new Uint8Array(1 << ROW_BITS)
  let length = 0
  let told: TellFeature | undefined
  const emit = (place: number, hash: number, codes: Uint16Array, start: number, end: number) => {
    const row = rowOf(place, hash)
    if (seen[row] === 1 || length === MOST_FEATURES) return
    seen[row] = 1
    rows[length] = row
    places[length] = place
    length++
    counts[place] = (counts[place] ?? 0) + 1
    told?.(place, row, codes, start, end)
  }
  return (features, tell) => {
    told = tell
    for (let at = 0; at < length; at++) seen[rows[at] as number] = 0
    length = 0
    counts.fill(0)
    emitFeatures(features, emit)
    for (let place = 0; place < PLACE_COUNT; place++)
      factors[place] = (PLACE_SCALES[place] ?? 0) / Math.sqrt(Math.max(1, counts[place] ?? 0))
    return { length, rows, places, factors }
  }
}
