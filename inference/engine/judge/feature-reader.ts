/**
 * From a prompt to the numbers that a judge's head weighs: runs the prompt as far as its states are there, and pools them.
 * Used by engines that judge and by whoever trains a head; knows no weights.
 */
import { RouterError } from '../../../shared/errors.ts'
import type { Prompt } from '../engine.ts'
import type { StepLoop } from '../onnx/step-loop.ts'
import type { InspectPrompt, PromptStates } from '../step-model.ts'
import type { EncodePrompt } from '../text/prompt.ts'
import type { JudgeFeatures } from './judge-head.ts'
import { type JudgedPrompt, judgedPrompt } from './judged-prompt.ts'

export type FeatureRequest = {
  readonly prompt: Prompt
  /** Who may share what is kept of this prompt; undefined where nothing is. */
  readonly cacheScope: string | undefined
}

export type ReadFeatures = (
  request: FeatureRequest,
  signal: AbortSignal,
) => Promise<{
  /** [tensors, pools, size of a state]. */
  readonly features: Float32Array
  /** Of the prompt that were read. */
  readonly tokens: number
}>

export type FeatureReaderParts = {
  readonly features: JudgeFeatures
  readonly encode: EncodePrompt
  /** The tensors as the loaded graph names them. */
  readonly stateNames: readonly string[]
  /** Reads a prompt until its inspection was called. */
  readonly inspect: StepLoop['inspect']
}

/** Returns the reader of prompts by themselves, without an answer. */
export function createFeatureReader(parts: FeatureReaderParts): ReadFeatures {
  const { features: recipe, encode, stateNames, inspect } = parts
  return async ({ prompt, cacheScope }, signal) => {
    const judged = judgedPrompt(prompt, encode(prompt), encode, recipe.longest)
    const { ids } = judged
    let features: Float32Array | undefined
    const inspection = inspectionOf(recipe, stateNames, judged, (pooled) => {
      features = pooled
    })
    await inspect({ ids, cacheScope, maxTokens: ids.length, inspection }, signal)
    if (signal.aborted) throw new RouterError('cancelled', 'The request was cancelled.')
    if (!features) throw new RangeError('The model gave no states.')
    return { features, tokens: ids.length }
  }
}

/**
 * Returns the inspection that takes a prompt's features.
 * @param stateNames the recipe's tensors as the loaded graph names them
 * @param take may throw: the row ends with it
 */
export function inspectionOf(
  recipe: JudgeFeatures,
  stateNames: readonly string[],
  { ids, from, turnEnd }: JudgedPrompt,
  take: (features: Float32Array) => void,
): InspectPrompt {
  return {
    tensors: stateNames,
    from,
    inspect: (states) => take(poolStates(recipe, stateNames, states, { from, turnEnd, end: ids.length })),
  }
}

/** Pools each tensor over the positions from `from` to `end`. */
function poolStates(
  { pools }: JudgeFeatures,
  stateNames: readonly string[],
  { firstPosition, tensors }: PromptStates,
  { from, turnEnd, end }: { readonly from: number; readonly turnEnd: number; readonly end: number },
): Float32Array {
  const pooled = stateNames.flatMap((name) => {
    const states = tensors[name] ?? new Float32Array()
    if (states.length === 0) throw new RangeError(`The model gave no states ${name}.`)
    const size = states.length / (end - firstPosition)
    const rows = states.subarray((from - firstPosition) * size)
    return pools.map((pool) => {
      if (pool === 'last') return rows.subarray(rows.length - size)
      if (pool === 'mean') return meanOf(rows, size)
      return rows.subarray((turnEnd - from) * size, (turnEnd - from + 1) * size)
    })
  })
  const features = new Float32Array(pooled.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of pooled) {
    features.set(part, at)
    at += part.length
  }
  return features
}

function meanOf(rows: Float32Array, size: number): Float32Array {
  const sums = new Float64Array(size)
  for (let at = 0; at < rows.length; at++)
    sums[at % size] = (sums[at % size] as number) + (rows[at] as number)
  const count = rows.length / size
  return Float32Array.from(sums, (sum) => sum / count)
}
