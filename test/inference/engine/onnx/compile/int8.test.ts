import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { expect, test } from 'vitest'
import { measureActivations } from '../../../../../inference/engine/onnx/compile/calibrate.ts'
import { compileToInt8 } from '../../../../../inference/engine/onnx/compile/int8.ts'
import { linearLayers } from '../../../../../inference/engine/onnx/compile/linear-layer.ts'
import { EXACT_PRODUCTS } from '../../../../../inference/engine/onnx/exact-products.ts'
import { ELEMENT, type Graph, readGraph } from '../../../../../inference/engine/onnx/graph/graph.ts'
import { TINY_LLAMA } from '../../../../support/tiny-decoder.ts'

const BYTES = readFileSync(join(TINY_LLAMA, 'onnx/model.onnx'))
const IDS = [260, 78, 297, 524, 499, 33, 12, 900, 41, 7]

async function logitsOf(graph: Graph): Promise<Float32Array> {
  const session = await InferenceSession.create(graph.encode(), {
    logSeverityLevel: 3,
    extra: EXACT_PRODUCTS,
  })
  const integers = (values: readonly number[]) =>
    new Tensor('int64', BigInt64Array.from(values, BigInt), [1, IDS.length])
  const empty = () => new Tensor('float32', new Float32Array(0), [1, 2, 0, 16])
  const pasts = graph.inputs().filter(({ name }) => name.startsWith('past'))
  const outputs = await session.run(
    {
      input_ids: integers(IDS),
      attention_mask: integers(IDS.map(() => 1)),
      position_ids: integers(IDS.map((_, index) => index)),
      ...Object.fromEntries(pasts.map(({ name }) => [name, empty()])),
    },
    ['logits'],
  )
  return outputs.logits?.data as Float32Array
}

/** Cosine of the angle between two vectors: 1 where they point the same way. */
function similarity(left: Float32Array, right: Float32Array): number {
  let [dot, ofLeft, ofRight] = [0, 0, 0]
  for (let index = 0; index < left.length; index++) {
    const [a = 0, b = 0] = [left[index], right[index]]
    dot += a * b
    ofLeft += a * a
    ofRight += b * b
  }
  return dot / Math.sqrt(ofLeft * ofRight)
}

test('finds every linear layer of an export, the tied head included', () => {
  const layers = linearLayers(readGraph(BYTES))
  // Two layers of seven, and the head.
  expect(layers).toHaveLength(15)
  const [first] = layers
  expect(first?.weights()).toHaveLength((first?.inputs ?? 0) * (first?.outputs ?? 0))
})

test('computes nearly what the float graph computes, smoothed or not', async () => {
  const exact = await logitsOf(readGraph(BYTES))
  for (const maxima of [new Map(), await measureActivations(BYTES, [IDS], 1)]) {
    const graph = readGraph(BYTES)
    compileToInt8(graph, maxima)
    expect(graph.nodes.filter(({ opType }) => opType === 'MatMulIntegerToFloat')).toHaveLength(15)
    expect(similarity(exact, await logitsOf(graph))).toBeGreaterThan(0.999)
  }
})

test('the shipped model’s offsets of blocks are part of its weights', async () => {
  const graph = readGraph(
    readFileSync(join(import.meta.dirname, '../../../../../models/Ulfberht-135M/onnx/model_q4.onnx')),
  )
  const layer = linearLayers(graph)[0]
  if (!layer) throw new Error('no layer')
  expect([layer.inputs, layer.outputs]).toEqual([576, 960])
  const weights = layer.weights()
  // What the graph's own node gives for a row that is 0 but for one channel is that channel's column of weights.
  const channel = 100
  const probe = readGraph(graph.encode())
  const row = Float32Array.from({ length: 576 }, (_, index) => (index === channel ? 1 : 0))
  const output = await columnOf(probe, layer.input, layer.output, row)
  const column = Float32Array.from({ length: 960 }, (_, index) => weights[index * 576 + channel] ?? 0)
  expect(similarity(output, column)).toBeGreaterThan(0.9999)
})

/** Runs the part of a graph that makes one tensor of another. */
async function columnOf(graph: Graph, from: string, to: string, row: Float32Array): Promise<Float32Array> {
  const maker = graph.producer(from)
  if (!maker) throw new Error('nothing makes it')
  graph.replace([maker], [])
  for (const { name } of graph.outputs()) graph.removeOutput(name)
  graph.addOutput({ name: to, elementType: ELEMENT.FLOAT })
  graph.addInput({ name: from, elementType: ELEMENT.FLOAT, dims: [1, row.length] })
  graph.prune()
  const session = await InferenceSession.create(graph.encode(), { logSeverityLevel: 3 })
  const outputs = await session.run({ [from]: new Tensor('float32', row, [1, row.length]) })
  return outputs[to]?.data as Float32Array
}

test('a row of zeros gives zeros, and nothing that spreads', async () => {
  const graph = readGraph(BYTES)
  compileToInt8(graph, new Map())
  const [layer] = linearLayers(readGraph(BYTES))
  if (!layer) throw new Error('no layer')
  const result = await columnOf(graph, layer.input, layer.output, new Float32Array(layer.inputs))
  expect([...result].every((value) => value === 0)).toBe(true)
})

test('says so where there is nothing to compile', () => {
  const graph = readGraph(BYTES)
  for (const { name } of graph.outputs()) if (name !== 'present.0.value') graph.removeOutput(name)
  graph.setNodes(graph.nodes.filter(({ opType }) => opType !== 'MatMul'))
  expect(() => compileToInt8(graph, new Map())).toThrow(/no linear layers/)
})
