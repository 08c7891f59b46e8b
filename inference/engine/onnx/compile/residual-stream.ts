/**
 * Finds the residual stream of a decoder between its layers, by what reads it and not by names, which differ from exporter to
 * exporter. Changes nothing.
 */
import type { Graph } from '../graph/graph.ts'
import { needsOf } from '../graph/node.ts'
import type { NodeProto } from '../graph/onnx_pb.js'

/** Operators that add what a layer has made to the stream. */
const ADDITIONS = new Set(['Add', 'SkipLayerNormalization', 'SkipSimplifiedLayerNormalization'])
/** Operators that leave every number as it is, or as near as an element type can. */
const SAME_VALUE = new Set(['Identity', 'Cast'])

/** Returns how many layers with a cache an exported decoder has. */
export function countLayers(graph: Graph): number {
  return graph.inputs().filter(({ name }) => /^past_key_values\.\d+\.value$/.test(name)).length
}

/**
 * Returns the name of the tensor that enters a layer and to which the layer's attention is added; undefined where the graph
 * is of another form.
 * @param graph of an exported decoder, as it comes
 * @param layer from 1: into the first one go embeddings, which no layer has made
 */
export function residualStream(graph: Graph, layer: number): string | undefined {
  const behindLast = descendantsOf(graph, `past_key_values.${layer - 1}.value`)
  const behindOwn = descendantsOf(graph, `past_key_values.${layer}.value`)
  for (const node of graph.nodes) {
    if (!behindLast.has(node) || behindOwn.has(node)) continue
    const added = node.output.find((name) =>
      graph.consumers(name).some((reader) => ADDITIONS.has(reader.opType) && behindOwn.has(reader)),
    )
    if (added !== undefined) return uncast(graph, added)
  }
  return undefined
}

function descendantsOf(graph: Graph, name: string): ReadonlySet<NodeProto> {
  const names = new Set([name])
  // Nodes stand in the order in which they are computed: one pass meets all.
  return new Set(
    graph.nodes.filter((node) => {
      if (!needsOf(node).some((input) => names.has(input))) return false
      for (const output of node.output) if (output !== '') names.add(output)
      return true
    }),
  )
}

/** Returns the tensor before casts: norms read it as well, and a cut is to pass one tensor only. */
function uncast(graph: Graph, name: string): string {
  const node = graph.producer(name)
  return node && SAME_VALUE.has(node.opType) ? uncast(graph, node.input[0] ?? '') : name
}
