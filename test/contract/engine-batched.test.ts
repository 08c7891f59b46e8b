import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'
import { toDecoderForm } from '../../inference/engine/onnx/compile/decoder-form.ts'
import { compileCrossAttention, compileSeq2seqStep } from '../../inference/engine/onnx/compile/seq2seq.ts'
import { createOnnxEngine } from '../../inference/engine/onnx/engine.ts'
import { readGraph } from '../../inference/engine/onnx/graph/graph.ts'
import { testEngine, tinyModel } from './engine.ts'

const options = { threads: 1, maxRows: 4, prefixCacheBytes: 1024 * 1024, random: Math.random }

/** Writes a file of a graph and returns its path. */
function write(bytes: Uint8Array): string {
  const path = join(mkdtempSync(join(tmpdir(), 'graph-')), 'model.onnx')
  writeFileSync(path, bytes)
  return path
}

describe('a decoder whose rows share steps', () =>
  testEngine(tinyModel('tiny-llama'), (model) => {
    const graph = readGraph(readFileSync(join(model.folder, 'onnx/model.onnx')))
    toDecoderForm(graph)
    return createOnnxEngine(
      model,
      { form: 'decoder', parts: [write(graph.encode())], weights: 'fp32' },
      options,
    )
  }))

describe('an encoder-decoder whose rows share steps', () =>
  testEngine(tinyModel('tiny-t5'), async (model) => {
    const merged = readFileSync(join(model.folder, 'onnx/decoder_model_merged.onnx'))
    const paths = {
      encoder: join(model.folder, 'onnx/encoder_model.onnx'),
      crossAttention: write(compileCrossAttention(merged)),
      decoder: write(await compileSeq2seqStep(merged, model.info.contextLength)),
    }
    return createOnnxEngine(model, { form: 'seq2seq', paths, weights: 'fp32' }, options)
  }))
