/**
 * Makes a dynamically quantized graph quantize each row of activations by its own range. As exported, DynamicQuantizeLinear
 * takes one range over all rows of a run, so that they change each other's numbers; for a run of one row the two are the
 * same, to the bit (unless all of its numbers are below 1e-35). Changes no weight.
 */
import { ELEMENT, type Graph } from '../graph/graph.ts'
import { createNode } from '../graph/node.ts'
import type { NodeProto } from '../graph/onnx_pb.js'

const QUANTIZE = 'DynamicQuantizeLinear'
/** Since then ReduceMin and ReduceMax take their axes as an input. */
const AXES_AS_INPUT_OPSET = 18

/**
 * Edits the graph.
 * @returns false, with the graph as it was, where quantized activations are used for anything but products with constant
 * weights
 */
export function quantizeByRow(graph: Graph): boolean {
  const quantizers = graph.nodes.filter(({ opType }) => opType === QUANTIZE)
  const sums = new Map<string, Int32Array>()
  for (const { output } of quantizers) {
    const [values = '', , zero = ''] = output
    const products = graph.consumers(values)
    for (const { opType, input } of products) {
      const columns = opType === 'MatMulInteger' && input[0] === values ? columnSums(graph, input) : undefined
      if (!columns) return false
      sums.set(input[1] ?? '', columns)
    }
    if (!graph.consumers(zero).every((node) => products.includes(node))) return false
  }
  addConstants(graph)
  for (const [weights, columns] of sums) graph.addInitializer(`${weights}.sums`, [columns.length], columns)
  const zeros = new Map(quantizers.map(({ output: [values = '', , zero = ''] }) => [values, zero]))
  graph.setNodes(
    graph.nodes.flatMap((node) => {
      if (node.opType === QUANTIZE) return quantizeRows(graph, node)
      const zero = node.opType === 'MatMulInteger' ? zeros.get(node.input[0] ?? '') : undefined
      return zero === undefined ? [node] : productOfRows(node, zero)
    }),
  )
  return true
}

const ZERO = 'rows.zero'
const HIGHEST = 'rows.highest'
/** Least scale, the smallest normal float32: a row of nothing but zeros would be divided by zero. */
const LEAST = 'rows.least'
const AXES = 'rows.axes'

function addConstants(graph: Graph): void {
  graph.addInitializer(ZERO, [], Float32Array.of(0))
  graph.addInitializer(HIGHEST, [], Float32Array.of(255))
  graph.addInitializer(LEAST, [], Float32Array.of(2 ** -126))
  if (graph.opset() >= AXES_AS_INPUT_OPSET) graph.addInitializer(AXES, [1], BigInt64Array.of(-1n))
}

/**
 * Returns the nodes that quantize rows as DynamicQuantizeLinear quantizes all of them.
 * Source: ONNX's definition of that operator, in the order of ONNX Runtime's own computation.
 */
function quantizeRows(graph: Graph, { input, output }: NodeProto): readonly NodeProto[] {
  const [values = ''] = input
  const [quantized = '', scale = '', zero = ''] = output
  const name = (part: string) => `${quantized}.${part}`
  const reduce = (opType: string, to: string) =>
    graph.opset() >= AXES_AS_INPUT_OPSET
      ? createNode(opType, [values, AXES], [to], { keepdims: { int: 1 } })
      : createNode(opType, [values], [to], { axes: { ints: [-1] }, keepdims: { int: 1 } })
  return [
    reduce('ReduceMin', name('min')),
    createNode('Min', [name('min'), ZERO], [name('low')]),
    reduce('ReduceMax', name('max')),
    createNode('Max', [name('max'), ZERO], [name('high')]),
    createNode('Sub', [name('high'), name('low')], [name('range')]),
    createNode('Div', [name('range'), HIGHEST], [name('step')]),
    createNode('Max', [name('step'), LEAST], [scale]),
    createNode('Div', [name('low'), scale], [name('offset')]),
    createNode('Round', [name('offset')], [name('below')]),
    createNode('Cast', [name('below')], [zero], { to: { int: ELEMENT.INT32 } }),
    createNode('Div', [values, scale], [name('scaled')]),
    createNode('Round', [name('scaled')], [name('rounded')]),
    createNode('Sub', [name('rounded'), name('below')], [name('shifted')]),
    createNode('Clip', [name('shifted'), ZERO, HIGHEST], [name('clipped')]),
    createNode('Cast', [name('clipped')], [quantized], { to: { int: ELEMENT.UINT8 } }),
  ]
}

/** MatMulInteger takes one zero point for all rows: each row's is taken off its sums instead, in integers. */
function productOfRows(product: NodeProto, zero: string): readonly NodeProto[] {
  const [values = '', weights = '', , weightZero = ''] = product.input
  const [sums = ''] = product.output
  const raw = `${sums}.raw`
  return [
    { ...product, name: raw, input: [values, weights, '', weightZero], output: [raw] },
    createNode('Mul', [zero, `${weights}.sums`], [`${sums}.correction`]),
    createNode('Add', [raw, `${sums}.correction`], [sums]),
  ]
}

/** Returns the sum of each column of constant weights above their zero points; undefined where they are not constant. */
function columnSums(graph: Graph, input: readonly string[]): Int32Array | undefined {
  const [, weights = '', , weightZero = ''] = input
  const bytes = graph.bytes(weights)
  const { dims, dataType } = graph.initializer(weights) ?? {}
  const zeros = weightZero === '' ? [0] : graph.integers(weightZero)
  const [rows, columns] = dims?.map(Number) ?? []
  if (!bytes || !zeros || rows === undefined || columns === undefined || dims?.length !== 2) return undefined
  const sums = Int32Array.from({ length: columns }, (_, column) => -rows * (zeros[column] ?? zeros[0] ?? 0))
  const values =
    dataType === ELEMENT.INT8 ? new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : bytes
  for (let row = 0, at = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, at++)
      sums[column] = (sums[column] ?? 0) + (values[at] ?? 0)
  return sums
}
