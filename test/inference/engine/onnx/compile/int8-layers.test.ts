import { expect, test } from 'vitest'
import { compileToInt8 } from '../../../../../inference/engine/onnx/compile/int8.ts'
import { linearLayers } from '../../../../../inference/engine/onnx/compile/linear-layer.ts'
import type { Graph } from '../../../../../inference/engine/onnx/graph/graph.ts'
import { createNode, MICROSOFT } from '../../../../../inference/engine/onnx/graph/node.ts'
import { runSmallGraph, smallGraph } from '../../../../support/small-graph.ts'

const SIZE = 32
const numbers = (count: number, seed: number) =>
  Float32Array.from({ length: count }, (_, index) => Math.sin(index * 1.7 + seed) * 0.3)
const matrix = (seed: number) => [[SIZE, SIZE], numbers(SIZE * SIZE, seed)] as const
const vector = (seed: number) => [[SIZE], numbers(SIZE, seed).map((value) => 1 + value)] as const
/** Channels of different sizes, so that smoothing has something to move. */
const maxima = Float32Array.from({ length: SIZE }, (_, index) => 2 ** (index % 3))

/** Runs a graph as it is and compiled, and expects nearly the same of both. */
async function expectNearlySame(build: () => Graph, smoothed: readonly string[]): Promise<void> {
  const x = numbers(3 * SIZE, 5)
  const exact = await runSmallGraph(build(), x, SIZE)
  const graph = build()
  compileToInt8(graph, new Map(smoothed.map((name) => [name, maxima])))
  expect(graph.nodes.some(({ opType }) => opType === 'MatMul')).toBe(false)
  for (const [name, values] of Object.entries(await runSmallGraph(graph, x, SIZE))) {
    const expected = exact[name] ?? new Float32Array()
    const scale = Math.max(...expected.map(Math.abs))
    expect(values).toHaveLength(expected.length)
    for (const [index, value] of values.entries())
      expect(Math.abs(value - (expected[index] ?? 0))).toBeLessThan(0.04 * scale)
  }
}

test('a bias that is added behind a layer stays', async () => {
  const build = () =>
    smallGraph(
      SIZE,
      { w: matrix(1), b: vector(2) },
      [createNode('MatMul', ['x', 'w'], ['product']), createNode('Add', ['product', 'b'], ['y'])],
      ['y'],
    )
  await expectNearlySame(build, [])
  await expectNearlySame(build, ['x'])
})

test('weights that two layers share, one of them turned around, serve each with its own smoothing', async () => {
  const build = () =>
    smallGraph(
      SIZE,
      { w: matrix(1) },
      [
        createNode('MatMul', ['x', 'w'], ['hidden']),
        createNode('Transpose', ['w'], ['turned']),
        createNode('MatMul', ['hidden', 'turned'], ['third']),
        createNode('MatMul', ['third', 'w'], ['y']),
      ],
      ['y'],
    )
  await expectNearlySame(build, [])
  await expectNearlySame(build, ['hidden'])
})

test('a Transpose that changes nothing turns nothing around', () => {
  const nodes = [
    createNode('Transpose', ['w'], ['same'], { perm: { ints: [0, 1] } }),
    createNode('MatMul', ['x', 'same'], ['y']),
  ]
  expect(linearLayers(smallGraph(SIZE, { w: matrix(1) }, nodes, ['y']))).toEqual([])
})

test('a layer that reads what a norm has summed, not what it has normed, leaves the norm as it is', async () => {
  const build = () =>
    smallGraph(
      SIZE,
      { w: matrix(1), v: matrix(4), norm: vector(2), residual: [[1, SIZE], numbers(SIZE, 3)] },
      [
        createNode('Expand', ['residual', 'shape'], ['before']),
        createNode(
          'SkipSimplifiedLayerNormalization',
          ['x', 'before', 'norm'],
          ['normed', '', '', 'sum'],
          { epsilon: { float: 1e-5 } },
          MICROSOFT,
        ),
        createNode('MatMul', ['sum', 'w'], ['of_sum']),
        createNode('MatMul', ['normed', 'v'], ['of_normed']),
      ],
      ['of_sum', 'of_normed'],
    )
  const shaped = () => {
    const graph = build()
    graph.addInitializer('shape', [2], BigInt64Array.of(3n, BigInt(SIZE)))
    return graph
  }
  await expectNearlySame(shaped, ['sum'])
  await expectNearlySame(shaped, ['sum', 'normed'])
})

test('takes no tensor of the graph for one of its own', () => {
  const graph = smallGraph(
    SIZE,
    { w: matrix(1), 'y.weights': vector(2) },
    [createNode('MatMul', ['x', 'w'], ['y']), createNode('Add', ['y', 'y.weights'], ['z'])],
    ['z'],
  )
  expect(() => compileToInt8(graph, new Map())).toThrow(/y\.weights/)
})
