/**
 * One generation by transformers.js's own loop: reads the prompt, picks each token by our sampler, stops where the text
 * or the caller says so. Nothing of it is shared between generations.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  InterruptableStoppingCriteria,
  LogitsProcessor,
  LogitsProcessorList,
  type PreTrainedModel,
  type Tensor,
} from '@xenova/transformers'
import type { EngineEvent, GenerateRequest } from '../engine.ts'
import { createGenerationOutput } from '../text/output.ts'
import type { Pick } from '../text/sampler.ts'
import type { TransformersModel } from './model.ts'
import { row } from './prefill.ts'

export type DecodeDeps = {
  readonly pick: (logits: Float32Array) => Pick
  readonly signal: AbortSignal
  /** Told of each event. */
  readonly push: (event: EngineEvent) => void
}

/** Runs one generation to its end; an aborted one ends without `end`. */
export async function decode(
  { tokenizer, model, prefill, endTokens }: TransformersModel,
  ids: readonly bigint[],
  request: GenerateRequest,
  { pick, signal, push }: DecodeDeps,
): Promise<void> {
  const past = await prefill?.(ids, signal)
  // An abort that came during the last chunk is heard only in the next turn of the event loop.
  await nextTurn()
  if (signal.aborted) return
  const interrupt = new InterruptableStoppingCriteria()
  const stopNow = () => interrupt.interrupt()
  signal.addEventListener('abort', stopNow, { once: true })
  const output = createGenerationOutput(
    (tokens) => tokenizer.decode(tokens, { skip_special_tokens: true, clean_up_tokenization_spaces: false }),
    request.stopSequences,
    push,
  )
  const picker = new TokenPicker(pick)
  const processors = new LogitsProcessorList()
  processors.push(picker)
  let promptSeen = false
  try {
    await model.generate({
      input_ids: row(ids),
      attention_mask: row(ids.map(() => 1n)),
      ...(past ? { past_key_values: past } : {}),
      max_new_tokens: request.maxTokens,
      eos_token_id: [...endTokens],
      do_sample: false,
      logits_processor: processors,
      stopping_criteria: interrupt,
      streamer: {
        put(rows: bigint[][]) {
          if (!promptSeen) {
            promptSeen = true
            return
          }
          const token = Number(rows[0]?.[0])
          if (endTokens.has(token)) output.endOfTurn()
          else if (!output.token(token, picker.logprob)) interrupt.interrupt()
        },
        end() {},
      },
    } as unknown as Parameters<PreTrainedModel['generate']>[0])
  } finally {
    signal.removeEventListener('abort', stopNow)
  }
  if (!signal.aborted) output.finish()
}

/** Picks the token itself and leaves the library's greedy search no other choice. */
class TokenPicker extends LogitsProcessor {
  logprob = 0
  readonly #pick: (logits: Float32Array) => Pick

  constructor(pick: (logits: Float32Array) => Pick) {
    super()
    this.#pick = pick
  }

  override _call(_ids: bigint[][], logits: Tensor): Tensor {
    const { data } = logits
    if (!(data instanceof Float32Array)) throw new TypeError('The model gave logits that are not float32.')
    const { token, logprob } = this.#pick(data)
    if (!Number.isFinite(logprob))
      throw new RangeError('The model gave logits that are not numbers; its files may be damaged.')
    this.logprob = logprob
    data.fill(-Infinity)
    data[token] = 0
    return logits
  }
}
