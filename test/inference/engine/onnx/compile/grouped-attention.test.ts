import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { compileGraph } from '../../../../../inference/engine/onnx/compile/compile-graph.ts'
import { createDecoder, type DecoderRow } from '../../../../../inference/engine/onnx/decoder.ts'
import { type DecoderStage, loadDecoderStage } from '../../../../../inference/engine/onnx/decoder-stage.ts'
import { probeExactness } from '../../../../../inference/engine/onnx/exactness.ts'
import { ELEMENT, type Graph, readGraph } from '../../../../../inference/engine/onnx/graph/graph.ts'
import { createNode, MICROSOFT } from '../../../../../inference/engine/onnx/graph/node.ts'
import type { NodeProto } from '../../../../../inference/engine/onnx/graph/onnx_pb.js'
import { createPrefixCache } from '../../../../../inference/engine/onnx/prefix-cache.ts'
import type { StepModel } from '../../../../../inference/engine/step-model.ts'
import { TINY_LLAMA } from '../../../../support/tiny-decoder.ts'

const folder = mkdtempSync(join(tmpdir(), 'grouped-'))
afterAll(() => rmSync(folder, { recursive: true }))

const HEADS = 4
const KEY_HEADS = 2
const HEAD_SIZE = 16
const POSITIONS = 512

const { cases } = z
  .object({ cases: z.array(z.object({ input_ids: z.array(z.number()), output_ids: z.array(z.number()) })) })
  .parse(JSON.parse(readFileSync(join(TINY_LLAMA, 'expected.json'), 'utf8')))

/** Angles of rotation as com.microsoft's operators take them, [positions, half a head]. */
function rotations(of: (angle: number) => number): Float32Array {
  const half = HEAD_SIZE / 2
  return Float32Array.from({ length: POSITIONS * half }, (_, index) =>
    of(Math.floor(index / half) * 10_000 ** -((index % half) / half)),
  )
}

/** Returns tiny-llama as exporters with grouped-query attention write it; rotation within the operator. */
function groupedLlama(furtherInputs: readonly string[] = []): Graph {
  const graph = readGraph(readFileSync(join(TINY_LLAMA, 'onnx/model.onnx')))
  graph.importOpset(MICROSOFT, 1)
  graph.addInitializer('cosines', [POSITIONS, HEAD_SIZE / 2], rotations(Math.cos))
  graph.addInitializer('sines', [POSITIONS, HEAD_SIZE / 2], rotations(Math.sin))
  graph.addInitializer('one', [1], BigInt64Array.of(1n))
  graph.addInitializer('last', [], BigInt64Array.of(1n))
  const replaced = new Map<NodeProto, readonly NodeProto[]>()
  for (const layer of [0, 1]) {
    const projected = (name: string) => `/model/layers.${layer}/self_attn/${name}_proj/MatMul_output_0`
    const output = graph.producer(projected('o'))
    if (!output) throw new Error('no such layer')
    for (const kind of ['key', 'value']) graph.rename(`present.${layer}.${kind}`, `old.${layer}.${kind}`)
    const past = [`past_key_values.${layer}.key`, `past_key_values.${layer}.value`]
    const attention = createNode(
      'GroupQueryAttention',
      [...['q', 'k', 'v'].map(projected), ...past, 'lengths', 'total', 'cosines', 'sines', ...furtherInputs],
      [`attention.${layer}`, `present.${layer}.key`, `present.${layer}.value`],
      { num_heads: { int: HEADS }, kv_num_heads: { int: KEY_HEADS }, do_rotary: { int: 1 } },
      MICROSOFT,
    )
    graph.replaceInput(output, output.input[0] ?? '', `attention.${layer}`)
    replaced.set(output, [attention, output])
  }
  const toInt32 = { to: { int: ELEMENT.INT32 } }
  graph.setNodes([
    createNode('ReduceSum', ['attention_mask', 'one'], ['sum'], { keepdims: { int: 0 } }),
    createNode('Sub', ['sum', 'last'], ['sum_less_one']),
    createNode('Cast', ['sum_less_one'], ['lengths'], toInt32),
    createNode('Shape', ['attention_mask'], ['mask_shape']),
    createNode('Gather', ['mask_shape', 'last'], ['width'], { axis: { int: 0 } }),
    createNode('Cast', ['width'], ['total'], toInt32),
    ...graph.nodes.flatMap((node) => replaced.get(node) ?? [node]),
  ])
  graph.prune()
  return graph
}

/** Answers prompts side by side, each joining while those before it run. */
async function greedy(
  model: StepModel<DecoderRow>,
  prompts: readonly (readonly number[])[],
  count: number,
): Promise<number[][]> {
  const rows: DecoderRow[] = []
  const made: number[][] = []
  const take = (index: number, logits: Float32Array) => made[index]?.push(logits.indexOf(Math.max(...logits)))
  while (rows.length < prompts.length || (made.at(-1)?.length ?? 0) < count) {
    if (rows.length < prompts.length) {
      const ids = prompts[rows.length] ?? []
      const row = model.open({ ids, cacheScope: undefined, maxTokens: ids.length + count })
      let logits: Float32Array | undefined
      while (!logits) logits = await model.read(row)
      rows.push(row)
      made.push([])
      take(rows.length - 1, logits)
    }
    const tokens = made.map((tokens) => tokens.at(-1) ?? 0)
    for (const [index, logits] of (await model.step(rows, tokens)).entries()) take(index, logits)
  }
  for (const row of rows) model.close(row)
  return made.map((tokens) => tokens.slice(0, count))
}

describe.each(['stored', 'int8'] as const)(
  'a decoder with grouped-query attention and %s weights',
  (weights) => {
    const path = join(folder, `${weights}.onnx`)
    let stage: DecoderStage
    beforeAll(async () => {
      writeFileSync(path, compileGraph(groupedLlama().encode(), weights, new Map()))
      stage = await loadDecoderStage(path, 1)
    })
    afterAll(() => stage.dispose())
    const decoder = () =>
      createDecoder({
        stages: [stage],
        maxRows: 3,
        prefixCache: createPrefixCache({ maxBytes: 1e6, shapes: [stage.shape], common: [] }),
      })

    if (weights === 'stored')
      test('writes what the model writes, rows of different lengths side by side', async () => {
        expect(
          await greedy(
            decoder(),
            cases.map(({ input_ids }) => input_ids),
            20,
          ),
        ).toEqual(cases.map(({ input_ids, output_ids }) => output_ids.slice(input_ids.length)))
      })

    test('gives each row the bits that it gets alone, and the same with a remembered beginning', async () => {
      const sample = cases.flatMap(({ output_ids }) => output_ids)
      expect(await probeExactness(decoder(), sample)).toEqual({ rows: undefined, prefix: undefined })
    })
  },
)

test('a bias of the graph’s own is not understood', () => {
  const withBias = groupedLlama(['', 'bias'])
  withBias.addInput({ name: 'bias', elementType: ELEMENT.FLOAT })
  expect(() => compileGraph(withBias.encode(), 'stored', new Map())).toThrow(/attention/)
})
