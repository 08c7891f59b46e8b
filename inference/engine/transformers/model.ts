/**
 * A model's files as transformers.js holds them: tokenizer, weights, how to read a long prompt, where a turn ends.
 * Does not generate.
 */
import {
  AutoModelForCausalLM,
  AutoModelForSeq2SeqLM,
  AutoTokenizer,
  type DataType,
  env,
  LogLevel,
  type PreTrainedModel,
  type PreTrainedTokenizer,
} from '@xenova/transformers'
import * as z from 'zod'
import { RouterError } from '../../../shared/errors.ts'
import type { ResolvedModel } from '../../models/resolve.ts'
import { createPrefill, type Prefill } from './prefill.ts'

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
  // Its error log prints token ids of prompts; and every file is on disk already.
  env.logLevel = LogLevel.NONE
  env.allowRemoteModels = false
  env.useFSCache = false
  env.useBrowserCache = false
  env.useWasmCache = false
  const { info, folder } = resolved
  const auto = info.kind === 'text-generation' ? AutoModelForCausalLM : AutoModelForSeq2SeqLM
  try {
    const tokenizer = await AutoTokenizer.from_pretrained(folder)
    const model = await auto.from_pretrained(folder, {
      dtype: info.dtype as DataType,
      ...(resolved.modelFileName === undefined ? {} : { model_file_name: resolved.modelFileName }),
      // Without the arena, memory of a long prompt goes back afterwards: 667 instead of 1,001 MB after 985 tokens.
      session_options: { intraOpNumThreads: threads, interOpNumThreads: 1, enableCpuMemArena: false },
    })
    const prefill = info.kind === 'text-generation' ? createPrefill(model) : undefined
    return { tokenizer, model, prefill, endTokens: endTokensOf(model, tokenizer) }
  } catch (cause) {
    throw new RouterError(
      'configuration',
      `The files in ${folder} could not be loaded as a ${info.kind} model in ${info.dtype}. They may be damaged, or made for another runtime: remove and pull the model again, or choose another LOCAL_MODEL_NAME or LOCAL_MODEL_DTYPE.`,
      { cause },
    )
  }
}

const endTokenSchema = z.looseObject({ eos_token_id: z.union([z.number(), z.array(z.number())]).nullish() })

/** The model's own end tokens, and the tokenizer's, which chat templates close a turn with. */
function endTokensOf(model: PreTrainedModel, tokenizer: PreTrainedTokenizer): ReadonlySet<number> {
  const tokens = new Set<number>()
  for (const source of [model.generation_config, model.config]) {
    const parsed = endTokenSchema.safeParse(source)
    for (const token of [parsed.data?.eos_token_id ?? []].flat()) tokens.add(token)
  }
  const own: unknown = Reflect.get(tokenizer, 'eos_token_id')
  if (typeof own === 'number') tokens.add(own)
  return tokens
}
