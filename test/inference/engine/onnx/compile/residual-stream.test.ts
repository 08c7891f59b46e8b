/** Where a decoder's layers begin. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { countLayers, residualStream } from '../../../../../inference/engine/onnx/compile/residual-stream.ts'
import { readGraph } from '../../../../../inference/engine/onnx/graph/graph.ts'
import { createNode } from '../../../../../inference/engine/onnx/graph/node.ts'
import { SHIPPED_DIR } from '../../../../../inference/models/resolve.ts'
import { smallGraph } from '../../../../support/small-graph.ts'
import { TINY_LLAMA } from '../../../../support/tiny-decoder.ts'

const graphOf = (file: string) => readGraph(readFileSync(file))

test('finds what enters a layer of a plain export, before the casts of its norm', () => {
  const graph = graphOf(join(TINY_LLAMA, 'onnx/model.onnx'))
  expect(countLayers(graph)).toBe(2)
  expect(residualStream(graph, 1)).toBe('/model/layers.0/Add_1_output_0')
})

test('finds it where norms and additions are one operator, for each layer', () => {
  const graph = graphOf(join(SHIPPED_DIR, 'Ulfberht-135M/onnx/model_q4.onnx'))
  expect(countLayers(graph)).toBe(30)
  for (const layer of [1, 16, 29]) expect(residualStream(graph, layer)).toBe(`layers.${layer}.attn_norm_sum`)
})

/** Two layers whose attention and feed-forward both read the same norm, and are added together. */
test('finds it where attention and feed-forward are side by side', () => {
  const layer = (at: number, input: string) => [
    createNode('LayerNormalization', [input], [`norm.${at}`]),
    createNode('Relu', [`norm.${at}`], [`forward.${at}`]),
    createNode(
      'GroupQueryAttention',
      [`norm.${at}`, '', '', '', `past_key_values.${at}.value`],
      [`attention.${at}`],
    ),
    createNode('Add', [`attention.${at}`, `forward.${at}`], [`made.${at}`]),
    createNode('Add', [`made.${at}`, input], [`stream.${at + 1}`]),
  ]
  const graph = smallGraph(4, {}, [...layer(0, 'x'), ...layer(1, 'stream.1')], ['stream.2'])
  expect(residualStream(graph, 1)).toBe('stream.1')
})

test('finds nothing where there is no such layer, or no cache', () => {
  const graph = graphOf(join(TINY_LLAMA, 'onnx/model.onnx'))
  expect([residualStream(graph, 0), residualStream(graph, 2)]).toEqual([undefined, undefined])
  const cacheless = smallGraph(4, {}, [createNode('Add', ['x', 'x'], ['y'])], ['y'])
  expect([countLayers(cacheless), residualStream(cacheless, 1)]).toEqual([0, undefined])
})
