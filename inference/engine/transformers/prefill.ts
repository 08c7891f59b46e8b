/**
 * Reads a long prompt in chunks, so that a step stays short: the process can answer, stop and serve others in between,
 * and attention over the whole prompt never exists at once. Only for plain decoders with an ordinary key-value cache.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { DynamicCache, type PreTrainedModel, Tensor } from '@xenova/transformers'
import * as z from 'zod'

/** 128 measured best of 32–256 on the shipped model: 985 tokens in 4.6 s instead of 7.5 s in one piece. */
const CHUNK_TOKENS = 128

const PLAIN_INPUT = /^(input_ids|attention_mask|position_ids|num_logits_to_keep|past_key_values\..+)$/

const sessionsSchema = z.looseObject({
  model: z.looseObject({ inputNames: z.array(z.string()) }),
})

export type Prefill = (ids: readonly bigint[], signal: AbortSignal) => Promise<DynamicCache | undefined>

/**
 * Returns a function that reads all of the prompt but its last chunk and returns the cache, or undefined where there
 * is nothing to gain; and undefined instead of a function where the model's inputs are not the plain ones.
 */
export function createPrefill(model: PreTrainedModel): Prefill | undefined {
  const sessions = sessionsSchema.safeParse(model.sessions)
  if (!sessions.success) return undefined
  const names = sessions.data.model.inputNames
  if (!names.every((name) => PLAIN_INPUT.test(name))) return undefined

  return async (ids, signal) => {
    let cache: DynamicCache | undefined
    for (let start = 0; start + CHUNK_TOKENS < ids.length; start += CHUNK_TOKENS) {
      // Others take their steps here, and an abort that came during the last chunk is heard.
      await nextTurn()
      if (signal.aborted) return undefined
      const end = start + CHUNK_TOKENS
      const inputs: Record<string, unknown> = {
        input_ids: row(ids.slice(start, end)),
        attention_mask: row(new Array<bigint>(end).fill(1n)),
      }
      if (names.includes('position_ids'))
        inputs.position_ids = row(Array.from({ length: CHUNK_TOKENS }, (_, index) => BigInt(start + index)))
      if (names.includes('num_logits_to_keep'))
        inputs.num_logits_to_keep = new Tensor('int64', BigInt64Array.of(1n), [])
      if (cache) inputs.past_key_values = cache
      cache = cacheOf(await model.forward(inputs))
    }
    return cache
  }
}

/** Returns a one-row int64 tensor. */
export function row(values: readonly bigint[]): Tensor {
  return new Tensor('int64', BigInt64Array.from(values), [1, values.length])
}

function cacheOf(outputs: Record<string, Tensor>): DynamicCache {
  const entries: Record<string, Tensor> = {}
  for (const [name, tensor] of Object.entries(outputs))
    if (name.startsWith('present')) entries[name.replace('present', 'past_key_values')] = tensor
  return new DynamicCache(entries)
}
