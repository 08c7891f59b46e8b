/**
 * Graphs of a few nodes, written in a test.
 */
import { create } from '@bufbuild/protobuf'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { ELEMENT, Graph } from '../../inference/engine/onnx/graph/graph.ts'
import {
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
} from '../../inference/engine/onnx/graph/onnx_pb.js'

/** Returns a graph over constants and nodes, from `x`, [rows, size], to outputs of float32. */
export function smallGraph(
  size: number,
  constants: Readonly<Record<string, readonly [dims: readonly number[], data: Float32Array]>>,
  nodes: readonly NodeProto[],
  outputs: readonly string[],
): Graph {
  const proto = create(GraphProtoSchema, { name: 'small' })
  const opsetImport = [
    { domain: '', version: 18n },
    { domain: 'com.microsoft', version: 1n },
  ]
  const graph = new Graph(create(ModelProtoSchema, { irVersion: 8n, opsetImport, graph: proto }), proto)
  for (const [name, [dims, data]] of Object.entries(constants)) graph.addInitializer(name, dims, data)
  graph.addInput({ name: 'x', elementType: ELEMENT.FLOAT, dims: ['rows', size] })
  graph.setNodes(nodes)
  for (const name of outputs) graph.addOutput({ name, elementType: ELEMENT.FLOAT })
  return graph
}

/** Runs such a graph and returns its outputs. */
export async function runSmallGraph(
  graph: Graph,
  x: Float32Array,
  size: number,
): Promise<Readonly<Record<string, Float32Array>>> {
  const session = await InferenceSession.create(graph.encode(), { logSeverityLevel: 3 })
  const results = await session.run({ x: new Tensor('float32', x, [x.length / size, size]) })
  await session.release()
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]))
}
