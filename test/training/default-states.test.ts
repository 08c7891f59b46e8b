/** Which states a head reads where nobody says. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { residualStream } from '../../inference/engine/onnx/compile/residual-stream.ts'
import { readGraph } from '../../inference/engine/onnx/graph/graph.ts'
import { createNode } from '../../inference/engine/onnx/graph/node.ts'
import { graphFiles } from '../../inference/models/files.ts'
import { resolveModel, SHIPPED_DIR } from '../../inference/models/resolve.ts'
import { defaultPools, defaultTensors } from '../../training/default-states.ts'
import { smallGraph } from '../support/small-graph.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { TINY_LLAMA } from '../support/tiny-decoder.ts'

function choiceOf(name: string) {
  const model = resolveModel(name, { shippedDir: SHIPPED_DIR, cacheDir: '/nowhere' })
  const [source = ''] = graphFiles(model) ?? []
  return { source, pools: defaultPools(model.info), ...defaultTensors(model.info, source) }
}

test('of the shipped model a layer that was chosen for it, whose name and place are those of its graph', () => {
  const { source, tensors, meaning, pools } = choiceOf('')
  expect(pools).toEqual(['last', 'turn_end'])
  expect(meaning).toBe('the residual stream that enters layer 16 of 30')
  expect(tensors).toEqual([residualStream(readGraph(readFileSync(source)), 16)])
})

test('of another decoder what enters its middle layer, at the last position', () => {
  expect(choiceOf(TINY_LLAMA)).toMatchObject({ tensors: ['/model/layers.0/Add_1_output_0'], pools: ['last'] })
})

test('of an encoder-decoder what its encoder gives, at the last position and the mean', () => {
  const model = join(TINY_LLAMA, '../tiny-t5')
  expect(choiceOf(model)).toMatchObject({ tensors: ['last_hidden_state'], pools: ['last', 'mean'] })
})

test('asks for a tensor where a decoder has no layers that are known', () => {
  const source = join(temporaryFolder(), 'model.onnx')
  writeFileSync(source, smallGraph(4, {}, [createNode('Add', ['x', 'x'], ['y'])], ['y']).encode())
  const { info } = resolveModel(TINY_LLAMA, { shippedDir: SHIPPED_DIR, cacheDir: '/nowhere' })
  expect(() => defaultTensors(info, source)).toThrow(
    'tiny-llama: what enters its middle layer was not found in the graph; name a tensor of it by --tensors.',
  )
})
