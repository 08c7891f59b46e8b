import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { prepareGraph } from '../../../inference/models/prepare-graph.ts'
import { estimateJudgeMemory, prepareJudge } from '../../../inference/models/prepare-judge.ts'
import { resolveModel } from '../../../inference/models/resolve.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { TINY_LLAMA } from '../../support/tiny-decoder.ts'
import { meaninglessHead } from '../../support/tiny-judge.ts'

const ENOUGH = 10_000_000_000
const SOURCE = join(TINY_LLAMA, 'onnx/model.onnx')

/** A tiny model as the one that ships, and others beside it. */
async function setUp() {
  const folder = temporaryFolder()
  const places = { shippedDir: join(folder, 'models'), cacheDir: join(folder, 'cache') }
  const shipped = join(places.shippedDir, 'Ulfberht-135M')
  cpSync(TINY_LLAMA, shipped, { recursive: true })
  writeFileSync(join(shipped, 'judge.json'), await meaninglessHead(SOURCE))
  const other = join(folder, 'other')
  mkdirSync(other)
  for (const file of ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'onnx'])
    symlinkSync(join(TINY_LLAMA, file), join(other, file))
  const prepare = async (name: string, setting = 'auto', availableBytes = ENOUGH) => {
    const model = resolveModel(name, places)
    const common = { threads: 1, signal: new AbortController().signal }
    const { cacheDir } = places
    const graph = await prepareGraph(model, { ...common, dtype: undefined, cacheDir, availableBytes: ENOUGH })
    const { judge, reason } = await prepareJudge(model, graph, { ...common, setting, places, availableBytes })
    return { judge, reason, parts: graph.form === 'decoder' ? graph.parts.length : 0, model }
  }
  return { places, shipped, other, prepare }
}

test('a model with a judge is cut for it and judges by itself', async () => {
  const { shipped, prepare } = await setUp()
  const { judge, parts } = await prepare('')
  expect(judge).toEqual({ model: 'Ulfberht-135M', headFile: join(shipped, 'judge.json'), trunk: undefined })
  expect(parts).toBe(2)
})

test('the shipped model judges for any other, by its first layers only', async () => {
  const { places, shipped, other, prepare } = await setUp()
  const { judge, parts, model } = await prepare(other)
  expect(parts).toBe(1)
  expect(judge).toMatchObject({
    model: 'Ulfberht-135M',
    headFile: join(shipped, 'judge.json'),
    trunk: { folder: shipped, promptStyle: 'chat', part: expect.stringMatching(/\.first\.onnx$/) },
  })
  expect(estimateJudgeMemory(model, 'auto', places)).toBe(judge?.trunk?.memoryBytes)
  // An encoder-decoder, too.
  expect((await prepare(join(TINY_LLAMA, '../tiny-t5'))).judge?.model).toBe('Ulfberht-135M')
})

test('judges by the model that is named, or by none', async () => {
  const { places, shipped, other, prepare } = await setUp()
  expect(await prepare('', 'off')).toMatchObject({ judge: undefined, reason: undefined, parts: 2 })
  expect((await prepare('', shipped)).judge?.trunk).toBeUndefined()
  expect((await prepare(other, 'Ulfberht-135M')).judge?.trunk).toBeDefined()
  expect((await prepare('', other)).reason).toBe('other has no judge')
  await expect(prepare('', 'some/model')).rejects.toMatchObject({ code: 'configuration' })
  expect(estimateJudgeMemory(resolveModel(other, places), 'off', places)).toBe(0)
  expect(estimateJudgeMemory(resolveModel('', places), 'auto', places)).toBe(0)
})

test('a head that is damaged, foreign, or fits no tensor judges nothing, and the model stays whole', async () => {
  const { places, shipped, other, prepare } = await setUp()
  const file = join(shipped, 'judge.json')
  const foreign = await meaninglessHead(join(TINY_LLAMA, 'config.json'))
  for (const [text, reason] of [
    ['{', /is not JSON/],
    [foreign, /another graph/],
    [await meaninglessHead(SOURCE, ['nowhere']), /no tensor nowhere/],
  ] as const) {
    writeFileSync(file, text)
    expect(await prepare('')).toMatchObject({
      judge: undefined,
      reason: expect.stringMatching(reason),
      parts: 1,
    })
    expect(await prepare(other)).toMatchObject({ judge: undefined, reason: expect.stringMatching(reason) })
  }
  rmSync(file)
  expect((await prepare('')).reason).toBe('Ulfberht-135M has no judge')
  rmSync(places.shippedDir, { recursive: true })
  expect((await prepare(other)).reason).toMatch(/not on disk/)
})

test('judges nothing where the memory for it is not there', async () => {
  const { other, prepare } = await setUp()
  expect((await prepare(other, 'auto', 1000)).reason).toMatch(/would need about \d+ MB, 0 MB are left/)
})
