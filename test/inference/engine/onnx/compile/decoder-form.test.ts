import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { toDecoderForm } from '../../../../../inference/engine/onnx/compile/decoder-form.ts'
import { ELEMENT, type Graph, readGraph } from '../../../../../inference/engine/onnx/graph/graph.ts'
import { createNode } from '../../../../../inference/engine/onnx/graph/node.ts'
import { TINY_LLAMA } from '../../../../support/tiny-decoder.ts'

const tinyLlama = () => readGraph(readFileSync(join(TINY_LLAMA, 'onnx/model.onnx')))

/** Lets all nodes read another tensor, which nodes at the beginning make. */
function takeFrom(
  graph: Graph,
  input: string,
  makers: readonly ReturnType<typeof createNode>[],
  made: string,
) {
  for (const node of graph.consumers(input)) graph.replaceInput(node, input, made)
  graph.setNodes([...makers, ...graph.nodes])
}

test('takes the export as it is, and needs positions and a bias instead of a mask', () => {
  const graph = tinyLlama()
  expect(toDecoderForm(graph)).toBe(true)
  const inputs = graph.inputs().map(({ name }) => name)
  expect(inputs.filter((name) => !name.startsWith('past'))).toEqual([
    'input_ids',
    'position_ids',
    'attention_bias',
  ])
})

test('refuses a graph that tells positions by its mask', () => {
  const graph = tinyLlama()
  graph.addInitializer('axis', [], BigInt64Array.of(1n))
  const makers = [
    createNode('CumSum', ['attention_mask', 'axis'], ['counted']),
    createNode('Sub', ['counted', 'axis'], ['positions']),
  ]
  takeFrom(graph, 'position_ids', makers, 'positions')
  expect(toDecoderForm(graph)).toBe(false)
})

test('refuses a graph that tells positions by the size of its cache', () => {
  const graph = tinyLlama()
  const makers = [
    createNode('Shape', ['past_key_values.0.key'], ['sizes'], { start: { int: 2 }, end: { int: 3 } }),
    createNode('Add', ['position_ids', 'sizes'], ['positions']),
  ]
  takeFrom(graph, 'position_ids', [], 'positions')
  graph.setNodes([...makers, ...graph.nodes])
  expect(toDecoderForm(graph)).toBe(false)
})

test('refuses a graph whose layers do not see the same', () => {
  const graph = tinyLlama()
  const [, scores] = graph.nodes.filter(({ opType }) => opType === 'Softmax')
  const add = graph.producer(scores?.input[0] ?? '')
  const mask = add?.input[1] ?? ''
  if (!add) throw new Error('no such layer')
  graph.addInitializer('half', [], Float32Array.of(0.5))
  graph.replaceInput(add, mask, 'other_mask')
  graph.replace([add], [createNode('Mul', [mask, 'half'], ['other_mask']), add])
  expect(toDecoderForm(graph)).toBe(false)
})

test('refuses what is no decoder', () => {
  const graph = tinyLlama()
  graph.removeInput('past_key_values.0.key')
  graph.addInput({ name: 'past', elementType: ELEMENT.FLOAT })
  expect(toDecoderForm(graph)).toBe(false)
})
