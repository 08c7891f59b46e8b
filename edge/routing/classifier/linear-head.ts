/**
 * A table of weights over hashed features, with one or more outputs: what the classifier's answers are sums of. Knows no
 * names of outputs.
 */
import type { FeatureVector } from './feature-vector.ts'
import { PLACES, type Place } from './places.ts'

export type LinearHead = {
  /** Rows of the table, as a power of two. */
  readonly bits: number
  readonly outputs: number
  /** Places whose features are weighed, a bit for each. */
  readonly places: number
  /** [2^bits × outputs]; times `scale` they are logits. */
  readonly weights: Int8Array
  readonly scale: number
  /** Logits of each output where nothing speaks for or against it. */
  readonly biases: readonly number[]
}

/** Returns a set of places as `LinearHead.places` holds it. */
export function placeSet(names: readonly Place[]): number {
  return names.reduce((set, name) => set | (1 << PLACES[name]), 0)
}

/** Returns the logits of the head's outputs. */
export function applyHead(head: LinearHead, vector: FeatureVector): Float64Array {
  const { bits, outputs, places, weights } = head
  const { factors } = vector
  const mask = (1 << bits) - 1
  const sums = new Float64Array(outputs)
  for (let at = 0; at < vector.length; at++) {
    const place = vector.places[at] as number
    if ((places & (1 << place)) === 0) continue
    const factor = factors[place] as number
    const row = ((vector.rows[at] as number) & mask) * outputs
    for (let output = 0; output < outputs; output++)
      sums[output] = (sums[output] as number) + factor * (weights[row + output] as number)
  }
  for (let output = 0; output < outputs; output++)
    sums[output] = (sums[output] as number) * head.scale + (head.biases[output] ?? 0)
  return sums
}

/** Returns the logit of a head with one output: the same sum in the same order, in a register. */
export function applySingleHead(
  { bits, places, weights, scale, biases }: LinearHead,
  { length, rows, places: placeOf, factors }: FeatureVector,
): number {
  const mask = (1 << bits) - 1
  let sum = 0
  for (let at = 0; at < length; at++) {
    const place = placeOf[at] as number
    if ((places & (1 << place)) !== 0)
      sum += (factors[place] as number) * (weights[(rows[at] as number) & mask] as number)
  }
  return sum * scale + (biases[0] ?? 0)
}
