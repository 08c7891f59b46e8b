/**
 * From the bytes of an exported decoder to those that our loop loads: linear layers in int8 where that is wanted, then the
 * form of decoder-form.ts. Reads and writes no file.
 */
import { RouterError } from '../../../../shared/errors.ts'
import { ELEMENT, readGraph } from '../graph/graph.ts'
import { toDecoderForm } from './decoder-form.ts'
import { type ActivationMaxima, compileToInt8 } from './int8.ts'

/** `int8`: compiled; `stored`: as they are in the file. */
export type CompiledWeights = 'int8' | 'stored'

/** What a compiled file holds: a decoder with these weights, or a part of an encoder-decoder (seq2seq.ts). */
export type CompiledForm = CompiledWeights | 'cross_attention' | 'seq2seq_step'

/** Changes whenever the same input gives another output, so that files made before are made anew. */
export const COMPILER_VERSION = 3

/**
 * Returns the compiled bytes.
 * @param maxima for int8
 * @param states tensors that are given out when they are asked for, [rows, positions, size]; they cost nothing else
 * @throws {RouterError} `unsupported` for a graph that is not understood
 */
export function compileGraph(
  bytes: Uint8Array,
  weights: CompiledWeights,
  maxima: ActivationMaxima,
  states: readonly string[] = [],
): Uint8Array {
  const graph = readGraph(bytes)
  if (weights === 'int8') compileToInt8(graph, maxima)
  for (const name of states) {
    if (!graph.producer(name))
      throw new RouterError('unsupported', `it has no tensor ${name} that could be read`)
    graph.addOutput({ name, elementType: ELEMENT.FLOAT })
  }
  if (!toDecoderForm(graph))
    throw new RouterError('unsupported', 'its attention is of a form that the batched loop does not know')
  return graph.encode()
}
