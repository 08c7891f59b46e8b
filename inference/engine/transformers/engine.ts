/**
 * The engine on transformers.js's own loop, one request after another: the safe path for every model that it can load.
 * Each step blocks the event loop; a server uses it behind a child process (process.ts).
 */
import type { ResolvedModel } from '../../models/resolve.ts'
import type { Engine } from '../engine.ts'
import { hasHandoverFile } from '../handover/handover-file.ts'
import { createAnswerConstrainer } from '../text/answer-constraint.ts'
import { createPromptEncoder } from '../text/prompt.ts'
import { createTextEngine } from '../text/text-engine.ts'
import { decode } from './decode.ts'
import { loadTransformersModel } from './model.ts'
import { createDecode } from './tokenizer.ts'

export type TransformersEngineOptions = {
  /** Threads of one model step. */
  readonly threads: number
  /** A number in [0, 1); used where a request has no seed. */
  readonly random: () => number
  /** Why this engine serves the model, for the operator. */
  readonly reason?: string | undefined
}

/**
 * Loads a model whose files are all on disk.
 * @throws {RouterError} `configuration` if the files cannot be read as a model
 */
export async function createTransformersEngine(
  resolved: ResolvedModel,
  { threads, random, reason }: TransformersEngineOptions,
): Promise<Engine> {
  const model = await loadTransformersModel(resolved, threads)
  const { tokenizer, endTokens } = model
  const { info } = resolved
  return createTextEngine({
    info,
    serving: {
      loop: 'generate',
      weights: info.dtype,
      rows: 1,
      cacheBytesPerToken: 0,
      reason,
      // The threshold was chosen on what the batched loop computes.
      handover: hasHandoverFile(resolved.folder)
        ? { reason: `${info.name} is served by a loop that hands nothing over` }
        : undefined,
    },
    encode: createPromptEncoder(tokenizer, info.promptStyle),
    decode: createDecode(tokenizer),
    endTokens,
    constrainer: createAnswerConstrainer(tokenizer, endTokens),
    random,
    loop: {
      async run(sequence, { maxTokens, onOpen }, signal) {
        onOpen(0)
        await decode(model, sequence, maxTokens, signal)
      },
      async dispose() {
        await model.model.dispose()
      },
    },
  })
}
