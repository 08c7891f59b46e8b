/**
 * Compiles the merged decoder of an encoder-decoder for our loop, from bytes to bytes; the encoder stays as it is. Knows no
 * files.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { float16Tensor } from '../float16-tensor.ts'
import { readGraph } from '../graph/graph.ts'
import { quantizeByRow } from './row-quantization.ts'
import {
  BIAS_OUTPUT,
  type PositionBias,
  toPositionBias,
  toPromptKeysAndValues,
  toSeq2seqStep,
} from './seq2seq-form.ts'

export type CompiledSeq2seq = {
  /** Makes keys and values of the encoder's states. */
  readonly crossAttention: Uint8Array
  /** Makes one token of each row. */
  readonly decoder: Uint8Array
}

/**
 * Returns the graphs, or undefined where the merged decoder is not understood.
 * @param merged bytes of optimum's `decoder_model_merged`
 * @param positions tokens that an answer may have
 */
export async function compileSeq2seq(
  merged: Uint8Array,
  positions: number,
): Promise<CompiledSeq2seq | undefined> {
  // Each form is an edit of the whole graph, so that each begins with one of its own.
  const crossAttention = readGraph(merged)
  const biasGraph = readGraph(merged)
  const decoder = readGraph(merged)
  if (!toPromptKeysAndValues(crossAttention) || !toPositionBias(biasGraph)) return undefined
  const bias = await computeBias(biasGraph.encode(), positions)
  if (!toSeq2seqStep(decoder, bias)) return undefined
  quantizeByRow(decoder)
  return { crossAttention: crossAttention.encode(), decoder: decoder.encode() }
}

/** Lets the graph itself tell its bias: for one token after as many as there may be, which see all distances. */
async function computeBias(graph: Uint8Array, positions: number): Promise<PositionBias> {
  const session = await InferenceSession.create(graph, { intraOpNumThreads: 1, logSeverityLevel: 3 })
  const feeds: Record<string, Tensor> = {}
  for (const input of session.inputMetadata) {
    const [, heads, , size] = input.isTensor ? input.shape : []
    if (input.name === 'input_ids') feeds.input_ids = new Tensor('int64', BigInt64Array.of(0n), [1, 1])
    else feeds[input.name] = emptyPast(Number(heads), positions, Number(size), input)
  }
  const result = await session.run(feeds)
  await session.release()
  const rows = result[BIAS_OUTPUT]?.data as Float32Array
  const distances = positions + 1
  const heads = rows.length / distances
  const values = new Float32Array(rows.length)
  for (let head = 0; head < heads; head++)
    for (let distance = 0; distance < distances; distance++)
      values[distance * heads + head] = rows[(head + 1) * distances - 1 - distance] ?? 0
  return { heads, values }
}

function emptyPast(
  heads: number,
  positions: number,
  size: number,
  input: InferenceSession.ValueMetadata,
): Tensor {
  const count = heads * positions * size
  const dims = [1, heads, positions, size]
  return input.isTensor && input.type === 'float16'
    ? float16Tensor(new Uint16Array(count), dims)
    : new Tensor('float32', new Float32Array(count), dims)
}
