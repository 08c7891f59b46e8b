import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createEngine } from '../../../inference/engine/create-engine.ts'
import { readJudgeHead, scoreOf } from '../../../inference/engine/judge/judge-head.ts'
import { openJudgeTrunk } from '../../../inference/models/open-judge-trunk.ts'
import { prepareGraph } from '../../../inference/models/prepare-graph.ts'
import { prepareJudge } from '../../../inference/models/prepare-judge.ts'
import { type ResolvedModel, resolveModel, SHIPPED_DIR } from '../../../inference/models/resolve.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { TINY_LLAMA } from '../../support/tiny-decoder.ts'
import { meaninglessHead } from '../../support/tiny-judge.ts'

const PROMPTS = ['Hello!', 'What is the capital of France?', 'word '.repeat(200)].map((text) => ({
  turns: [{ role: 'user' as const, text }],
}))
const never = new AbortController().signal

/** The features that a trainer gets, and the scores that an engine gives with a head made of them. */
async function judgedTwice(source: string, file: string, tensors?: readonly string[]) {
  const folder = temporaryFolder()
  const cacheDir = join(folder, 'cache')
  cpSync(source, join(folder, 'model'), { recursive: true })
  const places = { shippedDir: SHIPPED_DIR, cacheDir }
  const model: ResolvedModel = resolveModel(join(folder, 'model'), places, 'fp32')
  const headFile = join(model.folder, 'judge.json')
  writeFileSync(headFile, await meaninglessHead(join(model.folder, file), tensors))
  const head = await readJudgeHead(headFile)
  if ('reason' in head) throw new TypeError(head.reason)
  const common = { cacheDir, threads: 1, signal: never }

  const trunk = await openJudgeTrunk(model, head, common)
  const trained: number[] = []
  for (const prompt of PROMPTS) {
    const { features } = await trunk.readFeatures({ prompt, cacheScope: undefined }, never)
    expect(features).toHaveLength(head.weights.length)
    trained.push(scoreOf(head, features))
  }
  await trunk.dispose()

  const graph = await prepareGraph(model, {
    ...common,
    dtype: undefined,
    availableBytes: Number.POSITIVE_INFINITY,
  })
  const { judge } = await prepareJudge(model, graph, {
    ...common,
    setting: 'auto',
    places,
    availableBytes: 1e12,
  })
  const engine = await createEngine(
    model,
    graph,
    { threads: 1, maxRows: 4, prefixCacheBytes: 0, judge },
    Math.random,
  )
  const alone: (number | undefined)[] = []
  const answering: (number | undefined)[] = []
  for (const prompt of PROMPTS) {
    alone.push((await engine.judge?.(prompt, never))?.score)
    const request = { ...prompt, maxTokens: 3, stopSequences: [], temperature: 0, judgeThreshold: 1 }
    for await (const event of engine.generate(request, never))
      if (event.type === 'judged') answering.push(event.score)
  }
  await engine.close()
  return { trained, alone, answering, graph }
}

test('gives a trainer the numbers that the engine weighs, of a decoder’s layers', async () => {
  const { trained, alone, answering, graph } = await judgedTwice(TINY_LLAMA, 'onnx/model.onnx')
  expect(graph).toMatchObject({ form: 'decoder', parts: [expect.any(String), expect.any(String)] })
  expect([alone, answering]).toEqual([trained, trained])
})

test('and of an encoder-decoder’s encoder', async () => {
  const folder = join(TINY_LLAMA, '../tiny-t5')
  const { trained, alone, answering, graph } = await judgedTwice(folder, 'onnx/encoder_model.onnx', [
    'last_hidden_state',
  ])
  expect(graph.form).toBe('seq2seq')
  expect([alone, answering]).toEqual([trained, trained])
})
