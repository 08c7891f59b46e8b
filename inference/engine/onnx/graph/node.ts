/**
 * Nodes of a graph: builds them, reads their attributes. Knows no operator.
 */
import { create } from '@bufbuild/protobuf'
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type NodeProto,
  NodeProtoSchema,
} from './onnx_pb.js'

/** Domain of ONNX Runtime's own operators. */
export const MICROSOFT = 'com.microsoft'

export type AttributeValue =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly text: string }

/**
 * Returns a node.
 * @param inputs names of tensors; '' stands for an optional input that is not given
 * @param domain '' for ONNX's own operators
 */
export function createNode(
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
  domain = '',
): NodeProto {
  return create(NodeProtoSchema, {
    opType,
    input: [...inputs],
    output: [...outputs],
    name: outputs[0] ?? '',
    domain,
    attribute: Object.entries(attributes).map(([name, value]) => createAttribute(name, value)),
  })
}

function createAttribute(name: string, value: AttributeValue): AttributeProto {
  if ('int' in value)
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value.int) })
  if ('float' in value)
    return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value.float })
  if ('ints' in value)
    return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.ints.map(BigInt) })
  return create(AttributeProtoSchema, {
    name,
    type: AttributeType.STRING,
    s: new TextEncoder().encode(value.text),
  })
}

/** Returns an integer attribute, or undefined where the node has none of that name. */
export function intAttribute(node: NodeProto, name: string): number | undefined {
  const found = node.attribute.find((attribute) => attribute.name === name)
  return found?.type === AttributeType.INT ? Number(found.i) : undefined
}

/** Returns an attribute that is a list of integers, or undefined where the node has none of that name. */
export function intsAttribute(node: NodeProto, name: string): readonly number[] | undefined {
  const found = node.attribute.find((attribute) => attribute.name === name)
  return found?.type === AttributeType.INTS ? found.ints.map(Number) : undefined
}
