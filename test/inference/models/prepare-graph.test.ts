import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { knownFallback, prepareGraph } from '../../../inference/models/prepare-graph.ts'
import { resolveModel, SHIPPED_DIR } from '../../../inference/models/resolve.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { TINY_LLAMA } from '../../support/tiny-decoder.ts'

const ENOUGH = 10_000_000_000

function setUp() {
  const folder = temporaryFolder()
  const cacheDir = join(folder, 'cache')
  cpSync(TINY_LLAMA, join(folder, 'model'), { recursive: true })
  const model = () => resolveModel(join(folder, 'model'), { shippedDir: SHIPPED_DIR, cacheDir })
  const compiled: string[] = []
  const prepare = (more: { readonly dtype?: string; readonly availableBytes?: number } = {}) =>
    prepareGraph(model(), {
      dtype: undefined,
      cacheDir,
      availableBytes: ENOUGH,
      threads: 1,
      signal: new AbortController().signal,
      onCompile: (form) => compiled.push(form),
      ...more,
    })
  return { model, cacheDir, prepare, compiled, graph: join(folder, 'model/onnx/model.onnx') }
}

test('takes int8 where memory allows it or it is asked for, else the stored weights, and says why', async () => {
  const { prepare } = setUp()
  expect(await prepare()).toMatchObject({ form: 'decoder', weights: 'int8' })
  const small = await prepare({ availableBytes: 1 })
  expect(small).toMatchObject({
    weights: 'fp32',
    reason: expect.stringMatching(/int8 would need about \d+ MB/),
  })
  expect(await prepare({ dtype: 'int8', availableBytes: 1 })).toMatchObject({ weights: 'int8' })
  const stored = await prepare({ dtype: 'fp32' })
  expect(stored).toMatchObject({ weights: 'fp32' })
  expect(stored.reason).toBeUndefined()
})

test('gives the reason where no graph suits the loop, and does not compile in vain twice', async () => {
  const { prepare, compiled, graph, model, cacheDir } = setUp()
  cpSync(join(TINY_LLAMA, '../tiny-t5/onnx/encoder_model.onnx'), graph)
  const first = await prepare()
  expect(first).toMatchObject({ form: 'none', reason: expect.stringMatching(/attention/) })
  expect(await prepare()).toEqual(first)
  expect(compiled).toEqual(['int8', 'stored'])
  expect(await knownFallback(model(), cacheDir)).toBe(first.reason)
})

test('gives the reason where weights stand in files of their own, or nothing can be written', async () => {
  const apart = setUp()
  writeFileSync(`${apart.graph}_data`, 'weights')
  const config = join(apart.graph, '../../config.json')
  writeFileSync(
    config,
    JSON.stringify({ model_type: 'llama', 'transformers.js_config': { use_external_data_format: true } }),
  )
  expect(await apart.prepare()).toMatchObject({
    form: 'none',
    reason: expect.stringMatching(/files of their own/),
  })
  expect(await knownFallback(apart.model(), apart.cacheDir)).toMatch(/files of their own/)

  const blocked = setUp()
  mkdirSync(blocked.cacheDir)
  writeFileSync(join(blocked.cacheDir, 'compiled'), 'a file where a folder should be')
  expect(await blocked.prepare()).toMatchObject({
    form: 'none',
    reason: expect.stringMatching(/MODEL_CACHE_DIR/),
  })
})

test('an encoder-decoder that is wanted in int8 says that it computes with its own weights', async () => {
  const cacheDir = temporaryFolder()
  const model = resolveModel(join(TINY_LLAMA, '../tiny-t5'), { shippedDir: SHIPPED_DIR, cacheDir }, 'int8')
  const { signal } = new AbortController()
  const graph = await prepareGraph(model, { dtype: 'int8', cacheDir, availableBytes: 0, threads: 1, signal })
  expect(graph).toMatchObject({
    form: 'seq2seq',
    weights: 'q8',
    reason: expect.stringMatching(/^int8 .*decoders only/),
  })
})
