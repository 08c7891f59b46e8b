/**
 * Whether tensors of a graph are computed alike: by the same operators from the same constants and inputs, however they are
 * named. Computes none of them.
 */
import { createHash } from 'node:crypto'
import { toBinary } from '@bufbuild/protobuf'
import type { Graph } from '../graph/graph.ts'
import { AttributeProtoSchema, TensorProtoSchema } from '../graph/onnx_pb.js'

/** Says whether all are; tensors whose sizes alone are read count as the same. */
export function areComputedAlike(graph: Graph, names: readonly string[]): boolean {
  const known = new Map<string, string>()
  const describe = (name: string): string => {
    const before = known.get(name)
    if (before !== undefined) return before
    const described = digest(description(name))
    known.set(name, described)
    return described
  }
  const description = (name: string): readonly (string | Uint8Array)[] => {
    const constant = graph.initializer(name)
    if (constant) return ['constant', toBinary(TensorProtoSchema, { ...constant, name: '' })]
    const node = graph.producer(name)
    if (!node) return ['input', name]
    if (node.opType === 'Shape') return ['size']
    const place = String(node.output.indexOf(name))
    const attributes = node.attribute.map((attribute) => toBinary(AttributeProtoSchema, attribute))
    return ['node', node.domain, node.opType, place, ...attributes, ...node.input.map(describe)]
  }
  return new Set(names.map(describe)).size <= 1
}

function digest(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${part.length}:`).update(part)
  return hash.digest('base64')
}
