/**
 * Rewrites the linear layers of a graph as products of integers: 8-bit weights with a scale for each output, 8-bit activations
 * with a scale for each row. Sums of integers are exact in any order, so that a row's result has the same bits whoever
 * shares its batch.
 */
import { RouterError } from '../../../../shared/errors.ts'
import type { Graph } from '../graph/graph.ts'
import { createNode, MICROSOFT } from '../graph/node.ts'
import type { NodeProto } from '../graph/onnx_pb.js'
import { type LinearLayer, linearLayers } from './linear-layer.ts'
import { quantizeWeights } from './quantize-weights.ts'
import { scaleColumns, smoothingFactors } from './smoothing.ts'

/** Largest absolute value of each channel of the activations that linear layers read, by the tensor's name. */
export type ActivationMaxima = ReadonlyMap<string, Float32Array>

const CODE_SCALE = 'int8.activation_scale'
const CODE_ZERO = 'int8.activation_zero'
const UNIT = 'int8.unit'
const LAST_AXIS = 'int8.last_axis'
/** Activations are rounded to 127 steps on either side of the zero point. */
const STEPS = 127
const ZERO_POINT = 128
/** From here on ReduceMax takes its axes as an input. Source: ONNX's changelog of operators. */
const AXES_AS_INPUT = 18

/**
 * Edits the graph.
 * @param maxima of activations; those of which nothing is known are not smoothed
 * @throws {RouterError} `unsupported` where the graph has no linear layer that is understood
 */
export function compileToInt8(graph: Graph, maxima: ActivationMaxima): void {
  const layers = linearLayers(graph)
  if (layers.length === 0)
    throw new RouterError('unsupported', 'The graph has no linear layers that can be compiled to int8.')
  graph.addInitializer(CODE_SCALE, [], Float32Array.of(1 / STEPS))
  graph.addInitializer(CODE_ZERO, [], Uint8Array.of(ZERO_POINT))
  graph.addInitializer(UNIT, [], Float32Array.of(1))
  graph.addInitializer(LAST_AXIS, [1], BigInt64Array.of(-1n))
  graph.importOpset(MICROSOFT, 1)
  const replacements = new Map<NodeProto, readonly NodeProto[]>()
  for (const [input, readers] of groupByInput(layers)) {
    const weights = readers.map((layer) => layer.weights())
    const smoothed = smooth(graph, input, readers, weights, maxima.get(input))
    const [first] = readers
    for (const [index, layer] of readers.entries()) {
      const matrix = weights[index]
      if (!matrix) continue
      const nodes = productNodes(graph, layer, matrix, `${input}.int8`)
      replacements.set(layer.node, [
        ...(layer === first
          ? [...smoothed.nodes, ...roundingNodes(graph, smoothed.name, `${input}.int8`)]
          : []),
        ...nodes,
      ])
    }
  }
  graph.setNodes(graph.nodes.flatMap((node) => replacements.get(node) ?? [node]))
  graph.prune()
}

/** Returns the names of activations whose maxima `compileToInt8` asks for. */
export function calibratedTensors(graph: Graph): readonly string[] {
  return [...groupByInput(linearLayers(graph)).keys()]
}

function groupByInput(layers: readonly LinearLayer[]): ReadonlyMap<string, readonly LinearLayer[]> {
  const groups = new Map<string, LinearLayer[]>()
  for (const layer of layers) groups.set(layer.input, [...(groups.get(layer.input) ?? []), layer])
  return groups
}

/** Scales the weights in place, and the activations: in the norm before them, or by a node of its own. */
function smooth(
  graph: Graph,
  input: string,
  readers: readonly LinearLayer[],
  weights: readonly Float32Array[],
  maxima: Float32Array | undefined,
): { readonly name: string; readonly nodes: readonly NodeProto[] } {
  const inputs = readers[0]?.inputs ?? 0
  if (maxima?.length !== inputs) return { name: input, nodes: [] }
  const factors = smoothingFactors(maxima)
  for (const matrix of weights) scaleColumns(matrix, factors)
  if (divideNorm(graph, input, readers, factors)) return { name: input, nodes: [] }
  const inverse = `${input}.smoothing`
  graph.addInitializer(
    inverse,
    [inputs],
    factors.map((factor) => 1 / factor),
  )
  const name = `${input}.smoothed`
  return { name, nodes: [createNode('Mul', [input, inverse], [name])] }
}

