/**
 * Logistic regression on dense features with a ridge, by Newton's method: for a judge's head, whose features are the states of
 * a model. The same rows give the same weights.
 */

import { logistic } from '../shared/logistic.ts'

export type DenseRow = {
  readonly features: Float32Array
  readonly complex: boolean
  readonly weight: number
}

/** Of features as they come: standardisation is in it. */
export type DenseHead = { readonly weights: Float32Array; readonly bias: number }

const MOST_ROUNDS = 12
const CONVERGED = 1e-4

/**
 * Returns the head that fits the rows.
 * @param ridge pull towards 0 of a weight of standardised features, beside the sum of all rows' losses
 */
export function fitRidgeLogistic(rows: readonly DenseRow[], ridge: number): DenseHead {
  const size = rows[0]?.features.length ?? 0
  const { means, deviations } = standardisation(rows, size)
  // One more feature, always 1, is the bias.
  const inputs = rows.map(({ features }) => {
    const input = new Float64Array(size + 1)
    for (let at = 0; at < size; at++)
      input[at] = ((features[at] as number) - (means[at] as number)) / (deviations[at] as number)
    input[size] = 1
    return input
  })
  let solution = new Float64Array(size + 1)
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const step = newtonStep(inputs, rows, solution, ridge)
    solution = solution.map((value, at) => value - (step[at] as number))
    if (step.every((value) => Math.abs(value) < CONVERGED)) break
  }
  const weights = Float32Array.from(deviations, (deviation, at) => (solution[at] as number) / deviation)
  const shift = means.reduce((sum, mean, at) => sum + mean * (weights[at] as number), 0)
  return { weights, bias: (solution[size] as number) - shift }
}

/** Returns the logit of features. */
export function denseLogit({ weights, bias }: DenseHead, features: Float32Array): number {
  let logit = bias
  for (let at = 0; at < weights.length; at++) logit += (weights[at] as number) * (features[at] as number)
  return logit
}

function standardisation(rows: readonly DenseRow[], size: number) {
  const means = new Float64Array(size)
  const squares = new Float64Array(size)
  for (const { features } of rows)
    for (let at = 0; at < size; at++) {
      means[at] = (means[at] as number) + (features[at] as number) / rows.length
      squares[at] = (squares[at] as number) + (features[at] as number) ** 2 / rows.length
    }
  // A feature that is the same everywhere says nothing, and is divided by no 0.
  const deviations = squares.map((square, at) => Math.sqrt(square - (means[at] as number) ** 2) || 1)
  return { means, deviations }
}

function newtonStep(
  inputs: readonly Float64Array[],
  rows: readonly DenseRow[],
  solution: Float64Array,
  ridge: number,
): Float64Array {
  const size = solution.length
  const gradient = solution.map((value, at) => (at === size - 1 ? 0 : ridge * value))
  const hessian = Array.from({ length: size }, () => new Float64Array(size))
  for (let at = 0; at < size - 1; at++) (hessian[at] as Float64Array)[at] = ridge
  for (const [index, input] of inputs.entries()) {
    const { complex, weight } = rows[index] as DenseRow
    let logit = 0
    for (let at = 0; at < size; at++) logit += (solution[at] as number) * (input[at] as number)
    const p = logistic(logit)
    const error = weight * (p - (complex ? 1 : 0))
    const spread = Math.max(1e-6, weight * p * (1 - p))
    for (let at = 0; at < size; at++) {
      const value = input[at] as number
      gradient[at] = (gradient[at] as number) + error * value
      const row = hessian[at] as Float64Array
      const scaled = spread * value
      for (let other = 0; other <= at; other++)
        row[other] = (row[other] as number) + scaled * (input[other] as number)
    }
  }
  return solveCholesky(hessian, gradient)
}

/** Solves H x = g for a symmetric positive H, of which the lower half is given and overwritten. */
function solveCholesky(hessian: readonly Float64Array[], gradient: Float64Array): Float64Array {
  const size = gradient.length
  const solution = Float64Array.from(gradient)
  for (let at = 0; at < size; at++) {
    const row = hessian[at] as Float64Array
    for (let other = 0; other <= at; other++) {
      const before = hessian[other] as Float64Array
      let sum = row[other] as number
      for (let k = 0; k < other; k++) sum -= (row[k] as number) * (before[k] as number)
      row[other] = at === other ? Math.sqrt(Math.max(sum, 1e-12)) : sum / (before[other] as number)
    }
    for (let k = 0; k < at; k++)
      solution[at] = (solution[at] as number) - (row[k] as number) * (solution[k] as number)
    solution[at] = (solution[at] as number) / (row[at] as number)
  }
  for (let at = size - 1; at >= 0; at--) {
    for (let below = at + 1; below < size; below++)
      solution[at] =
        (solution[at] as number) -
        ((hessian[below] as Float64Array)[at] as number) * (solution[below] as number)
    solution[at] = (solution[at] as number) / ((hessian[at] as Float64Array)[at] as number)
  }
  return solution
}
