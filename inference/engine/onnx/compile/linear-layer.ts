/**
 * The linear layers of a graph: which nodes multiply by constant weights, and these weights as numbers, whatever form they
 * are stored in. Changes nothing.
 */
import type { Graph } from '../graph/graph.ts'
import { intAttribute, intsAttribute, MICROSOFT } from '../graph/node.ts'
import type { NodeProto } from '../graph/onnx_pb.js'

export type LinearLayer = {
  readonly node: NodeProto
  /** Name of the activations, [..., inputs]. */
  readonly input: string
  /** Name of the result, [..., outputs]. */
  readonly output: string
  readonly inputs: number
  readonly outputs: number
  /** Node whose work these weights do as well. */
  readonly foldedNode?: NodeProto | undefined
  /** Returns the weights, [outputs, inputs]; computed at each call. */
  readonly weights: () => Float32Array
}

/** Smaller matrices, such as those of a gate or of a position bias, gain nothing. */
const FEWEST_WEIGHTS = 1024

/** Returns the layers in the order in which they are computed. */
export function linearLayers(graph: Graph): readonly LinearLayer[] {
  const layers = graph.nodes.flatMap((node) => {
    const layer = quantizedLayer(graph, node) ?? floatLayer(graph, node)
    return layer && layer.inputs * layer.outputs >= FEWEST_WEIGHTS ? [layer] : []
  })
  // A product that only serves another layer's offsets is part of that layer.
  const folded = new Set(layers.map(({ foldedNode }) => foldedNode))
  return layers.filter(({ node }) => !folded.has(node))
}

/** A product with weights of 4 or 8 bits in blocks. Source: ONNX Runtime's operator MatMulNBits. */
function quantizedLayer(graph: Graph, node: NodeProto): LinearLayer | undefined {
  const [input = '', codes = '', scales = '', zeros = '', order = '', bias = ''] = node.input
  if (node.opType !== 'MatMulNBits' || node.domain !== MICROSOFT || order !== '' || bias !== '')
    return undefined
  const inputs = intAttribute(node, 'K') ?? 0
  const outputs = intAttribute(node, 'N') ?? 0
  const bits = intAttribute(node, 'bits') ?? 4
  const blockSize = intAttribute(node, 'block_size') ?? 0
  const codeBytes = graph.bytes(codes)
  const scaleValues = constantFloats(graph, scales)
  const zeroValues = zeroPointsOf(graph, zeros, { outputs, blocks: Math.ceil(inputs / blockSize), bits })
  if (!codeBytes || !scaleValues || zeroValues === undefined || (bits !== 4 && bits !== 8)) return undefined
  const stored = {
    codes: codeBytes,
    scales: scaleValues,
    zeros: zeroValues,
    inputs,
    outputs,
    bits,
    blockSize,
  }
  const extended = extendedInput(graph, input, inputs)
  return {
    node,
    input: extended?.input ?? input,
    output: node.output[0] ?? '',
    inputs: extended?.inputs ?? inputs,
    outputs,
    foldedNode: extended?.product,
    weights: () => {
      const weights = dequantize(stored)
      return extended ? foldExtension(weights, inputs, outputs, extended) : weights
    },
  }
}

function constantFloats(graph: Graph, name: string): Float32Array | undefined {
  const producer = graph.producer(name)
  return (
    graph.floats(name) ?? (producer?.opType === 'Cast' ? graph.floats(producer.input[0] ?? '') : undefined)
  )
}

type BlockShape = { readonly outputs: number; readonly blocks: number; readonly bits: number }

/** Returns a zero point for each block; undefined where they are of a form that is not known. */
function zeroPointsOf(
  graph: Graph,
  name: string,
  { outputs, blocks, bits }: BlockShape,
): Float32Array | undefined {
  const zeros = new Float32Array(outputs * blocks).fill(2 ** (bits - 1))
  if (name === '') return zeros
  const floats = constantFloats(graph, name)
  if (floats) return floats.length === zeros.length ? floats : undefined
  const packed = graph.bytes(name)
  const rowBytes = Math.ceil((blocks * bits) / 8)
  if (packed?.length !== outputs * rowBytes) return undefined
  for (let row = 0; row < outputs; row++)
    for (let block = 0; block < blocks; block++) {
      const byte = packed[row * rowBytes + (bits === 4 ? block >> 1 : block)] ?? 0
      zeros[row * blocks + block] = bits === 8 ? byte : block % 2 === 0 ? byte & 15 : byte >> 4
    }
  return zeros
}

