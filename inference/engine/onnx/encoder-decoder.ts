/**
 * The sessions of an encoder-decoder in our form (compile/seq2seq-form.ts): one run of the encoder for a prompt, one of the
 * decoder for a token of each row. What goes in and comes out is found in the sessions. Keeps nothing between runs.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { cacheArrayOf, cacheShapeOf, createCacheWrapper } from './cache-tensors.ts'
import { DISTANCES_INPUT, STATES_INPUT } from './compile/seq2seq-form.ts'
import { type Encoder, loadEncoder } from './encoder.ts'
import { EXACT_PRODUCTS } from './exact-products.ts'
import { passOn } from './float16-tensor.ts'
import { type CacheShape, KeyValueCache, type NewKeysAndValues } from './key-value-cache.ts'

export type EncoderDecoderPaths = {
  readonly encoder: string
  /** Of the graph that makes keys and values of the encoder's states. */
  readonly crossAttention: string
  readonly decoder: string
}

/** The rows of a run: their prompts, and what was answered so far; both caches hold the same rows. */
export type RowCaches = { readonly prompt: KeyValueCache; readonly answer: KeyValueCache }

export type EncoderDecoder = {
  /** Of the keys and values of prompts as well as of answers. */
  readonly shape: CacheShape
  readonly encoder: Encoder
  /** Returns keys and values of a prompt, one row. @param states that the encoder made of it */
  readonly attend: (states: Tensor) => Promise<KeyValueCache>
  /**
   * Appends a token to each row, its keys and values to the answers.
   * @returns logits, [rows × vocabulary]
   */
  readonly decode: (tokens: BigInt64Array, caches: RowCaches) => Promise<Float32Array>
  readonly dispose: () => Promise<void>
}

/**
 * Loads the graphs.
 * @param threads of one run
 * @throws {RouterError} `unsupported` for an encoder that takes more than a prompt
 */
export async function loadEncoderDecoder(
  paths: EncoderDecoderPaths,
  threads: number,
): Promise<EncoderDecoder> {
  const load = (path: string, enableCpuMemArena: boolean) =>
    InferenceSession.create(path, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      enableCpuMemArena,
      logSeverityLevel: 3,
      extra: EXACT_PRODUCTS,
    })
  const encoder = await loadEncoder(paths.encoder, threads)
  // Without the arena, memory of a long prompt goes back afterwards; a step is small and faster with it.
  const crossAttention = await load(paths.crossAttention, false)
  const decoder = await load(paths.decoder, true)
  const sessions = { encoder, crossAttention, decoder }
  try {
    return encoderDecoderOf(sessions, paths)
  } catch (error) {
    // Another engine will load the model: it is not to lie in memory twice.
    await release(sessions)
    throw error
  }
}

type Sessions = {
  readonly encoder: Encoder
  readonly crossAttention: InferenceSession
  readonly decoder: InferenceSession
}

async function release({ encoder, crossAttention, decoder }: Sessions): Promise<void> {
  await Promise.all([encoder.dispose(), crossAttention.release(), decoder.release()])
}

function encoderDecoderOf(sessions: Sessions, paths: EncoderDecoderPaths): EncoderDecoder {
  const { encoder, crossAttention, decoder } = sessions
  const pasts = decoder.inputMetadata.filter(({ name }) => name.startsWith('past_key_values.'))
  const answerInputs = pasts.filter(({ name }) => name.includes('.decoder.'))
  const shape = cacheShapeOf(answerInputs, paths.decoder)
  const answerNames = answerInputs.map(({ name }) => name)
  const madeNames = answerNames.map((name) => name.replace('past_key_values.', 'new.'))
  const promptNames = answerNames.map((name) => name.replace('.decoder.', '.encoder.'))
  const presentNames = promptNames.map((name) => name.replace('past_key_values.', 'present.'))
  const wrapAnswer = createCacheWrapper()
  const wrapPrompt = createCacheWrapper()

  return {
    shape,
    encoder,
    async attend(states) {
      const [, positions = 0] = states.dims
      const made = await crossAttention.run({ [STATES_INPUT]: passOn(states) }, presentNames)
      const prompt = new KeyValueCache(shape, 1, positions)
      prompt.addRow()
      prompt.append(madeOf(made, presentNames, positions))
      return prompt
    },
    async decode(tokens, { prompt, answer }) {
      // Room for one more than are seen: the last key of a run is hidden, whichever way a kernel sums what does not fill a
      // vector, and a row that grows keeps its bits.
      answer.reserve(answer.longest + 1)
      const feeds: Record<string, Tensor> = {
        input_ids: new Tensor('int64', tokens, [answer.size, 1]),
        [DISTANCES_INPUT]: distances(answer),
      }
      if (decoder.inputNames.includes('encoder_attention_mask')) feeds.encoder_attention_mask = mask(prompt)
      for (const [index, tensor] of wrapPrompt(prompt).entries()) feeds[promptNames[index] ?? ''] = tensor
      for (const [index, tensor] of wrapAnswer(answer).entries()) feeds[answerNames[index] ?? ''] = tensor
      const results = await decoder.run(feeds, ['logits', ...madeNames])
      answer.append(madeOf(results, madeNames, 1))
      return results.logits?.data as Float32Array
    },
    dispose: () => release(sessions),
  }
}

function madeOf(
  results: InferenceSession.OnnxValueMapType,
  names: readonly string[],
  positions: number,
): NewKeysAndValues {
  const data = names.map((name) => cacheArrayOf(results[name]))
  return { data, layout: 'heads_first', positions }
}

/** Returns how far back each key lies, from 1 for the new one, which stands first; 0 where there is none. */
function distances(answer: KeyValueCache): Tensor {
  const width = 1 + answer.capacity
  const entries = new Int32Array(answer.size * width)
  for (let row = 0; row < answer.size; row++) {
    const length = answer.lengthOf(row)
    entries[row * width] = 1
    for (let position = 0; position < length; position++)
      entries[row * width + 1 + position] = 1 + length - position
  }
  return new Tensor('int32', entries, [answer.size, 1, width])
}

function mask(prompt: KeyValueCache): Tensor {
  const { size, capacity } = prompt
  const entries = new BigInt64Array(size * capacity)
  for (let row = 0; row < size; row++) entries.fill(1n, row * capacity, row * capacity + prompt.lengthOf(row))
  return new Tensor('int64', entries, [size, capacity])
}
