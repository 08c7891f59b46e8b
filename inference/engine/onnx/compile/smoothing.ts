/**
 * Moves the spread of activations into weights before both are rounded: channels that are large in activations are divided,
 * and their weights multiplied, by the same factor, so that a row's one scale fits all its channels better.
 * Source: SmoothQuant, arXiv 2211.10438; the size of the weights, its other term, made nothing better here.
 */

/** How much of the spread is moved, measured on the shipped model by npm run bench:int8: 0.4 to 0.5 do equally well, more does harm. */
const STRENGTH = 0.4
const SMALLEST = 1e-5

/**
 * Returns a factor for each channel; their geometric mean is 1.
 * @param activations largest absolute value of each channel
 */
export function smoothingFactors(activations: Float32Array): Float32Array {
  const logs = Float64Array.from(activations, (size) => STRENGTH * Math.log(Math.max(SMALLEST, size)))
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length
  return Float32Array.from(logs, (log) => Math.exp(log - mean))
}

/** Multiplies each column of [outputs, channels] by its channel's factor, in place. */
export function scaleColumns(weights: Float32Array, factors: Float32Array): void {
  const channels = factors.length
  for (let start = 0; start < weights.length; start += channels)
    for (let channel = 0; channel < channels; channel++)
      weights[start + channel] = (weights[start + channel] ?? 0) * (factors[channel] ?? 1)
}
