/**
 * An ONNX model that can be read, edited and written: its inputs and outputs, constants and nodes, and who makes and needs a
 * tensor. What it does not touch is written back as it was, byte for byte. Knows no operator.
 */
import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { RouterError } from '../../../../shared/errors.ts'
import { createNode, needsOf, renamed, renameIn } from './node.ts'
import {
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
  TensorProto_DataType,
} from './onnx_pb.js'
import { createTensor, floatsOf, integersOf, rawBytes, type TensorArray } from './tensor-data.ts'
import { type TensorInfo, toInfo, toValueInfo } from './tensor-info.ts'

export const ELEMENT = TensorProto_DataType

/** Returns the model in a file's bytes. @throws {RouterError} `configuration` for bytes that are none */
export function readGraph(bytes: Uint8Array): Graph {
  let model: ModelProto
  try {
    model = fromBinary(ModelProtoSchema, bytes)
  } catch (cause) {
    throw new RouterError('configuration', 'These are not the bytes of an ONNX model.', { cause })
  }
  if (!model.graph) throw new RouterError('configuration', 'This ONNX model has no graph.')
  return new Graph(model, model.graph)
}

/** A model and indexes over it, renewed after each edit. */
export class Graph {
  readonly #model: ModelProto
  readonly #graph: GraphProto
  #producers: ReadonlyMap<string, NodeProto> | undefined
  #consumers: ReadonlyMap<string, readonly NodeProto[]> | undefined
  #initializers: ReadonlyMap<string, TensorProto> | undefined

  constructor(model: ModelProto, graph: GraphProto) {
    this.#model = model
    this.#graph = graph
  }

  /** Returns the model's bytes. */
  encode(): Uint8Array {
    return toBinary(ModelProtoSchema, this.#model)
  }

  /** In an order in which each comes after those whose outputs it needs. */
  get nodes(): readonly NodeProto[] {
    return this.#graph.node
  }

  inputs(): readonly TensorInfo[] {
    return this.#graph.input.map(toInfo)
  }

  outputs(): readonly TensorInfo[] {
    return this.#graph.output.map(toInfo)
  }

  /** Returns the version of ONNX's own operators, or of a domain's. */
  opset(domain = ''): number {
    return Number(this.#model.opsetImport.find((entry) => entry.domain === domain)?.version ?? 0)
  }

  /** Makes a domain's operators known to the model. */
  importOpset(domain: string, version: number): void {
    if (this.opset(domain) > 0) return
    this.#model.opsetImport.push({
      $typeName: 'onnx.OperatorSetIdProto',
      domain,
      version: BigInt(version),
    })
  }

  producer(name: string): NodeProto | undefined {
    this.#producers ??= new Map(this.nodes.flatMap((node) => node.output.map((output) => [output, node])))
    return this.#producers.get(name)
  }

  /** Returns the nodes that read a tensor, in order; bodies of control flow included. */
  consumers(name: string): readonly NodeProto[] {
    if (!this.#consumers) {
      const found = new Map<string, NodeProto[]>()
      for (const node of this.nodes)
        for (const input of needsOf(node)) found.set(input, [...(found.get(input) ?? []), node])
      this.#consumers = found
    }
    return this.#consumers.get(name) ?? []
  }

  initializer(name: string): TensorProto | undefined {
    this.#initializers ??= new Map(this.#graph.initializer.map((tensor) => [tensor.name, tensor]))
    return this.#initializers.get(name) ?? this.#constantOf(name)
  }

  /** Returns a constant's numbers, of float32 or float16; undefined where the tensor is not constant. */
  floats(name: string): Float32Array | undefined {
    const tensor = this.initializer(name)
    return tensor && floatsOf(tensor)
  }

  /** Returns a constant's integers; undefined where the tensor is not constant. */
  integers(name: string): readonly number[] | undefined {
    const tensor = this.initializer(name)
    return tensor && integersOf(tensor)
  }

