import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'
import { toDecoderForm } from '../../inference/engine/onnx/compile/decoder-form.ts'
import { createOnnxEngine } from '../../inference/engine/onnx/engine.ts'
import { readGraph } from '../../inference/engine/onnx/graph/graph.ts'
import { testEngine, tinyModel } from './engine.ts'

describe('a decoder whose rows share steps', () =>
  testEngine(tinyModel('tiny-llama'), (model) => {
    const graph = readGraph(readFileSync(join(model.folder, 'onnx/model.onnx')))
    toDecoderForm(graph)
    const path = join(mkdtempSync(join(tmpdir(), 'decoder-')), 'model.onnx')
    writeFileSync(path, graph.encode())
    return createOnnxEngine(
      model,
      { form: 'decoder', parts: [path], weights: 'fp32' },
      { threads: 1, maxRows: 4, prefixCacheBytes: 1024 * 1024, random: Math.random },
    )
  }))
