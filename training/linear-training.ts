/**
 * Fits a linear head over sparse examples by AdaGrad: logistic where it has one output, softmax where it has more. The
 * same rows in the same order give the same weights to the last bit.
 */

import type { LinearHead } from '../edge/routing/classifier/linear-head.ts'
import { logistic } from '../shared/logistic.ts'
import type { SparseExample } from './sparse-example.ts'

export type HeadForm = Pick<LinearHead, 'bits' | 'outputs' | 'places'>

export type TrainingOptions = {
  readonly epochs: number
  /** Step size of AdaGrad (Duchi et al. 2011). */
  readonly rate: number
  /** Pull towards 0 with each example that has the feature. */
  readonly ridge: number
}

export type TrainingRow = {
  readonly example: SparseExample
  /** Probability of each output; of the only one, where there is one. */
  readonly target: readonly number[]
  readonly weight: number
}

export type FloatHead = HeadForm & { readonly weights: Float64Array; readonly biases: Float64Array }

/** So that the first step of a weight is not its largest by far. */
const INITIAL_SQUARES = 1e-3
/** Of the order in which rows are learned. */
export const SEED = 20_261_126

/** Returns the head that fits the rows. */
export function fitHead(form: HeadForm, rows: readonly TrainingRow[], options: TrainingOptions): FloatHead {
  const { bits, outputs, places } = form
  const mask = (1 << bits) - 1
  const weights = new Float64Array(outputs << bits)
  const squares = new Float64Array(outputs << bits).fill(INITIAL_SQUARES)
  const biases = new Float64Array(outputs)
  const biasSquares = new Float64Array(outputs).fill(INITIAL_SQUARES)
  const head: FloatHead = { bits, outputs, places, weights, biases }
  const order = Uint32Array.from(rows, (_, index) => index)
  const random = createRandom(SEED)
  const { rate, ridge } = options
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    shuffle(order, random)
    for (const index of order) {
      const { example, target, weight } = rows[index] as TrainingRow
      const predicted = probabilities(logitsOf(head, example))
      for (let output = 0; output < outputs; output++) {
        const error = ((predicted[output] as number) - (target[output] ?? 0)) * weight
        biasSquares[output] = (biasSquares[output] as number) + error * error
        biases[output] =
          (biases[output] as number) - (rate * error) / Math.sqrt(biasSquares[output] as number)
        for (let at = 0; at < example.rows.length; at++) {
          if ((places & (1 << (example.places[at] as number))) === 0) continue
          const cell = ((example.rows[at] as number) & mask) * outputs + output
          const gradient = error * (example.values[at] as number) + ridge * (weights[cell] as number)
          squares[cell] = (squares[cell] as number) + gradient * gradient
          weights[cell] = (weights[cell] as number) - (rate * gradient) / Math.sqrt(squares[cell] as number)
        }
      }
    }
  }
  return head
}

/** Returns the logits of an example. */
export function logitsOf(
  { bits, outputs, places, weights, biases }: FloatHead,
  example: SparseExample,
): Float64Array {
  const mask = (1 << bits) - 1
  const logits = Float64Array.from(biases)
  for (let at = 0; at < example.rows.length; at++) {
    if ((places & (1 << (example.places[at] as number))) === 0) continue
    const row = ((example.rows[at] as number) & mask) * outputs
    const value = example.values[at] as number
    for (let output = 0; output < outputs; output++)
      logits[output] = (logits[output] as number) + value * (weights[row + output] as number)
  }
  return logits
}

/**
 * Returns the head in 8 bits.
 * @param slope logits are multiplied by it, then `offset` is added: calibration
 */
export function quantizeHead(head: FloatHead, slope = 1, offset = 0): LinearHead {
  const { bits, outputs, places, biases } = head
  const largest = head.weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 1e-9)
  const scale = largest / 127
  return {
    bits,
    outputs,
    places,
    weights: Int8Array.from(head.weights, (weight) => Math.round(weight / scale)),
    scale: scale * slope,
    biases: Array.from(biases, (bias) => bias * slope + offset),
  }
}

function probabilities(logits: Float64Array): Float64Array {
  if (logits.length === 1) return Float64Array.of(logistic(logits[0] as number))
  const largest = Math.max(...logits)
  const powers = logits.map((logit) => Math.exp(logit - largest))
  const sum = powers.reduce((total, power) => total + power, 0)
  return powers.map((power) => power / sum)
}

/** Fisher and Yates. */
function shuffle(order: Uint32Array, random: () => number): void {
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1))
    const kept = order[at] as number
    order[at] = order[other] as number
    order[other] = kept
  }
}

/** Numbers in [0, 1): the linear congruential generator of Numerical Recipes. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
