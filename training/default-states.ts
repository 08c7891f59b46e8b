/**
 * Which of a model's states a judge's head reads where nobody says. Reads the model's graph; runs nothing.
 */
import { readFileSync } from 'node:fs'
import type { ModelInfo } from '../inference/engine/engine.ts'
import type { JudgeFeatures } from '../inference/engine/judge/judge-head.ts'
import { countLayers, residualStream } from '../inference/engine/onnx/compile/residual-stream.ts'
import { readGraph } from '../inference/engine/onnx/graph/graph.ts'
import { SHIPPED_MODEL } from '../inference/models/catalogue.ts'
import { RouterError } from '../shared/errors.ts'

export type StateChoice = Pick<JudgeFeatures, 'tensors'> & {
  /** What the tensors are, in words. */
  readonly meaning: string
}

/** Of all layers and pools, these tell the shipped model's complex requests from its simple ones best. */
const SHIPPED_TENSORS: StateChoice = {
  tensors: ['layers.16.attn_norm_sum'],
  meaning: 'the residual stream that enters layer 16 of 30',
}
const SHIPPED_POOLS: JudgeFeatures['pools'] = ['last', 'turn_end']

/** Returns how states are pooled: an encoder sees the whole prompt at each position, a decoder at the last one only. */
export function defaultPools({ name, kind }: ModelInfo): JudgeFeatures['pools'] {
  if (name === SHIPPED_MODEL) return SHIPPED_POOLS
  return kind === 'text2text-generation' ? ['last', 'mean'] : ['last']
}

/**
 * Returns the tensors: of an encoder-decoder what its encoder gives, of a decoder what enters its middle layer.
 * @param source absolute path of the model's graph; the encoder's, where it has one
 * @throws {RouterError} `unsupported` for a decoder whose layers are of a form that is not known
 */
export function defaultTensors({ name, kind }: ModelInfo, source: string): StateChoice {
  if (name === SHIPPED_MODEL) return SHIPPED_TENSORS
  const graph = readGraph(readFileSync(source))
  if (kind === 'text2text-generation') {
    const [states] = graph.outputs()
    return { tensors: states ? [states.name] : [], meaning: 'the last hidden state of the encoder' }
  }
  const layers = countLayers(graph)
  const middle = Math.floor(layers / 2)
  const tensor = middle > 0 ? residualStream(graph, middle) : undefined
  if (tensor === undefined)
    throw new RouterError(
      'unsupported',
      `${name}: what enters its middle layer was not found in the graph; name a tensor of it by --tensors.`,
    )
  return { tensors: [tensor], meaning: `the residual stream that enters layer ${middle} of ${layers}` }
}
