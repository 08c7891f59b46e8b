/**
 * Turns an exported decoder's graph into the form that our loop drives: it gives out the keys and values of new positions
 * only, and takes rows of any lengths side by side. Changes no weight. Two kinds of attention are understood.
 *
 * Standard attention (present = Concat(past, new)): the new keys are put before the cached ones, and what is visible is
 * given as an input. A row's sums then run over its keys in the same order however much room stands behind them, so that
 * its bits depend neither on the other rows nor on the size of the cache.
 *
 * Grouped-query attention (com.microsoft): it takes each row's length already; its rotation is moved out of it, where it
 * has one, because the cache holds rotated keys.
 */
import { ELEMENT, type Graph } from '../graph/graph.ts'
import { createNode, intAttribute, intsAttribute, MICROSOFT } from '../graph/node.ts'
import type { NodeProto } from '../graph/onnx_pb.js'
import type { TensorInfo } from '../graph/tensor-info.ts'
import { castLogits } from './cast-logits.ts'
import { areComputedAlike } from './same-computation.ts'

const KINDS = ['key', 'value'] as const

/** Operators between cached keys and the scores, and between the scores and their mask, that move or scale numbers only. */
const PASSING = new Set([
  'Transpose',
  'Reshape',
  'Unsqueeze',
  'Expand',
  'Mul',
  'Div',
  'MatMul',
  'FusedMatMul',
  'Cast',
])

/**
 * Edits the graph.
 * @returns false where it is not understood; the graph is of no use then
 */
export function toDecoderForm(graph: Graph): boolean {
  const layers = layersOf(graph)
  if (layers === 0) return false
  const grouped = groupedEdits(graph, layers)
  const edits = grouped ?? standardEdits(graph, layers)
  if (!edits) return false
  edits()
  for (const { name } of graph.outputs()) if (/^present\./.test(name)) graph.removeOutput(name)
  castLogits(graph)
  graph.prune()
  return grouped !== undefined || knowsPositionsByInput(graph)
}

/** What a graph takes from the size of the cache, or from the mask, would be another row's. */
function knowsPositionsByInput(graph: Graph): boolean {
  const inputs = graph.inputs().map(({ name }) => name)
  const pasts = inputs.filter((name) => name.startsWith('past_key_values.'))
  return (
    inputs.includes('position_ids') &&
    graph.consumers('attention_mask').every(({ opType }) => opType === 'Shape') &&
    pasts.every((name) => graph.consumers(name).every(({ opType }) => opType !== 'Shape'))
  )
}

function layersOf(graph: Graph): number {
  return graph.inputs().filter(({ name }) => /^past_key_values\.\d+\.key$/.test(name)).length
}

type PastInput = { readonly info: TensorInfo; readonly layer: number; readonly kind: (typeof KINDS)[number] }

function pastInputs(graph: Graph, layers: number): readonly PastInput[] | undefined {
  const infos = new Map(graph.inputs().map((info) => [info.name, info]))
  const found: PastInput[] = []
  for (let layer = 0; layer < layers; layer++)
    for (const kind of KINDS) {
      const info = infos.get(`past_key_values.${layer}.${kind}`)
      if (info?.dims?.length !== 4) return undefined
      found.push({ info, layer, kind })
    }
  return found
}

/** Returns the edits of a graph with standard attention, or undefined. */
function standardEdits(graph: Graph, layers: number): (() => void) | undefined {
  const pasts = pastInputs(graph, layers)
  const joins = pasts?.map((past) => ({ past, join: joinOf(graph, past.info.name) }))
  if (!joins) return undefined
  const masks: { readonly add: NodeProto; readonly mask: string; readonly rank: number }[] = []
  for (const { past, join } of joins) {
    if (!join || isShared(graph, join)) return undefined
    if (past.kind === 'value') continue
    const mask = maskBehind(graph, join)
    if (!mask) return undefined
    masks.push(mask)
  }
  const [first] = masks
  if (!first || masks.some(({ rank }) => rank !== first.rank)) return undefined
  // A layer that sees less than the others, such as a window, would see all.
  if (
    !areComputedAlike(
      graph,
      masks.map(({ mask }) => mask),
    )
  )
    return undefined

  return () => {
    for (const { past, join } of joins) {
      const [before = '', made = ''] = join?.input ?? []
      const { info, layer, kind } = past
      if (join) join.input = [made, before]
      graph.rename(made, newName(layer, kind))
      const [batch, heads, , size] = info.dims ?? []
      graph.addOutput({
        name: newName(layer, kind),
        elementType: info.elementType,
        dims: [batch, heads, 'sequence_length', size],
      })
    }
    for (const { add, mask } of masks) graph.replaceInput(add, mask, BIAS)
    graph.addInput({
      name: BIAS,
      elementType: pasts?.[0]?.info.elementType ?? ELEMENT.FLOAT,
      dims: ['batch_size', ...new Array<number>(first.rank - 3).fill(1), 'sequence_length', 'width'],
    })
  }
}

const BIAS = 'attention_bias'

function newName(layer: number, kind: string): string {
  return `new.${layer}.${kind}`
}

