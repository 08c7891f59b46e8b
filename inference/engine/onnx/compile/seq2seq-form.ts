/**
 * Turns optimum's merged decoder of an encoder-decoder into the graphs that our loop drives. The merged graph has a branch
 * for the first token and one for those that follow, and no mask for the decoder's own positions, so that only rows of
 * equal age could share a run. Made of it are: the keys and values of the encoder's states, computed once a prompt; and
 * the step, for every token, which takes rows of any ages side by side and gives out the new keys and values only. Changes
 * no weight, and each weight goes into one of the two.
 *
 * The step is told of each key how far back it lies, and takes the bias for it (T5's relative positions) from a table: the
 * graph's own numbers, computed once. New keys stand before the cached ones, so that a row's sums run over its keys in the
 * same order however much room stands behind them.
 */
import { ELEMENT, type Graph } from '../graph/graph.ts'
import { createNode, intAttribute, intsAttribute } from '../graph/node.ts'
import type { NodeProto } from '../graph/onnx_pb.js'
import type { TensorInfo } from '../graph/tensor-info.ts'
import { castLogits } from './cast-logits.ts'

export const BRANCH_INPUT = 'use_cache_branch'
export const STATES_INPUT = 'encoder_hidden_states'
/** Of each key, [rows, 1, keys]: how far back it lies, from 1 for the new token's own; 0 for a key that is not to be seen. */
export const DISTANCES_INPUT = 'distances'
export const BIAS_OUTPUT = 'position_bias'

/** Softmax gives exactly 0 for what is hidden by it, whatever the score, in float32 and in float16. */
const HIDDEN = -30_000

const OWN_PAST = /^past_key_values\.\d+\.decoder\.(key|value)$/
const PROMPT_PRESENT = /^present\.\d+\.encoder\.(key|value)$/
/** Operators that leave every number as it is. */
const SAME_VALUE = new Set(['Identity', 'Cast'])

/** What is added to the scores of each head, by distance from 0: [distances × heads]. */
export type PositionBias = { readonly heads: number; readonly values: Float32Array }

/**
 * Edits the merged graph into the one that makes keys and values of the encoder's states.
 * @returns false where it is not understood
 */
export function toPromptKeysAndValues(graph: Graph): boolean {
  const outputs = graph.outputs().filter(({ name }) => PROMPT_PRESENT.test(name))
  graph.takeBranches(BRANCH_INPUT, false)
  for (const { name, dims } of outputs) {
    const shaped = shapedHeads(graph, name)
    const [, heads, , size] = dims ?? []
    if (!shaped || typeof heads !== 'number' || typeof size !== 'number') return false
    // The number of rows comes from the decoder's own states, for whose sake all of it would be computed.
    const shape = BigInt64Array.of(0n, -1n, BigInt(heads), BigInt(size))
    graph.replaceInput(shaped, shaped.input[1] ?? '', graph.addInitializer(`${name}.shape`, [4], shape))
  }
  keepOutputs(graph, outputs)
  return outputs.length > 0 && onlyInputs(graph, [STATES_INPUT])
}

/**
 * Edits the merged graph into the one that gives BIAS_OUTPUT, of float32, for the tokens before one.
 * @returns false where it is not understood
 */
export function toPositionBias(graph: Graph): boolean {
  graph.takeBranches(BRANCH_INPUT, true)
  const layers = ownAttention(graph)
  if (!layers) return false
  const cast = createNode('Cast', [layers.bias], [BIAS_OUTPUT], { to: { int: ELEMENT.FLOAT } })
  graph.setNodes([...graph.nodes, cast])
  keepOutputs(graph, [{ name: BIAS_OUTPUT, elementType: ELEMENT.FLOAT }])
  return onlyInputs(graph, ['input_ids', ...layers.joins.map(({ past }) => past.name)])
}

/**
 * Edits the merged graph into the step.
 * @returns false where it is not understood
 */