type Stored = {
  readonly codes: Uint8Array
  readonly scales: Float32Array
  readonly zeros: Float32Array
  readonly inputs: number
  readonly outputs: number
  readonly bits: number
  readonly blockSize: number
}

/** Returns (code − zero point) × scale, [outputs, inputs]. */
function dequantize({ codes, scales, zeros, inputs, outputs, bits, blockSize }: Stored): Float32Array {
  const weights = new Float32Array(outputs * inputs)
  const blocks = Math.ceil(inputs / blockSize)
  const blockBytes = (blockSize * bits) / 8
  for (let row = 0; row < outputs; row++)
    for (let block = 0; block < blocks; block++) {
      const scale = scales[row * blocks + block] ?? 0
      const zero = zeros[row * blocks + block] ?? 0
      const from = (row * blocks + block) * blockBytes
      const to = row * inputs + block * blockSize
      const count = Math.min(blockSize, inputs - block * blockSize)
      for (let index = 0; index < count; index++) {
        const byte = codes[from + (bits === 4 ? index >> 1 : index)] ?? 0
        const code = bits === 8 ? byte : (index & 1) === 0 ? byte & 15 : byte >> 4
        weights[to + index] = (code - zero) * scale
      }
    }
  return weights
}

type Extension = {
  readonly input: string
  readonly inputs: number
  readonly sums: Float32Array
  readonly product: NodeProto
}

/**
 * Some files carry offsets of their blocks as further columns, which multiply sums over blocks of the activations:
 * the input is then Concat(x, MatMul(x, constant)). Returns x and the constant, [inputs, further inputs].
 */
function extendedInput(graph: Graph, name: string, inputs: number): Extension | undefined {
  const concat = graph.producer(name)
  const [input = '', further = ''] = concat?.input ?? []
  const product = graph.producer(further)
  if (concat?.opType !== 'Concat' || concat.input.length !== 2 || product?.opType !== 'MatMul')
    return undefined
  const sums = graph.floats(product.input[1] ?? '')
  const dims = graph.initializer(product.input[1] ?? '')?.dims.map(Number) ?? []
  const [own = 0, columns = 0] = dims
  if (product.input[0] !== input || !sums || own + columns !== inputs) return undefined
  return { input, inputs: own, sums, product }
}

/** Returns the weights that do the same without the further inputs. */
function foldExtension(
  weights: Float32Array,
  inputs: number,
  outputs: number,
  { inputs: own, sums }: Extension,
): Float32Array {
  const columns = inputs - own
  const folded = new Float32Array(outputs * own)
  for (let output = 0; output < outputs; output++)
    folded.set(weights.subarray(output * inputs, output * inputs + own), output * own)
  // Nearly all of the constant is 0, as each input belongs to one block: what is not is walked through once.
  for (let input = 0; input < own; input++)
    for (let column = 0; column < columns; column++) {
      const factor = sums[input * columns + column] ?? 0
      if (factor === 0) continue
      for (let output = 0; output < outputs; output++) {
        const at = output * own + input
        folded[at] = (folded[at] ?? 0) + (weights[output * inputs + own + column] ?? 0) * factor
      }
    }
  return folded
}

/** A product with float weights, [inputs, outputs]. */
function floatLayer(graph: Graph, node: NodeProto): LinearLayer | undefined {
  const [input = '', matrix = ''] = node.input
  if (node.opType !== 'MatMul' || graph.initializer(input)) return undefined
  const stored = transposedSource(graph, matrix)
  const dims = graph.initializer(stored.name)?.dims.map(Number) ?? []
  const values = dims.length === 2 ? graph.floats(stored.name) : undefined
  if (!values) return undefined
  const [first = 0, second = 0] = dims
  const [inputs, outputs] = stored.transposed ? [second, first] : [first, second]
  return {
    node,
    input,
    output: node.output[0] ?? '',
    inputs,
    outputs,
    weights: () => (stored.transposed ? values.slice() : transpose(values, inputs, outputs)),
  }
}

/** A head that is tied to the table of tokens reads it through a Transpose. */
function transposedSource(
  graph: Graph,
  name: string,
): { readonly name: string; readonly transposed: boolean } {
  const producer = graph.producer(name)
  // Without an order it turns both around.
  const order = producer && intsAttribute(producer, 'perm')
  return producer?.opType === 'Transpose' && (order?.join() ?? '1,0') === '1,0'
    ? { name: producer.input[0] ?? '', transposed: true }
    : { name, transposed: false }
}

function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length)
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      result[column * rows + row] = values[row * columns + column] ?? 0
  return result
}