  /** Returns a constant's bytes as they stand in the file; undefined where the tensor is not constant. */
  bytes(name: string): Uint8Array | undefined {
    const tensor = this.initializer(name)
    return tensor && rawBytes(tensor)
  }

  /**
   * Adds a constant; returns the name.
   * @throws {RouterError} `unsupported` where the graph has a tensor of that name already
   */
  addInitializer(name: string, dims: readonly number[], data: TensorArray): string {
    if (this.initializer(name) || this.producer(name) || this.inputs().some((input) => input.name === name))
      throw new RouterError('unsupported', `its graph has a tensor of its own named ${name}`)
    this.#graph.initializer.push(createTensor(name, dims, data))
    this.#initializers = undefined
    return name
  }

  addInput(info: TensorInfo): void {
    this.#graph.input.push(toValueInfo(info))
  }

  removeInput(name: string): void {
    this.#graph.input = this.#graph.input.filter((value) => value.name !== name)
  }

  /** Makes a tensor of the graph one of its outputs. */
  addOutput(info: TensorInfo): void {
    this.#graph.output.push(toValueInfo(info))
  }

  removeOutput(name: string): void {
    this.#graph.output = this.#graph.output.filter((value) => value.name !== name)
  }

  /** Puts nodes where the last of the old ones stood; what needs the old ones' outputs must come after it. */
  replace(old: readonly NodeProto[], replacement: readonly NodeProto[]): void {
    const gone = new Set(old)
    const last = this.nodes.findLastIndex((node) => gone.has(node))
    this.setNodes(
      this.nodes.flatMap((node, index) => [
        ...(gone.has(node) ? [] : [node]),
        ...(index === last ? replacement : []),
      ]),
    )
  }

  /** Replaces all nodes; they must be in order. */
  setNodes(nodes: readonly NodeProto[]): void {
    this.#graph.node = [...nodes]
    this.#changed()
  }

  /** Makes a node read another tensor in place of one. */
  replaceInput(node: NodeProto, from: string, to: string): void {
    node.input = renamed(node.input, from, to)
    this.#changed()
  }

  /** Gives a tensor that nodes make and read, in bodies of control flow as well, another name. */
  rename(from: string, to: string): void {
    renameIn(this.nodes, from, to)
    this.#changed()
  }

  /** Puts the nodes of one branch in the place of each `If` that a tensor decides. */
  takeBranches(condition: string, value: boolean): void {
    const nodes: NodeProto[] = []
    for (const node of this.nodes) {
      const wanted = value ? 'then_branch' : 'else_branch'
      const branch = node.attribute.find(({ name }) => name === wanted)?.g
      if (node.opType !== 'If' || node.input[0] !== condition || !branch) {
        nodes.push(node)
        continue
      }
      this.#graph.initializer.push(...branch.initializer)
      nodes.push(...branch.node)
      for (const [index, { name }] of branch.output.entries()) {
        const outside = node.output[index]
        if (outside && outside !== name) nodes.push(createNode('Identity', [name], [outside]))
      }
    }
    this.#initializers = undefined
    this.setNodes(nodes)
  }

  /** Drops nodes, constants and inputs that no output needs, and what is told of tensors in between. */
  prune(): void {
    const needed = new Set(this.#graph.output.map(({ name }) => name))
    const kept = [...this.nodes].reverse().filter((node) => {
      if (!node.output.some((name) => needed.has(name))) return false
      for (const name of needsOf(node)) needed.add(name)
      return true
    })
    this.setNodes(kept.reverse())
    this.#graph.initializer = this.#graph.initializer.filter(({ name }) => needed.has(name))
    this.#graph.input = this.#graph.input.filter(({ name }) => needed.has(name))
    this.#graph.valueInfo = []
    this.#initializers = undefined
  }

  #constantOf(name: string): TensorProto | undefined {
    const node = this.producer(name)
    if (node?.opType !== 'Constant') return undefined
    return node.attribute.find((attribute) => attribute.name === 'value')?.t
  }

  #changed(): void {
    this.#producers = undefined
    this.#consumers = undefined
  }
}
