/**
 * A model's files as transformers.js holds them: tokenizer, weights, how to read a long prompt, where a turn ends.
 * Does not generate.
 */
import {
  AutoModelForCausalLM,
  AutoModelForSeq2SeqLM,
  type DataType,
  type PreTrainedModel,
  type PreTrainedTokenizer,
} from '@xenova/transformers'
import { RouterError } from '../../../shared/errors.ts'
import type { ResolvedModel } from '../../models/resolve.ts'
import { endTokensOf } from '../text/end-tokens.ts'
import { createPrefill, type Prefill } from './prefill.ts'
import { loadTokenizer } from './tokenizer.ts'

export type TransformersModel = {
  readonly tokenizer: PreTrainedTokenizer
  readonly model: PreTrainedModel
  readonly prefill: Prefill | undefined
  readonly endTokens: ReadonlySet<number>
}

/**
 * Loads a model whose files are all on disk.
 * @param threads of one model step
 * @throws {RouterError} `configuration` if the files cannot be read as a model
 */
export async function loadTransformersModel(
  resolved: ResolvedModel,
  threads: number,
): Promise<TransformersModel> {
  const { info, folder } = resolved
  const auto = info.kind === 'text-generation' ? AutoModelForCausalLM : AutoModelForSeq2SeqLM
  try {
    const tokenizer = await loadTokenizer(folder)
    const model = await auto.from_pretrained(folder, {
      dtype: info.dtype as DataType,
      ...(resolved.modelFileName === undefined ? {} : { model_file_name: resolved.modelFileName }),
      // Without the arena, memory of a long prompt goes back afterwards: 667 instead of 1,001 MB after 985 tokens.
      session_options: { intraOpNumThreads: threads, interOpNumThreads: 1, enableCpuMemArena: false },
    })
    const prefill = info.kind === 'text-generation' ? createPrefill(model) : undefined
    return {
      tokenizer,
      model,
      prefill,
      endTokens: endTokensOf([model.generation_config, model.config], tokenizer),
    }
  } catch (cause) {
    throw new RouterError(
      'configuration',
      `The files in ${folder} could not be loaded as a ${info.kind} model in ${info.dtype}. They may be damaged, or made for another runtime: remove and pull the model again, or choose another LOCAL_MODEL_NAME or LOCAL_MODEL_DTYPE.`,
      { cause },
    )
  }
}
