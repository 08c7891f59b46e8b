import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  compileCrossAttention,
  compileSeq2seqStep,
} from '../../../../../inference/engine/onnx/compile/seq2seq.ts'
import {
  BRANCH_INPUT,
  type PositionBias,
  toPositionBias,
  toPromptKeysAndValues,
  toSeq2seqStep,
} from '../../../../../inference/engine/onnx/compile/seq2seq-form.ts'
import { type Graph, readGraph } from '../../../../../inference/engine/onnx/graph/graph.ts'
import { createNode } from '../../../../../inference/engine/onnx/graph/node.ts'

const MODELS = join(import.meta.dirname, '../../../../fixtures/models')
const merged = readFileSync(join(MODELS, 'tiny-t5/onnx/decoder_model_merged.onnx'))
const bias: PositionBias = { heads: 4, values: new Float32Array(4 * 65) }
const forms = [toPromptKeysAndValues, toPositionBias, (graph: Graph) => toSeq2seqStep(graph, bias)] as const

const namesOf = (tensors: readonly { readonly name: string }[]) => tensors.map(({ name }) => name).sort()

test('each graph takes and gives what is its own', () => {
  const [cross, position, step] = forms.map((toForm) => {
    const graph = readGraph(merged)
    expect(toForm(graph)).toBe(true)
    return graph
  })
  const of = (prefix: string, side: string) =>
    [0, 1].flatMap((layer) => ['key', 'value'].map((kind) => `${prefix}.${layer}.${side}.${kind}`))
  expect(namesOf(cross?.inputs() ?? [])).toEqual(['encoder_hidden_states'])
  expect(namesOf(cross?.outputs() ?? [])).toEqual(of('present', 'encoder'))
  expect(namesOf(position?.inputs() ?? [])).toEqual(['input_ids', 'past_key_values.0.decoder.key'])
  expect(namesOf(step?.inputs() ?? [])).toEqual(
    [
      'distances',
      'encoder_attention_mask',
      'input_ids',
      ...of('past_key_values', 'decoder'),
      ...of('past_key_values', 'encoder'),
    ].sort(),
  )
  expect(namesOf(step?.outputs() ?? [])).toEqual(['logits', ...of('new', 'decoder')])
})

test('no weight is kept twice', async () => {
  const size = compileCrossAttention(merged).length + (await compileSeq2seqStep(merged, 64)).length
  expect(size).toBeLessThan(merged.length)
  expect(size).toBeGreaterThan(merged.length / 2)
})

test('a model of another kind is not understood', async () => {
  const llama = readFileSync(join(MODELS, 'tiny-llama/onnx/model.onnx'))
  expect(() => compileCrossAttention(llama)).toThrow(expect.objectContaining({ code: 'unsupported' }))
  await expect(compileSeq2seqStep(llama, 64)).rejects.toMatchObject({ code: 'unsupported' })
})

/** Edits that make of the merged graph one whose rows could not be put side by side. */
const strange: Record<string, (graph: Graph) => void> = {
  'whose layers have biases of their own'(graph) {
    const [first, second] = graph.nodes.filter(
      ({ opType, output }) =>
        opType === 'Add' && /block\.\d\/layer\.0\/SelfAttention\/Add(_2)?_output_0/.test(output[0] ?? ''),
    )
    if (!first || !second) throw new Error('not found')
    graph.setNodes([createNode('Identity', [second.input[1] ?? ''], ['another']), ...graph.nodes])
    graph.replaceInput(second, second.input[1] ?? '', 'another')
  },
  'which reads its position from the size of its cache'(graph) {
    const logits = graph.nodes.find(({ output }) => output[0] === 'logits')
    if (!logits) throw new Error('not found')
    graph.replaceInput(logits, logits.input[0] ?? '', 'moved')
    const before = logits.input[0] ?? ''
    const index = graph.nodes.indexOf(logits)
    graph.setNodes([
      ...graph.nodes.slice(0, index),
      createNode('Shape', ['past_key_values.0.decoder.key'], ['size']),
      createNode('Cast', ['size'], ['size.float'], { to: { int: 1 } }),
      createNode('ReduceMax', ['size.float'], ['position'], { keepdims: { int: 0 } }),
      createNode('Mul', ['position', '/decoder/final_layer_norm/Mul_1_output_0'], ['moved']),
      ...graph.nodes.slice(index),
    ])
    expect(before).toBe('moved')
  },
}

test.each(Object.keys(strange))('a graph is not understood %s', (name) => {
  const graph = readGraph(merged)
  graph.takeBranches(BRANCH_INPUT, true)
  strange[name]?.(graph)
  expect(toSeq2seqStep(graph, bias)).toBe(false)
})
