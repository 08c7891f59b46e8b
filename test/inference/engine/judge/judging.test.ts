import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEngine } from '../../../../inference/engine/create-engine.ts'
import type { Engine, GenerateRequest } from '../../../../inference/engine/engine.ts'
import type { PreparedJudge } from '../../../../inference/engine/judge/prepared-judge.ts'
import { tinyModel } from '../../../contract/engine.ts'
import { makeTinyJudge, meaninglessHead, type TinyJudge } from '../../../support/tiny-judge.ts'
import { UNPREPARED } from '../../../support/unprepared-graph.ts'

const folder = mkdtempSync(join(tmpdir(), 'judging-'))
const model = tinyModel('tiny-llama')
const chat = { ...model, info: { ...model.info, promptStyle: 'chat' as const } }
const engines: Engine[] = []
let tiny: TinyJudge
let engine: Engine

async function createJudging(judge: PreparedJudge, prefixCacheBytes: number, rows = 4): Promise<Engine> {
  const graph = { form: 'decoder', parts: tiny.parts, weights: 'fp32' } as const
  const settings = { threads: 1, maxRows: rows, prefixCacheBytes, judge }
  const created = await createEngine(chat, judge.trunk ? UNPREPARED : graph, settings, Math.random)
  engines.push(created)
  return created
}

const own = (): PreparedJudge => ({ model: 'tiny', headFile: tiny.headFile, trunk: undefined })
const trunk = (): PreparedJudge => ({
  model: 'trunk',
  headFile: tiny.headFile,
  trunk: {
    folder: model.folder,
    promptStyle: 'chat',
    kind: 'decoder',
    part: tiny.parts[0] ?? '',
    memoryBytes: 0,
  },
})

beforeAll(async () => {
  tiny = await makeTinyJudge(folder)
  engine = await createJudging(own(), 2_000_000)
})
afterAll(async () => {
  for (const each of engines) await each.close()
  rmSync(folder, { recursive: true })
})

const never = () => new AbortController().signal
const WORDS = ['the', 'capital', 'of', 'France', 'prove', '1', 'a', 'weather', 'code', 'why', '?', 'é']
const text = fc
  .tuple(fc.integer({ min: 1, max: 45 }), fc.nat())
  .map(([count, seed]) =>
    Array.from({ length: count }, (_, at) => WORDS[(seed + at * at) % WORDS.length]).join(' '),
  )
const prompt = fc.record({
  system: fc.option(text, { nil: undefined }),
  turns: fc.oneof(
    text.map((asked) => [{ role: 'user' as const, text: asked }]),
    fc.tuple(text, text, text).map(([first, reply, last]) => [
      { role: 'user' as const, text: first },
      { role: 'assistant' as const, text: reply },
      { role: 'user' as const, text: last },
    ]),
  ),
})

/** Asks for an answer and tells what came of it. */
async function ask(asked: Engine, request: Partial<GenerateRequest> & Pick<GenerateRequest, 'turns'>) {
  let answer = ''
  let score: number | undefined
  let declined = false
  const order: string[] = []
  try {
    const whole = { maxTokens: 5, stopSequences: [], temperature: 0, ...request }
    for await (const event of asked.generate(whole, never())) {
      if (order.at(-1) !== event.type) order.push(event.type)
      if (event.type === 'judged') score = event.score
      else if (event.type === 'text') answer += event.text
    }
  } catch (error) {
    expect(error).toMatchObject({ code: 'declined', status: 409 })
    declined = true
  }
  return { answer, score, declined, order }
}

test('a score is the same alone, while an answer is made, with others beside it, and with what is remembered', async () => {
  const plain = await createJudging(own(), 0)
  await fc.assert(
    fc.asyncProperty(fc.array(prompt, { minLength: 1, maxLength: 5 }), async (prompts) => {
      const expected: number[] = []
      for (const each of prompts) expected.push((await plain.judge?.(each, never()))?.score ?? -1)
      expect(expected.every((score) => score > 0 && score < 1)).toBe(true)
      const scores = async (judging: (typeof prompts)[number][]) =>
        Promise.all(
          judging.flatMap((each) => [
            engine.judge?.({ ...each, cacheScope: 'a' }, never()).then(({ score }) => score),
            ask(engine, { ...each, cacheScope: 'a', judgeThreshold: 2 }).then(({ score }) => score),
          ]),
        )
      const twice = expected.flatMap((score) => [score, score])
      expect(await scores(prompts)).toEqual(twice)
      expect(await scores(prompts)).toEqual(twice)
    }),
    { numRuns: 12 },
  )
  expect(engine.stats?.().prefixHitTokens).toBeGreaterThan(0)
})

test('an answer that was judged is the one that it would have been', async () => {
  await fc.assert(
    fc.asyncProperty(prompt, async (each) => {
      const { answer } = await ask(engine, each)
      const judged = await ask(engine, { ...each, judgeThreshold: 1 })
      expect(judged).toMatchObject({ answer, declined: false, score: expect.any(Number) })
      expect(judged.order.filter((type) => type !== 'start')).toEqual(
        ['judged', 'prefilled', 'text', 'end'].filter((type) => type !== 'text' || answer !== ''),
      )
    }),
    { numRuns: 10 },
  )
})

test('declines at the threshold and above it, at once, and takes no other with it', async () => {
  const turns = [{ role: 'user' as const, text: 'What is the capital of France?' }]
  const score = (await engine.judge?.({ turns }, never()))?.score ?? -1
  const [declined, answered] = await Promise.all([
    ask(engine, { turns, judgeThreshold: score }),
    ask(engine, { turns, judgeThreshold: score + 1e-9 }),
  ])
  expect(declined).toEqual({ answer: '', score, declined: true, order: ['start', 'judged'] })
  expect(answered).toMatchObject({ declined: false, score })
  expect(engine.stats?.().rowsInUse).toBe(0)
})

test('judges by another model’s layers what an engine without a judge of its own answers', async () => {
  const other = await createJudging(trunk(), 0, 1)
  expect(other.serving()).toMatchObject({
    loop: 'generate',
    judge: { model: 'trunk', head: tiny.head.sha256 },
  })
  await fc.assert(
    fc.asyncProperty(prompt, async (each) => {
      const score = (await engine.judge?.(each, never()))?.score ?? -1
      expect(await ask(other, { ...each, judgeThreshold: score })).toMatchObject({ score, declined: true })
      expect(await ask(other, { ...each, judgeThreshold: 1 })).toMatchObject({ score, declined: false })
    }),
    { numRuns: 5 },
  )
})

test('an engine whose states the head does not fit answers, and judges nothing', async () => {
  const headFile = join(folder, 'unfit.json')
  writeFileSync(headFile, await meaninglessHead(join(model.folder, 'onnx/model.onnx'), undefined, 32))
  for (const unfit of [own(), trunk()]) {
    const other = await createJudging({ ...unfit, headFile }, 0, 1)
    expect([other.serving()?.judge, other.judge]).toEqual([undefined, undefined])
    const turns = [{ role: 'user' as const, text: 'Hello!' }]
    expect(await ask(other, { turns, judgeThreshold: 0 })).toMatchObject({
      declined: false,
      score: undefined,
    })
  }
})

test('a judgement that nobody waits for any more is given up', async () => {
  const control = new AbortController()
  const judging = engine.judge?.({ turns: [{ role: 'user', text: 'Hello!' }] }, control.signal)
  control.abort()
  await expect(judging).rejects.toMatchObject({ code: 'cancelled' })
})
