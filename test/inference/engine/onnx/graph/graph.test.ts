import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, test } from 'vitest'
import { ELEMENT, readGraph } from '../../../../../inference/engine/onnx/graph/graph.ts'
import { createNode, intAttribute, intsAttribute } from '../../../../../inference/engine/onnx/graph/node.ts'
import { runSmallGraph, smallGraph } from '../../../../support/small-graph.ts'

const MODELS = join(import.meta.dirname, '../../../../fixtures/models')
const files = [
  'tiny-llama/onnx/model.onnx',
  'tiny-t5/onnx/encoder_model.onnx',
  'tiny-t5/onnx/decoder_model_merged.onnx',
]
const bytesOf = (file: string) => readFileSync(join(MODELS, file))

describe.each(files)('%s', (file) => {
  test('is written as it was read', () => {
    expect(Buffer.compare(readGraph(bytesOf(file)).encode(), bytesOf(file))).toBe(0)
  })

  test('loses nothing that its outputs need when it is pruned', async () => {
    const graph = readGraph(bytesOf(file))
    const outputs = graph.outputs().map(({ name }) => name)
    graph.prune()
    const session = await InferenceSession.create(graph.encode(), { logSeverityLevel: 3 })
    expect(session.outputNames).toEqual(outputs)
    await session.release()
  })
})

test('gives out a tensor in between, and needs no more than it takes', async () => {
  const graph = readGraph(bytesOf('tiny-llama/onnx/model.onnx'))
  for (const { name } of graph.outputs()) graph.removeOutput(name)
  graph.addOutput({ name: '/model/embed_tokens/Gather_output_0', elementType: ELEMENT.FLOAT })
  graph.prune()
  expect(graph.nodes).toHaveLength(1)
  expect(graph.inputs().map(({ name }) => name)).toEqual(['input_ids'])
  const session = await InferenceSession.create(graph.encode(), { logSeverityLevel: 3 })
  const ids = new Tensor('int64', BigInt64Array.of(7n, 3n), [1, 2])
  const [rows] = Object.values(await session.run({ input_ids: ids }))
  const table = graph.floats('model.embed_tokens.weight') ?? new Float32Array()
  expect(rows?.data).toEqual(Float32Array.of(...table.slice(7 * 64, 8 * 64), ...table.slice(3 * 64, 4 * 64)))
  await session.release()
})

const X = Float32Array.of(1, -2, 3, -4)
const chain = () =>
  smallGraph(
    4,
    { two: [[], Float32Array.of(2)], three: [[], Float32Array.of(3)] },
    [
      createNode('Mul', ['x', 'two'], ['doubled']),
      createNode('Neg', ['doubled'], ['negated']),
      createNode('Add', ['negated', 'three'], ['y']),
    ],
    ['y'],
  )

test('replaces a node by others in its place', async () => {
  const graph = chain()
  const neg = graph.producer('negated')
  if (!neg) throw new Error('no such node')
  graph.replace([neg], [createNode('Abs', ['doubled'], ['size']), createNode('Sqrt', ['size'], ['negated'])])
  expect(graph.nodes.map(({ opType }) => opType)).toEqual(['Mul', 'Abs', 'Sqrt', 'Add'])
  expect(graph.producer('negated')?.opType).toBe('Sqrt')
  expect(graph.consumers('doubled').map(({ opType }) => opType)).toEqual(['Abs'])
  const { y } = await runSmallGraph(graph, X, 4)
  expect(y).toEqual(X.map((value) => Math.sqrt(Math.abs(2 * value)) + 3))
})

test('renames a tensor where it is made and where it is read', async () => {
  const graph = chain()
  graph.rename('doubled', 'twice')
  expect(graph.producer('doubled')).toBeUndefined()
  expect(graph.consumers('twice')).toHaveLength(1)
  expect((await runSmallGraph(graph, X, 4)).y).toEqual(X.map((value) => 3 - 2 * value))
})

test('makes one node read another tensor', async () => {
  const graph = chain()
  const add = graph.producer('y')
  if (!add) throw new Error('no such node')
  graph.replaceInput(add, 'negated', 'doubled')
  graph.prune()
  expect(graph.nodes).toHaveLength(2)
  expect((await runSmallGraph(graph, X, 4)).y).toEqual(X.map((value) => 3 + 2 * value))
})

test('adds no constant under a name that is taken', () => {
  for (const name of ['x', 'two', 'negated'])
    expect(() => chain().addInitializer(name, [], Float32Array.of(1))).toThrow(name)
})

test('tells and follows what bodies of control flow read from outside', async () => {
  const graph = readGraph(bytesOf('tiny-t5/onnx/decoder_model_merged.onnx'))
  const branches = graph.nodes.filter(({ opType }) => opType === 'If')
  expect(branches.length).toBeGreaterThan(0)
  expect(graph.consumers('encoder_hidden_states')).toContain(branches[0])
  const known = graph.inputs().find(({ name }) => name === 'encoder_hidden_states')
  if (!known) throw new Error('no such input')
  graph.rename('encoder_hidden_states', 'states')
  graph.removeInput('encoder_hidden_states')
  graph.addInput({ ...known, name: 'states' })
  graph.prune()
  const session = await InferenceSession.create(graph.encode(), { logSeverityLevel: 3 })
  expect(session.inputNames).toContain('states')
  await session.release()
})

test('refuses what is no model', () => {
  expect(() => readGraph(Buffer.from('this is no graph'))).toThrow(/not the bytes of an ONNX model/)
  expect(() => readGraph(new Uint8Array())).toThrow(/no graph/)
})

test('reads the attributes that it writes', () => {
  const node = createNode('Any', [], [], { one: { int: -3 }, many: { ints: [2, 0, 1] }, text: { text: 'é' } })
  expect([intAttribute(node, 'one'), intAttribute(node, 'many'), intAttribute(node, 'none')]).toEqual([
    -3,
    undefined,
    undefined,
  ])
  expect(intsAttribute(node, 'many')).toEqual([2, 0, 1])
})
