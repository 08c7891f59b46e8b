/**
 * Nodes of a graph: builds them, reads their attributes, knows the names that they read. Knows no operator.
 */
import { create } from '@bufbuild/protobuf'
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
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

/** Returns the names, one of them replaced. */
export function renamed(names: readonly string[], from: string, to: string): string[] {
  return names.map((name) => (name === from ? to : name))
}

/** Gives a tensor another name, in bodies of control flow as well. */
export function renameIn(nodes: readonly NodeProto[], from: string, to: string): void {
  for (const node of nodes) {
    node.input = renamed(node.input, from, to)
    node.output = renamed(node.output, from, to)
    for (const body of bodiesOf(node)) {
      renameIn(body.node, from, to)
      for (const output of body.output) if (output.name === from) output.name = to
    }
  }
}

/** Returns the graphs that a node of control flow runs. */
function bodiesOf({ attribute }: NodeProto): readonly GraphProto[] {
  return attribute.flatMap(({ g, graphs }) => [...(g ? [g] : []), ...graphs])
}

/** Names that a node reads; the bodies of its control flow read tensors from outside as well. */
export function needsOf(node: NodeProto): readonly string[] {
  const bodies = bodiesOf(node)
  if (bodies.length === 0) return node.input
  return [
    ...node.input,
    ...bodies.flatMap(({ node: inner, output }) => [
      ...inner.flatMap(needsOf),
      ...output.map(({ name }) => name),
    ]),
  ]
}
