/**
 * The type of a graph's logits. Changes nothing else.
 */
import { ELEMENT, type Graph } from '../graph/graph.ts'
import { createNode } from '../graph/node.ts'

/** Sampling reads float32, whatever the graph computes in. */
export function castLogits(graph: Graph): void {
  const logits = graph.outputs().find(({ name }) => name === 'logits')
  const producer = graph.producer('logits')
  if (!logits || !producer || logits.elementType === ELEMENT.FLOAT) return
  graph.rename('logits', 'logits.stored')
  graph.setNodes([
    ...graph.nodes,
    createNode('Cast', ['logits.stored'], ['logits'], { to: { int: ELEMENT.FLOAT } }),
  ])
  graph.removeOutput('logits')
  graph.addOutput({ ...logits, elementType: ELEMENT.FLOAT })
}
