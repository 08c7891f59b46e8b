import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compileGraph } from '../../../../../inference/engine/onnx/compile/compile-graph.ts'
import { splitDecoder } from '../../../../../inference/engine/onnx/compile/split-decoder.ts'
import { createDecoder } from '../../../../../inference/engine/onnx/decoder.ts'
import { type DecoderStage, loadDecoderStage } from '../../../../../inference/engine/onnx/decoder-stage.ts'
import { createPrefixCache } from '../../../../../inference/engine/onnx/prefix-cache.ts'
import type { InspectPrompt, PromptStates } from '../../../../../inference/engine/step-model.ts'
import { RouterError } from '../../../../../shared/errors.ts'
import { TINY_LLAMA } from '../../../../support/tiny-decoder.ts'

/** The residual stream between the two layers. */
const BETWEEN = '/model/layers.0/Add_1_output_0'
const SIZE = 64
const IDS = Array.from({ length: 150 }, (_, index) => 20 + ((index * 37) % 900))

const folder = mkdtempSync(join(tmpdir(), 'parts-'))
const wholePath = join(folder, 'whole.onnx')
const partPaths = [join(folder, 'first.onnx'), join(folder, 'last.onnx')]
let whole: DecoderStage
let parts: DecoderStage[]

beforeAll(async () => {
  const bytes = compileGraph(readFileSync(join(TINY_LLAMA, 'onnx/model.onnx')), 'stored', new Map(), [
    BETWEEN,
  ])
  writeFileSync(wholePath, bytes)
  for (const [index, part] of splitDecoder(bytes, BETWEEN).entries())
    writeFileSync(partPaths[index] ?? '', part)
  whole = await loadDecoderStage(wholePath, 1)
  parts = await Promise.all(partPaths.map((path) => loadDecoderStage(path, 1)))
})
afterAll(async () => {
  for (const stage of [whole, ...parts]) await stage.dispose()
  rmSync(folder, { recursive: true })
})

async function read(stages: readonly DecoderStage[], ids = IDS, inspection?: InspectPrompt, scope?: string) {
  const model = createDecoder({
    stages,
    maxRows: 2,
    prefixCache: scope === undefined ? undefined : prefixCache,
  })
  const row = model.open({ ids, cacheScope: scope, maxTokens: ids.length + 5, inspection })
  const logits = []
  let read: Float32Array | undefined
  while (!read) read = await model.read(row)
  logits.push(read.slice())
  for (const token of [5, 6, 7])
    for (const next of await model.step([row], [token])) logits.push(next.slice())
  model.close(row)
  return logits
}
const prefixCache = createPrefixCache({
  maxBytes: 1e6,
  shapes: [
    { tensors: 2, heads: 2, headSize: 16, elementType: 'float32' },
    { tensors: 2, heads: 2, headSize: 16, elementType: 'float32' },
  ],
  common: [],
})

function collect(tensor: string): { readonly seen: PromptStates[]; readonly inspection: InspectPrompt } {
  const seen: PromptStates[] = []
  return { seen, inspection: { tensors: [tensor], inspect: (states) => void seen.push(states) } }
}

test('two parts give the bits of the whole, in prompts and in steps', async () => {
  expect(await read(parts)).toEqual(await read([whole]))
})

test('hands over the states of all positions of a prompt, from the whole and from between the parts', async () => {
  const fromWhole = collect(BETWEEN)
  const fromParts = collect('carried.0')
  await read([whole], IDS, fromWhole.inspection)
  await read(parts, IDS, fromParts.inspection)
  const [states] = fromWhole.seen
  expect(states?.firstPosition).toBe(0)
  expect(states?.tensors[BETWEEN]).toHaveLength(IDS.length * SIZE)
  expect(fromParts.seen).toHaveLength(1)
  expect(fromParts.seen[0]?.tensors['carried.0']).toEqual(states?.tensors[BETWEEN])
})

test('hands over what was computed where the beginning of a prompt was remembered', async () => {
  await read(parts, IDS, undefined, 'scope')
  const { seen, inspection } = collect('carried.0')
  expect(await read(parts, IDS, inspection, 'scope')).toEqual(await read(parts))
  expect(seen[0]?.firstPosition).toBe(128)
  expect(seen[0]?.tensors['carried.0']).toHaveLength((IDS.length - 128) * SIZE)
})

test('computes what is wanted of a prompt whose beginning was remembered', async () => {
  await read(parts, IDS, undefined, 'scope')
  const { seen, inspection } = collect('carried.0')
  expect(await read(parts, IDS, { ...inspection, from: 100 }, 'scope')).toEqual(await read(parts))
  expect(seen[0]?.firstPosition).toBe(64)
  const all = collect('carried.0')
  await read(parts, IDS, all.inspection)
  expect(seen[0]?.tensors['carried.0']).toEqual(all.seen[0]?.tensors['carried.0']?.subarray(64 * SIZE))
})

test('whoever leaves in between has not paid for the rest', async () => {
  const runs = [0, 0]
  const counted = parts.map((stage, part) => ({
    ...stage,
    run: (input: Parameters<DecoderStage['run']>[0]) => {
      runs[part] = (runs[part] ?? 0) + 1
      return stage.run(input)
    },
  }))
  const inspect = () => {
    throw new RouterError('declined', 'Not for me.')
  }
  await expect(read(counted, IDS, { tensors: ['carried.0'], inspect })).rejects.toMatchObject({
    code: 'declined',
  })
  expect(runs).toEqual([3, 0])
})

test('says so where a graph has no such tensor, or cannot be cut there', () => {
  const bytes = readFileSync(wholePath)
  expect(() => splitDecoder(bytes, 'nowhere')).toThrow(/no tensor nowhere/)
  expect(() => splitDecoder(bytes, 'logits')).toThrow(/cannot be cut/)
})

test('a step that fails in its second part leaves all rows as they were', async () => {
  let fails = false
  const [first, last] = parts as [DecoderStage, DecoderStage]
  const breaking: DecoderStage = {
    ...last,
    run: (input) => (fails ? Promise.reject(new Error('broken')) : last.run(input)),
  }
  const model = createDecoder({ stages: [first, breaking], maxRows: 2, prefixCache: undefined })
  const row = model.open({ ids: IDS, cacheScope: undefined, maxTokens: IDS.length + 5 })
  const logits = []
  let next: Float32Array | undefined
  while (!next) next = await model.read(row)
  logits.push(next.slice())
  for (const token of [5, 6, 7]) {
    fails = true
    await expect(model.step([row], [token])).rejects.toThrow('broken')
    fails = false
    for (const made of await model.step([row], [token])) logits.push(made.slice())
  }
  expect(logits).toEqual(await read([whole]))
})
