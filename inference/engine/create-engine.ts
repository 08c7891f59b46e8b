/**
 * Which engine serves a model: the batched loop over its prepared graph, or transformers.js's own where there is none or
 * it cannot be driven. The only place that knows both.
 */
import { RouterError } from '../../shared/errors.ts'
import type { ResolvedModel } from '../models/resolve.ts'
import type { Engine } from './engine.ts'
import { createOnnxEngine } from './onnx/engine.ts'
import type { Exactness } from './onnx/exactness.ts'
import type { PreparedGraph } from './prepared-graph.ts'
import { createTransformersEngine } from './transformers/engine.ts'

export type EngineSettings = {
  /** Threads of one model step. */
  readonly threads: number
  /** Requests that may share steps. */
  readonly maxRows: number
  /** Bytes of keys and values that are kept of prompts; 0 keeps none. */
  readonly prefixCacheBytes: number
  /** A system prompt whose keys and values all scopes share. */
  readonly sharedSystemPrompt?: string | undefined
  /** As it was found when the same files were loaded before; absent: it is tried out. */
  readonly exactness?: Exactness | undefined
}

/**
 * Loads the model.
 * @param random a number in [0, 1); used where a request has no seed
 * @throws {RouterError} `configuration` if no engine can load it
 */
export async function createEngine(
  model: ResolvedModel,
  graph: PreparedGraph,
  settings: EngineSettings,
  random: () => number,
): Promise<Engine> {
  const { threads } = settings
  if (graph.form === 'none') return createTransformersEngine(model, { threads, random, reason: graph.reason })
  try {
    return await createOnnxEngine(model, graph, { ...settings, random })
  } catch (error) {
    const cause = error instanceof RouterError ? error.message : 'its prepared graph could not be loaded'
    return createTransformersEngine(model, { threads, random, reason: cause })
  }
}
