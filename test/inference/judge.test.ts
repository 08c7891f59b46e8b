/** The judge over HTTP with the shipped model's own states: a head of no meaning, cut, compiled and loaded as any other. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readInferenceConfig } from '../../inference/config.ts'
import { resolveModel, SHIPPED_DIR } from '../../inference/models/resolve.ts'
import { createModelService, type ModelService } from '../../inference/service.ts'
import { meaninglessHead } from '../support/tiny-judge.ts'

const TENSORS = ['layers.8.attn_norm_sum', 'layers.16.attn_norm_sum']
const TINY = join(import.meta.dirname, '../fixtures/models/tiny-t5')
const folder = mkdtempSync(join(tmpdir(), 'judge-'))
const modelFolder = join(folder, 'model')
const shipped = resolveModel('', { shippedDir: SHIPPED_DIR, cacheDir: folder })
const services: ModelService[] = []

async function start(settings: Readonly<Record<string, string>>) {
  const env = {
    HOST: '127.0.0.1',
    MODEL_CACHE_DIR: join(folder, 'cache'),
    LOCAL_MODEL_NAME: modelFolder,
    LOCAL_MODEL_DTYPE: 'int8',
    NUM_THREADS: '1',
    ...settings,
  }
  const lines: string[] = []
  const service = createModelService({
    config: readInferenceConfig(env, 2),
    env: process.env,
    log: (message, fields) => void lines.push(`${message} ${JSON.stringify(fields)}`),
    now: () => performance.now(),
    fetch,
    status: () => 'ready',
    secret: undefined,
  })
  services.push(service)
  await service.load(new AbortController().signal)
  const post = (body: object, headers: Record<string, string> = {}, path = '/v1/messages') =>
    service.app.request(`http://127.0.0.1${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  return { ...service, lines, post }
}

const ask = (text: string, more: object = {}) => ({
  model: 'auto',
  max_tokens: 4,
  temperature: 0,
  messages: [{ role: 'user', content: text }],
  ...more,
})
const threshold = (value: number) => ({ 'x-judge-threshold': String(value) })

let container: Awaited<ReturnType<typeof start>>
beforeAll(async () => {
  mkdirSync(modelFolder)
  for (const file of readdirSync(shipped.folder).filter((name) => name !== 'judge.json'))
    symlinkSync(join(shipped.folder, file), join(modelFolder, file))
  const source = join(shipped.folder, 'onnx/model_q4.onnx')
  writeFileSync(join(modelFolder, 'judge.json'), await meaninglessHead(source, TENSORS, 576))
  container = await start({ MAX_CONCURRENCY: '1' })
})
afterAll(async () => {
  for (const service of services) await service.engine()?.close()
  rmSync(folder, { recursive: true })
})

/** The score as the judge gives it by itself. */
async function scoreOf(state: unknown, { post } = container): Promise<number> {
  const questions = { complex: { type: 'noul' } }
  const response = await post({ model: 'any', state, questions }, {}, '/v1/systemone')
  expect(response.status).toBe(200)
  return ((await response.json()) as { answers: { complex: { noul: number } } }).answers.complex.noul
}

test('says in readiness which model judges by which head', async () => {
  const ready = await (await container.app.request('http://127.0.0.1/readyz')).json()
  expect(ready).toMatchObject({
    judge: { model: 'model', head: expect.stringMatching(/^[0-9a-f]{64}$/) },
    serving: { loop: 'batched', weights: 'int8' },
  })
  expect(container.lines.some((line) => line.startsWith('[LocalLLM] Judging requests'))).toBe(true)
})

test('keeps, declines and streams by the same score, which the prefix cache does not change', async () => {
  const system =
    'You are the assistant of a shop for lamps, and you answer every question in one sentence. '.repeat(5)
  for (const text of [
    'Hello!',
    'Prove that there are infinitely many primes, step by step.',
    'word '.repeat(400),
  ]) {
    const score = await scoreOf({ system, messages: ask(text).messages })
    const shown = score.toFixed(4)
    const plain = await (await container.post(ask(text, { system }))).json()
    for (const stream of [false, true]) {
      const kept = await container.post(ask(text, { system, stream }), threshold(1))
      expect([kept.status, kept.headers.get('x-judge-score')]).toEqual([200, shown])
      const body = await kept.text()
      if (!stream)
        expect(JSON.parse(body)).toMatchObject({ content: (plain as { content: unknown }).content })
      const declined = await container.post(ask(text, { system, stream }), threshold(score))
      expect([declined.status, declined.headers.get('x-judge-score')]).toEqual([409, shown])
      expect(await declined.json()).toMatchObject({ type: 'error', error: { type: 'judged_complex' } })
    }
    expect(await scoreOf({ system, messages: ask(text).messages })).toBe(score)
  }
  const metrics = await (await container.app.request('http://127.0.0.1/metrics')).text()
  expect(
    Number(/llmrouter_container_tokens_total\{direction="cached"\} (\d+)/.exec(metrics)?.[1]),
  ).toBeGreaterThan(0)
})

test('declines at once though its only row writes a long answer', async () => {
  const [begun, all] = [4, 16].map((times) => 'na '.repeat(times).trim())
  const song = [
    { role: 'user', content: `Repeat: ${all}` },
    { role: 'assistant', content: begun },
  ]
  const long = Promise.resolve(container.post({ ...ask(''), max_tokens: 200, messages: song }))
  let over = false
  void long.then(() => {
    over = true
  })
  const score = await scoreOf('Explain quantum field theory.')
  const declined = await container.post(ask('Explain quantum field theory.'), threshold(score))
  expect([declined.status, over]).toEqual([409, false])
  expect(await (await long).json()).toMatchObject({ usage: { output_tokens: 200 } })
})

test('judges for a model of another kind by the same layers, to the same score', async () => {
  const other = await start({ LOCAL_MODEL_NAME: TINY, JUDGE_MODEL: modelFolder, LOCAL_MODEL_DTYPE: '' })
  for (const text of ['Hello!', 'Why?']) expect(await scoreOf(text, other)).toBe(await scoreOf(text))
  const score = await scoreOf('Hello!')
  expect((await other.post(ask('Hello!'), threshold(score))).status).toBe(409)
  const kept = await other.post(ask('Hello!'), threshold(1))
  expect([kept.status, kept.headers.get('x-judge-score')]).toEqual([200, score.toFixed(4)])
})

test('serves without a judge where its head is damaged, and says why', async () => {
  writeFileSync(join(modelFolder, 'judge.json'), '{"format":1}')
  const { app, lines, post } = await start({ LOCAL_MODEL_DTYPE: 'q4' })
  expect(await (await app.request('http://127.0.0.1/readyz')).json()).toMatchObject({ judge: null })
  expect(lines.find((line) => line.startsWith('[LocalLLM] Judging no requests'))).toMatch(
    /judge\.json is no judge of format 1/,
  )
  const response = await post(ask('Hello!'), threshold(0))
  expect([response.status, response.headers.get('x-judge-score')]).toEqual([200, null])
})
