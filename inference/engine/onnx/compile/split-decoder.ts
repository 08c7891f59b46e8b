/**
 * Cuts a graph in decoder form behind one of its layers, into two graphs that share no weights: whoever looks at a prompt's
 * states in between has paid for the layers before only, and may leave. Changes no number.
 */
import { RouterError } from '../../../../shared/errors.ts'
import { CARRIED_PREFIX } from '../decoder-stage.ts'
import { ELEMENT, type Graph, readGraph } from '../graph/graph.ts'
import type { NodeProto } from '../graph/onnx_pb.js'

/**
 * Returns the two graphs' bytes.
 * @param bytes of a graph in decoder form
 * @param tensor the state behind which is cut, such as the sum of the residual stream before a layer; the first part gives it
 * out as `carried.0`
 * @throws {RouterError} `unsupported` where more than what the tensor's node makes passes from one part to the other
 */
export function splitDecoder(bytes: Uint8Array, tensor: string): readonly [Uint8Array, Uint8Array] {
  const first = readGraph(bytes)
  const last = readGraph(bytes)
  const cut = first.producer(tensor)
  if (!cut) throw new RouterError('unsupported', `The graph has no tensor ${tensor} to be cut at.`)
  const before = ancestorsOf(first, [cut])
  const passing = cut.output.filter((name) => name === tensor || readBehind(first, name, before))
  // The tensor itself comes first, whatever place it has among its node's outputs.
  const carried = [tensor, ...passing.filter((name) => name !== tensor)]
  const names = new Map(carried.map((name, index) => [name, `${CARRIED_PREFIX}${index}`]))
  const elementType =
    first.outputs().find(({ name }) => name.startsWith('new.'))?.elementType ?? ELEMENT.FLOAT

  for (const { name } of first.outputs()) {
    const producer = first.producer(name)
    if (!producer || !before.has(producer)) first.removeOutput(name)
    else last.removeOutput(name)
  }
  for (const [name, to] of names) {
    first.removeOutput(name)
    first.rename(name, to)
    const dims = ['batch_size', 'sequence_length', undefined]
    first.addOutput({ name: to, elementType, dims })
    last.addInput({ name: to, elementType, dims })
  }
  first.prune()

  const same = last.producer(tensor)
  last.setNodes(last.nodes.filter((node) => node !== same))
  for (const [name, to] of names) last.rename(name, to)
  last.prune()
  checkParts(first, last, tensor)
  return [first.encode(), last.encode()]
}

/** Returns the nodes and all that they need. */
function ancestorsOf(graph: Graph, nodes: readonly NodeProto[]): ReadonlySet<NodeProto> {
  const found = new Set(nodes)
  for (const node of found)
    for (const input of node.input) {
      const producer = graph.producer(input)
      if (producer) found.add(producer)
    }
  return found
}

function readBehind(graph: Graph, name: string, before: ReadonlySet<NodeProto>): boolean {
  return graph.consumers(name).some((node) => !before.has(node))
}

/** A cut that left a cache to both parts would compute the layers of the first one twice. */
function checkParts(first: Graph, last: Graph, tensor: string): void {
  const pastsOf = (graph: Graph) => graph.inputs().filter(({ name }) => name.startsWith('past_key_values.'))
  const before = new Set(pastsOf(first).map(({ name }) => name))
  const behind = pastsOf(last).map(({ name }) => name)
  const shared = behind.find((name) => before.has(name))
  if (shared !== undefined || before.size === 0 || behind.length === 0)
    throw new RouterError(
      'unsupported',
      `The graph cannot be cut at ${tensor}: ${shared === undefined ? 'one side would have no layer' : `${shared} would be needed on both sides`}.`,
    )
}
