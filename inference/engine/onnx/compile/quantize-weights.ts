/**
 * Rounds a matrix of weights to 8 bits with one scale for each output. Knows no graph.
 */

export type QuantizedWeights = {
  /** [inputs, outputs], as a product of integers reads it. */
  readonly codes: Int8Array
  /** A weight is its code times its output's scale. */
  readonly scales: Float32Array
}

/** The largest code; -128 is not used, so that codes are symmetric. */
const LARGEST = 127
const TILE = 64

/** Returns the rounded weights. @param weights [outputs, inputs] */
export function quantizeWeights(weights: Float32Array, inputs: number, outputs: number): QuantizedWeights {
  const codes = new Int8Array(weights.length)
  const scales = new Float32Array(outputs)
  for (let output = 0; output < outputs; output++) {
    const start = output * inputs
    let largest = 0
    for (let input = 0; input < inputs; input++) {
      const size = Math.abs(weights[start + input] ?? 0)
      if (size > largest) largest = size
    }
    scales[output] = largest === 0 ? 1 : largest / LARGEST
  }
  // Some outputs at a time: written one by one, each code would fall into another line of the processor's cache.
  for (let from = 0; from < outputs; from += TILE)
    for (let input = 0; input < inputs; input++)
      for (let output = from; output < Math.min(outputs, from + TILE); output++)
        codes[input * outputs + output] = Math.round(
          (weights[output * inputs + input] ?? 0) / (scales[output] ?? 1),
        )
  return { codes, scales }
}