export function toSeq2seqStep(graph: Graph, { heads, values }: PositionBias): boolean {
  graph.takeBranches(BRANCH_INPUT, true)
  const layers = ownAttention(graph)
  castLogits(graph)
  const logits = graph.outputs().find(({ name }) => name === 'logits')
  const [first] = layers?.joins ?? []
  if (!layers || !logits || !first) return false
  const made: TensorInfo[] = []
  for (const { past, join } of layers.joins) {
    const [before = '', fresh = ''] = join.input
    join.input = [fresh, before]
    const name = past.name.replace('past_key_values.', 'new.')
    graph.rename(fresh, name)
    made.push({ ...past, name, dims: past.dims?.map((dim, axis) => (axis === 2 ? 1 : dim)) })
  }
  for (const add of layers.additions) graph.replaceInput(add, layers.bias, 'bias')
  const table = Float32Array.from([...new Array<number>(heads).fill(HIDDEN), ...values])
  graph.addInitializer('bias.table', [table.length / heads, heads], table)
  graph.addInput({ name: DISTANCES_INPUT, elementType: ELEMENT.INT32, dims: ['batch_size', 1, 'keys'] })
  graph.setNodes([
    createNode('Gather', ['bias.table', DISTANCES_INPUT], ['bias.found'], { axis: { int: 0 } }),
    createNode('Transpose', ['bias.found'], ['bias.of_heads'], { perm: { ints: [0, 3, 1, 2] } }),
    createNode('Cast', ['bias.of_heads'], ['bias'], { to: { int: first.past.elementType } }),
    ...graph.nodes,
  ])
  keepOutputs(graph, [logits, ...made])
  const pasts = graph.inputs().filter(({ name }) => name.startsWith('past_key_values.'))
  // A position that is told by the cache's size would be another row's.
  const sizeIsRead = layers.joins
    .flatMap(({ past, join }) => [past.name, join.output[0] ?? ''])
    .some((name) => graph.consumers(name).some(({ opType }) => opType === 'Shape'))
  return (
    !sizeIsRead &&
    onlyInputs(graph, [
      'input_ids',
      'encoder_attention_mask',
      DISTANCES_INPUT,
      ...pasts.map(({ name }) => name),
    ])
  )
}

type Join = { readonly past: TensorInfo; readonly join: NodeProto }
type OwnAttention = {
  /** Where new keys and values are put behind cached ones. */
  readonly joins: readonly Join[]
  /** Where the bias is added to the scores, one a layer. */
  readonly additions: readonly NodeProto[]
  readonly bias: string
}

/** Finds the attention of the decoder to its own tokens; undefined where any layer is not as expected. */
function ownAttention(graph: Graph): OwnAttention | undefined {
  const joins: Join[] = []
  const additions: NodeProto[] = []
  const biases = new Set<string>()
  for (const past of graph.inputs().filter(({ name }) => OWN_PAST.test(name))) {
    const join = graph.consumers(past.name).find(({ opType }) => opType === 'Concat')
    const axis = join && intAttribute(join, 'axis')
    if (join?.input.length !== 2 || join.input[0] !== past.name || (axis !== 2 && axis !== -2))
      return undefined
    if (graph.consumers(join.input[1] ?? '').length !== 1) return undefined
    joins.push({ past, join })
    if (!past.name.endsWith('.key')) continue
    const addition = biasBehind(graph, join)
    if (!addition) return undefined
    additions.push(addition.add)
    biases.add(addition.bias)
  }
  const [bias] = biases
  // The layers share one bias: what one of them made for itself would depend on more than distances.
  if (bias === undefined || biases.size > 1) return undefined
  return { joins, additions, bias }
}

/** Follows keys to their product with the queries, its scaling if there is one, and the addition of the bias. */
function biasBehind(
  graph: Graph,
  join: NodeProto,
): { readonly add: NodeProto; readonly bias: string } | undefined {
  const expected = ['Transpose', 'MatMul', 'Mul', 'Div', 'Add']
  let name = join.output[0] ?? ''
  let at = 0
  for (;;) {
    const [reader, ...others] = graph.consumers(name).filter(({ opType }) => opType !== 'Shape')
    if (!reader || others.length > 0) return undefined
    if (!SAME_VALUE.has(reader.opType)) {
      at = expected.indexOf(reader.opType, at)
      if (at === -1) return undefined
    }
    if (reader.opType === 'Add') {
      const bias = reader.input.find((input) => input !== name)
      return bias === undefined ? undefined : { add: reader, bias }
    }
    name = reader.output[0] ?? ''
  }
}

/** Returns the Reshape that parts the heads of keys or values. */
function shapedHeads(graph: Graph, name: string): NodeProto | undefined {
  let node = graph.producer(name)
  while (node && SAME_VALUE.has(node.opType)) node = graph.producer(node.input[0] ?? '')
  const shaped = graph.producer(node?.input[0] ?? '')
  const perm = node?.opType === 'Transpose' ? intsAttribute(node, 'perm') : undefined
  return shaped?.opType === 'Reshape' && perm?.join() === '0,2,1,3' ? shaped : undefined
}

function keepOutputs(graph: Graph, outputs: readonly TensorInfo[]): void {
  for (const { name } of graph.outputs()) graph.removeOutput(name)
  for (const output of outputs) graph.addOutput(output)
  graph.prune()
}

function onlyInputs(graph: Graph, known: readonly string[]): boolean {
  return graph.inputs().every(({ name }) => known.includes(name))
}
