/**
 * Compiles the merged decoder of an encoder-decoder for our loop, from bytes to bytes; the encoder stays as it is. Knows no
 * files.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { RouterError } from '../../../../shared/errors.ts'
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

/**
 * Returns the graph that makes keys and values of the encoder's states.
 * @param merged bytes of optimum's `decoder_model_merged`
 * @throws {RouterError} `unsupported` for a graph that is not understood
 */
export function compileCrossAttention(merged: Uint8Array): Uint8Array {
  const graph = readGraph(merged)
  if (!toPromptKeysAndValues(graph)) throw notUnderstood()
  return graph.encode()
}

/**
 * Returns the graph that makes one token of each row.
 * @param merged bytes of optimum's `decoder_model_merged`
 * @param positions tokens that an answer may have
 * @throws {RouterError} `unsupported` for a graph that is not understood
 */
export async function compileSeq2seqStep(merged: Uint8Array, positions: number): Promise<Uint8Array> {
  const biasGraph = readGraph(merged)
  if (!toPositionBias(biasGraph)) throw notUnderstood()
  const bias = await computeBias(biasGraph.encode(), positions)
  const graph = readGraph(merged)
  if (!toSeq2seqStep(graph, bias)) throw notUnderstood()
  quantizeByRow(graph)
  return graph.encode()
}

function notUnderstood(): RouterError {
  return new RouterError('unsupported', 'its attention is of a form that the batched loop does not know')
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
