/**
 * One generation by transformers.js's own loop: reads the prompt, hands each position's logits to the sequence, stops when
 * the sequence is done or the caller has gone. Nothing of it is shared between generations.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  InterruptableStoppingCriteria,
  LogitsProcessor,
  LogitsProcessorList,
  type PreTrainedModel,
  type Tensor,
} from '@xenova/transformers'
import type { Sequence } from '../text/sequence.ts'
import type { TransformersModel } from './model.ts'
import { row } from './prefill.ts'

/** Runs one generation to its end, or until `signal` is aborted. */
export async function decode(
  { model, prefill, endTokens }: TransformersModel,
  sequence: Sequence,
  maxTokens: number,
  signal: AbortSignal,
): Promise<void> {
  const ids = sequence.ids.map(BigInt)
  const past = await prefill?.(ids, signal)
  // An abort that came during the last chunk is heard only in the next turn of the event loop.
  await nextTurn()
  if (signal.aborted) return
  const interrupt = new InterruptableStoppingCriteria()
  const stopNow = () => interrupt.interrupt()
  signal.addEventListener('abort', stopNow, { once: true })
  const processors = new LogitsProcessorList()
  processors.push(new SequenceProcessor(sequence, stopNow))
  try {
    await model.generate({
      input_ids: row(ids),
      attention_mask: row(ids.map(() => 1n)),
      ...(past ? { past_key_values: past } : {}),
      max_new_tokens: maxTokens,
      eos_token_id: [...endTokens],
      do_sample: false,
      // The sequence's sampler applies the model's own.
      repetition_penalty: 1,
      logits_processor: processors,
      stopping_criteria: interrupt,
    } as unknown as Parameters<PreTrainedModel['generate']>[0])
  } finally {
    signal.removeEventListener('abort', stopNow)
  }
}

/** Lets the sequence pick the token, and leaves the library's greedy search no other choice. */
class SequenceProcessor extends LogitsProcessor {
  readonly #sequence: Sequence
  readonly #onDone: () => void

  constructor(sequence: Sequence, onDone: () => void) {
    super()
    this.#sequence = sequence
    this.#onDone = onDone
  }

  override _call(_ids: bigint[][], logits: Tensor): Tensor {
    const { data } = logits
    if (!(data instanceof Float32Array)) throw new TypeError('The model gave logits that are not float32.')
    const { token, done } = this.#sequence.accept(data)
    if (done) this.#onDone()
    data.fill(-Infinity)
    data[token] = 0
    return logits
  }
}
