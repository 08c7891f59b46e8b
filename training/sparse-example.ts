/**
 * A request as training sees it: its hashed features with their values, the way the classifier will weigh them.
 */
import { createVectorizer } from '../edge/routing/classifier/feature-vector.ts'
import type { Features } from '../edge/routing/features.ts'

export type SparseExample = {
  /** Row of each feature in the classifier's largest table. */
  readonly rows: Uint32Array
  readonly places: Uint8Array
  readonly values: Float64Array
}

/** Returns the examples of requests, in their order. */
export function toExamples(requests: readonly Features[]): readonly SparseExample[] {
  const vectorize = createVectorizer()
  return requests.map((features) => {
    const vector = vectorize(features)
    const places = vector.places.slice(0, vector.length)
    return {
      rows: vector.rows.slice(0, vector.length),
      places,
      values: Float64Array.from(places, (place) => vector.factors[place] ?? 0),
    }
  })
}
