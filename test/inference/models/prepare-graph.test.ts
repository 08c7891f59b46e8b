import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createEngine } from '../../../inference/engine/create-engine.ts'
import { prepareGraph } from '../../../inference/models/prepare-graph.ts'
import { resolveModel, SHIPPED_DIR } from '../../../inference/models/resolve.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const T5 = join(import.meta.dirname, '../../fixtures/models/tiny-t5')

test.each(['fp32', 'q8'])('an encoder-decoder in %s answers several at once', async (dtype) => {
  const cacheDir = temporaryFolder()
  const model = resolveModel(T5, { shippedDir: SHIPPED_DIR, cacheDir }, dtype)
  const compiled: string[] = []
  const signal = new AbortController().signal
  const prepare = () =>
    prepareGraph(model, {
      dtype,
      cacheDir,
      availableBytes: 0,
      threads: 1,
      signal,
      onCompile: (form) => compiled.push(form),
    })
  const graph = await prepare()
  expect(await prepare()).toEqual(graph)
  expect(compiled).toEqual(['cross_attention', 'seq2seq_step'])
  const settings = { threads: 1, maxRows: 4, prefixCacheBytes: 0 }
  const engine = await createEngine(model, graph, settings, Math.random)
  expect(engine.serving()).toMatchObject({ loop: 'batched', weights: dtype, rows: 4, reason: undefined })
  await engine.close()
})

test('a graph that the batched loop cannot drive is left to the other one, which says why', async () => {
  const cacheDir = temporaryFolder()
  const places = { shippedDir: SHIPPED_DIR, cacheDir }
  const t5 = resolveModel(T5, places, 'fp32')
  // The encoder in the place of the decoder.
  const model = {
    ...t5,
    files: t5.files.map((file) => file.replace('decoder_model_merged', 'encoder_model')),
  }
  const options = { dtype: 'fp32', cacheDir, availableBytes: 0, threads: 1 }
  const signal = new AbortController().signal
  expect(await prepareGraph(model, { ...options, signal })).toEqual({
    form: 'none',
    reason: expect.stringContaining('attention'),
  })
})
