/**
 * Measures how large the activations of a decoder's linear layers get, channel by channel, on texts of the kind that the
 * model will see. Runs the graph as it was exported.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { EXACT_PRODUCTS } from '../exact-products.ts'
import { ELEMENT, readGraph } from '../graph/graph.ts'
import { type ActivationMaxima, calibratedTensors } from './int8.ts'

/** Of the prompts' largest values this share is below what is taken: one odd prompt does not widen a channel. */
const QUANTILE = 0.9

/**
 * Returns the maxima.
 * @param bytes of the exported graph
 * @param prompts token ids of each
 * @param threads of one run
 */
export async function measureActivations(
  bytes: Uint8Array,
  prompts: readonly (readonly number[])[],
  threads: number,
): Promise<ActivationMaxima> {
  const graph = readGraph(bytes)
  const names = calibratedTensors(graph)
  for (const name of names) graph.addOutput({ name, elementType: ELEMENT.FLOAT })
  const session = await InferenceSession.create(graph.encode(), {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    extra: EXACT_PRODUCTS,
  })
  try {
    const seen = new Map<string, Float32Array[]>(names.map((name) => [name, []]))
    for (const ids of prompts) {
      const outputs = await session.run(feedsFor(session, ids), names)
      for (const name of names) {
        const tensor = outputs[name]
        if (tensor) seen.get(name)?.push(largestOf(tensor))
      }
    }
    return new Map([...seen].map(([name, rows]) => [name, quantileOf(rows)]))
  } finally {
    await session.release()
  }
}

/** One row without a past. */
function feedsFor(session: InferenceSession, ids: readonly number[]): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {}
  const dims = [1, ids.length]
  const integers = (values: readonly number[]) =>
    new Tensor('int64', BigInt64Array.from(values, BigInt), dims)
  for (const value of session.inputMetadata) {
    if (!value.isTensor) continue
    if (value.name === 'input_ids') feeds.input_ids = integers(ids)
    else if (value.name === 'attention_mask') feeds.attention_mask = integers(ids.map(() => 1))
    else if (value.name === 'position_ids') feeds.position_ids = integers(ids.map((_, index) => index))
    else if (value.name === 'num_logits_to_keep')
      feeds[value.name] = new Tensor('int64', BigInt64Array.of(1n), [])
    else if (value.name.startsWith('past_key_values.')) {
      const [, heads = 1, , size = 1] = value.shape
      const type = value.type === 'float16' ? 'float16' : 'float32'
      const empty = type === 'float16' ? new Uint16Array(0) : new Float32Array(0)
      feeds[value.name] = new Tensor(type, empty as never, [1, Number(heads), 0, Number(size)])
    }
  }
  return feeds
}

/** Returns each channel's largest absolute value, of [..., channels]. */
function largestOf({ data, dims }: Tensor): Float32Array {
  const channels = dims.at(-1) ?? 0
  const values = data as Float32Array
  const largest = new Float32Array(channels)
  for (let start = 0; start < values.length; start += channels)
    for (let channel = 0; channel < channels; channel++) {
      const size = Math.abs(values[start + channel] ?? 0)
      if (size > (largest[channel] ?? 0)) largest[channel] = size
    }
  return largest
}

function quantileOf(rows: readonly Float32Array[]): Float32Array {
  const index = Math.max(0, Math.ceil(rows.length * QUANTILE) - 1)
  return Float32Array.from(
    rows[0] ?? [],
    (_, channel) => rows.map((row) => row[channel] ?? 0).sort((left, right) => left - right)[index] ?? 0,
  )
}