/** Returns the node that puts new positions behind cached ones. */
function joinOf(graph: Graph, past: string): NodeProto | undefined {
  const readers = graph.consumers(past).filter(({ opType }) => opType !== 'Shape')
  const [join] = readers
  if (readers.length !== 1 || join?.opType !== 'Concat' || join.input.length !== 2) return undefined
  const axis = intAttribute(join, 'axis')
  return join.input[0] === past && (axis === 2 || axis === -2) ? join : undefined
}

/** New keys that are read elsewhere, too, would be seen in an order that is not theirs. */
function isShared(graph: Graph, join: NodeProto): boolean {
  return graph.consumers(join.input[1] ?? '').length !== 1
}

/** Finds the addition of the mask to the scores of a layer's keys. */
function maskBehind(
  graph: Graph,
  join: NodeProto,
): { readonly add: NodeProto; readonly mask: string; readonly rank: number } | undefined {
  const queue = [join.output[0] ?? '']
  for (const name of queue)
    for (const reader of graph.consumers(name)) {
      if (reader.opType === 'Add') {
        const mask = reader.input.find((input) => input !== name)
        const rank = rankOf(graph, name)
        return mask !== undefined && rank !== undefined && rank >= 4 ? { add: reader, mask, rank } : undefined
      }
      if (PASSING.has(reader.opType)) queue.push(reader.output[0] ?? '')
    }
  return undefined
}

/** Returns how many dimensions a tensor has, where the nodes before it tell. */
function rankOf(graph: Graph, name: string): number | undefined {
  const node = graph.producer(name)
  if (node?.opType === 'Transpose') return intsAttribute(node, 'perm')?.length
  if (node?.opType === 'Reshape') {
    const shape = node.input[1] ?? ''
    const parts = graph.producer(shape)
    return graph.integers(shape)?.length ?? (parts?.opType === 'Concat' ? parts.input.length : undefined)
  }
  return node && (PASSING.has(node.opType) || node.opType === 'Add')
    ? rankOf(graph, node.input[0] ?? '')
    : undefined
}

/** Place of the bias among the inputs of grouped-query attention. */
const BIAS_PLACE = 10

/** Returns the edits of a graph with grouped-query attention, or undefined. */
function groupedEdits(graph: Graph, layers: number): (() => void) | undefined {
  const nodes = graph.nodes.filter(({ opType }) => opType === 'GroupQueryAttention')
  if (nodes.length !== layers) return undefined
  // One packed tensor of queries, keys and values has no keys of its own to give out.
  if (nodes.some(({ input }) => !input[1] || !input[2])) return undefined
  // A bias of the graph's own would be made for positions that lie as they do in one row alone.
  if (nodes.some(({ input }) => input[BIAS_PLACE])) return undefined
  const infos = new Map(graph.inputs().map((info) => [info.name, info]))
  const layered = nodes.map((node) => ({
    node,
    layer: Number(/^past_key_values\.(\d+)\.key$/.exec(node.input[3] ?? '')?.[1] ?? Number.NaN),
  }))
  if (layered.some(({ layer }) => Number.isNaN(layer))) return undefined

  return () => {
    for (const { node, layer } of layered) {
      if (intAttribute(node, 'do_rotary') === 1) moveRotationOut(graph, node, layer)
      for (const [index, kind] of KINDS.entries()) {
        const info = infos.get(`past_key_values.${layer}.${kind}`)
        graph.rename(node.input[index + 1] ?? '', newName(layer, kind))
        graph.addOutput({
          name: newName(layer, kind),
          elementType: info?.elementType ?? ELEMENT.FLOAT,
          dims: ['batch_size', 'sequence_length', undefined],
        })
      }
    }
  }
}

/** Rotates queries and keys by nodes of their own. */
function moveRotationOut(graph: Graph, node: NodeProto, layer: number): void {
  if (!graph.inputs().some(({ name }) => name === 'position_ids'))
    graph.addInput({
      name: 'position_ids',
      elementType: ELEMENT.INT64,
      dims: ['batch_size', 'sequence_length'],
    })
  const [query = '', key = '', value = '', pastKey = '', pastValue = '', lengths = '', total = ''] =
    node.input
  const [cosines = '', sines = ''] = node.input.slice(7, 9)
  // Neither angles nor positions are needed any more; what comes behind them, such as sinks, is.
  const behind = node.input.slice(BIAS_PLACE)
  const others = behind.length > 0 ? ['', '', '', ...behind] : []
  const interleaved = { interleaved: { int: intAttribute(node, 'rotary_interleaved') ?? 0 } }
  const rotate = (name: string, to: string, heads: string) =>
    createNode(
      'RotaryEmbedding',
      [name, 'position_ids', cosines, sines],
      [to],
      { ...interleaved, num_heads: { int: intAttribute(node, heads) ?? 0 } },
      MICROSOFT,
    )
  const rotated = [`rotated.${layer}.query`, `rotated.${layer}.key`] as const
  const attention = {
    ...node,
    input: [...rotated, value, pastKey, pastValue, lengths, total, ...others],
    attribute: node.attribute.filter(({ name }) => !['do_rotary', 'rotary_interleaved'].includes(name)),
  }
  graph.replace(
    [node],
    [rotate(query, rotated[0], 'num_heads'), rotate(key, rotated[1], 'kv_num_heads'), attention],
  )
  node.input = attention.input
}