/** Norms by the place of their weights among their inputs. */
const NORM_WEIGHTS: ReadonlyMap<string, number> = new Map([
  ['SimplifiedLayerNormalization', 1],
  ['SkipSimplifiedLayerNormalization', 2],
  ['RMSNormalization', 1],
])

/** Divides the weights of the norm that makes a tensor; false where something else makes it, or others read it. */
function divideNorm(
  graph: Graph,
  name: string,
  readers: readonly LinearLayer[],
  factors: Float32Array,
): boolean {
  const norm = graph.producer(name)
  const place = norm && NORM_WEIGHTS.get(norm.opType)
  const weights = place === undefined ? undefined : graph.floats(norm?.input[place] ?? '')
  if (!norm || place === undefined || weights?.length !== factors.length) return false
  // Its further outputs, such as the sum that it has normed, are not scaled by its weights.
  if (norm.output[0] !== name) return false
  if (graph.outputs().some((output) => output.name === name)) return false
  if (graph.consumers(norm.input[place] ?? '').length !== 1) return false
  if (!graph.consumers(name).every((node) => leadsTo(graph, node, readers))) return false
  const divided = weights.map((weight, channel) => weight / (factors[channel] ?? 1))
  const replaced = graph.addInitializer(`${norm.input[place]}.smoothed`, [divided.length], divided)
  graph.replaceInput(norm, norm.input[place] ?? '', replaced)
  return true
}

/** Whether a node is one of the layers, or makes what only they read and what goes with their old form. */
function leadsTo(graph: Graph, node: NodeProto, readers: readonly LinearLayer[]): boolean {
  if (readers.some((layer) => layer.node === node)) return true
  if (node.opType !== 'Concat' && node.opType !== 'MatMul') return false
  const next = graph.consumers(node.output[0] ?? '')
  return next.length > 0 && next.every((each) => leadsTo(graph, each, readers))
}

/**
 * Rows divided by their largest value, rounded. A row of zeros gives codes without meaning, which its scale, 0, takes out of
 * the result again.
 */
function roundingNodes(graph: Graph, input: string, prefix: string): readonly NodeProto[] {
  const axes = graph.opset() >= AXES_AS_INPUT
  return [
    createNode('Abs', [input], [`${prefix}.sizes`]),
    createNode(
      'ReduceMax',
      axes ? [`${prefix}.sizes`, LAST_AXIS] : [`${prefix}.sizes`],
      [`${prefix}.largest`],
      { keepdims: { int: 1 }, ...(axes ? {} : { axes: { ints: [-1] } }) },
    ),
    createNode('Div', [input, `${prefix}.largest`], [`${prefix}.divided`]),
    createNode('QuantizeLinear', [`${prefix}.divided`, CODE_SCALE, CODE_ZERO], [`${prefix}.codes`]),
  ]
}

function productNodes(
  graph: Graph,
  { output, inputs, outputs }: LinearLayer,
  weights: Float32Array,
  prefix: string,
): readonly NodeProto[] {
  const { codes, scales } = quantizeWeights(weights, inputs, outputs)
  const name = graph.addInitializer(`${output}.weights`, [inputs, outputs], codes)
  // The steps of the activations are taken into the scale: the row's largest value is all that is left to multiply by.
  const scale = graph.addInitializer(
    `${output}.scales`,
    [outputs],
    scales.map((each) => each / STEPS),
  )
  return [
    createNode(
      'MatMulIntegerToFloat',
      [`${prefix}.codes`, name, UNIT, scale, CODE_ZERO],
      [`${output}.scaled`],
      {},
      MICROSOFT,
    ),
    createNode('Mul', [`${output}.scaled`, `${prefix}.largest`], [output]),
  ]
}
