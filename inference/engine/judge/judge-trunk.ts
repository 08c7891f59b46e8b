/**
 * The first layers of a decoder, or an encoder, by themselves, for judging only: what another model answers is judged by them,
 * and heads are trained on what they give. Makes no token.
 */
import type { PromptStyle } from '../engine.ts'
import { createDecoder } from '../onnx/decoder.ts'
import { CARRIED_PREFIX, loadDecoderStage } from '../onnx/decoder-stage.ts'
import { loadEncoder, statesOf } from '../onnx/encoder.ts'
import { createPrefixCache } from '../onnx/prefix-cache.ts'
import { createStepLoop } from '../onnx/step-loop.ts'
import { createPromptEncoder, type EncodePrompt } from '../text/prompt.ts'
import { loadTokenizer } from '../transformers/tokenizer.ts'
import { createFeatureReader, type ReadFeatures } from './feature-reader.ts'
import type { JudgeFeatures } from './judge-head.ts'

export type TrunkKind = 'decoder' | 'encoder'

export type JudgeTrunkOptions = {
  /** Of the model: its tokenizer is there. */
  readonly folder: string
  readonly promptStyle: PromptStyle
  readonly kind: TrunkKind
  /** Absolute path of the first part of a decoder's graph, cut behind the last of the tensors, or of an encoder's graph. */
  readonly part: string
  readonly features: JudgeFeatures
  readonly threads: number
  /** Bytes of keys and values that are kept of prompts; 0 keeps none. */
  readonly prefixCacheBytes: number
}

export type JudgeTrunk = { readonly readFeatures: ReadFeatures; readonly dispose: () => Promise<void> }

/**
 * Loads the layers.
 * @throws {RouterError} `unsupported` for a graph that the loop cannot drive
 */
export async function loadJudgeTrunk(options: JudgeTrunkOptions): Promise<JudgeTrunk> {
  const { folder, promptStyle, kind, part, features, threads, prefixCacheBytes } = options
  const encode = createPromptEncoder(await loadTokenizer(folder), promptStyle)
  if (kind === 'encoder') return await loadEncoderTrunk(part, threads, features, encode)
  const stage = await loadDecoderStage(part, threads)
  const prefixCache = createPrefixCache({ maxBytes: prefixCacheBytes, shapes: [stage.shape], common: [] })
  const decoder = createDecoder({ stages: [stage], maxRows: 1, prefixCache })
  const loop = createStepLoop(decoder)
  return {
    readFeatures: createFeatureReader({
      features,
      encode,
      stateNames: decoderStateNames(features),
      inspect: loop.inspect,
    }),
    dispose: decoder.dispose,
  }
}

async function loadEncoderTrunk(
  path: string,
  threads: number,
  features: JudgeFeatures,
  encode: EncodePrompt,
): Promise<JudgeTrunk> {
  const encoder = await loadEncoder(path, threads)
  return {
    readFeatures: createFeatureReader({
      features,
      encode,
      stateNames: features.tensors,
      inspect: async ({ ids, inspection }) => inspection.inspect(statesOf(encoder, await encoder.run(ids))),
    }),
    dispose: encoder.dispose,
  }
}

/** Returns the tensors' names in the first part of a graph that was cut behind the last of them. */
export function decoderStateNames({ tensors }: JudgeFeatures): readonly string[] {
  return [...tensors.slice(0, -1), `${CARRIED_PREFIX}0`]
}
