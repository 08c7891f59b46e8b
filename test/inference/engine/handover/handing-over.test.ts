/** Handing over by the tiny decoder: what is weighed, what a threshold changes, and what it leaves as it is. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEngine } from '../../../../inference/engine/create-engine.ts'
import type { Engine, GenerateRequest } from '../../../../inference/engine/engine.ts'
import type { PreparedGraph } from '../../../../inference/engine/prepared-graph.ts'
import { resolveModel, SHIPPED_DIR } from '../../../../inference/models/resolve.ts'
import { compileTinyDecoder } from '../../../support/tiny-decoder.ts'
import { makeTinyHandover, TINY_HANDOVER } from '../../../support/tiny-handover.ts'
import { UNPREPARED } from '../../../support/unprepared-graph.ts'

const root = mkdtempSync(join(tmpdir(), 'handover-'))
const engines: Engine[] = []
let graph: PreparedGraph
let engine: Engine
let plain: Engine

async function create(name: string, file: object | null, prepared = graph, prefixCacheBytes = 2_000_000) {
  const folder = join(root, name)
  mkdirSync(folder)
  makeTinyHandover(folder, file)
  const model = resolveModel(folder, { shippedDir: SHIPPED_DIR, cacheDir: root }, 'fp32')
  const chat = { ...model, info: { ...model.info, promptStyle: 'chat' as const } }
  const created = await createEngine(
    chat,
    prepared,
    { threads: 1, maxRows: 4, prefixCacheBytes },
    Math.random,
  )
  engines.push(created)
  return created
}

beforeAll(async () => {
  graph = { form: 'decoder', parts: [await compileTinyDecoder('stored', root)], weights: 'fp32' }
  engine = await create('handing-over', TINY_HANDOVER)
  plain = await create('plain', null, graph, 0)
})
afterAll(async () => {
  for (const each of engines) await each.close()
  rmSync(root, { recursive: true })
})

const WORDS = ['the', 'capital', 'of', 'France', 'see', '1', 'a', 'weather', 'code', 'why', '?', 'é']
const prompt = fc.tuple(fc.integer({ min: 1, max: 45 }), fc.nat()).map(([count, seed]) => ({
  turns: [
    {
      role: 'user' as const,
      text: Array.from({ length: count }, (_, at) => WORDS[(seed + at * at) % WORDS.length]).join(' '),
    },
  ],
}))

/** Asks for an answer and tells what came of it. */
async function ask(asked: Engine, request: Partial<GenerateRequest> & Pick<GenerateRequest, 'turns'>) {
  let answer = ''
  let score: number | undefined
  let handedOver = false
  const order: string[] = []
  const logprobs: (number | undefined)[] = []
  try {
    const whole = { maxTokens: 5, stopSequences: [], temperature: 0, ...request }
    for await (const event of asked.generate(whole, new AbortController().signal)) {
      if (order.at(-1) !== event.type) order.push(event.type)
      if (event.type === 'weighed') score = event.score
      else if (event.type === 'text') {
        answer += event.text
        logprobs.push(event.logprob)
      }
    }
  } catch (error) {
    expect(error).toMatchObject({ code: 'low_confidence', status: 409, tryNextTarget: true })
    handedOver = true
  }
  return { answer, logprobs, score, handedOver, order }
}

test('from 0 on everything is handed over, before any text, and no row is kept', async () => {
  expect(engine.serving()?.handover).toEqual({ token: 1, threshold: 0.5 })
  await fc.assert(
    fc.asyncProperty(fc.array(prompt, { minLength: 1, maxLength: 4 }), async (prompts) => {
      const asked = await Promise.all(prompts.map((each) => ask(engine, { ...each, handoverThreshold: 0 })))
      for (const { answer, score, handedOver, order } of asked) {
        expect([answer, handedOver, order]).toEqual(['', true, ['start', 'weighed']])
        expect(score).toBeGreaterThan(0)
        expect(score).toBeLessThan(1)
      }
      expect(engine.stats?.().rowsInUse).toBe(0)
    }),
    { numRuns: 10 },
  )
})

test('hands over at the score and not above it, and takes no other with it', async () => {
  const turns = [{ role: 'user' as const, text: 'What is in this picture?' }]
  const { score = -1 } = await ask(engine, { turns, handoverThreshold: 1 })
  const [over, kept] = await Promise.all([
    ask(engine, { turns, handoverThreshold: score }),
    ask(engine, { turns, handoverThreshold: score + 1e-9 }),
  ])
  expect(over).toMatchObject({ answer: '', score, handedOver: true })
  expect(kept).toMatchObject({ score, handedOver: false })
})

test('an answer that is not handed over has the bits of one that was never weighed, shared or remembered or not', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(prompt, { minLength: 1, maxLength: 4 }), async (prompts) => {
      for (let round = 0; round < 2; round++)
        await Promise.all(
          prompts.map(async (each) => {
            const request = { ...each, logprobs: true }
            const { answer, logprobs } = await ask(plain, request)
            const weighed = await ask(engine, { ...request, cacheScope: 'a', handoverThreshold: 1 })
            expect(weighed).toMatchObject({ answer, logprobs, handedOver: false })
            expect(weighed.order.slice(0, 3)).toEqual(['start', 'weighed', 'prefilled'])
            expect(await ask(engine, request)).toMatchObject({ answer, logprobs, score: undefined })
          }),
        )
    }),
    { numRuns: 8 },
  )
})

test('the score is the same whatever the answer may look like and however it is sampled', async () => {
  await fc.assert(
    fc.asyncProperty(prompt, async (each) => {
      const { score } = await ask(engine, { ...each, handoverThreshold: 1 })
      const format = { type: 'choice', choices: ['yes', 'no'] } as const
      const formed = await ask(engine, { ...each, format, handoverThreshold: 1 })
      expect(['yes', 'no'].some((choice) => choice.startsWith(formed.answer))).toBe(true)
      const sampled = await ask(engine, { ...each, temperature: 1.5, seed: 7, handoverThreshold: 1 })
      expect([formed.score, sampled.score]).toEqual([score, score])
    }),
    { numRuns: 10 },
  )
})

test.each([
  ['has no handover.json', null, undefined],
  ['has one that is damaged', { format: 1 }, { reason: expect.stringContaining('no handover of format 1') }],
])('a model that %s answers whatever is asked for', async (name, file, handover) => {
  const other = await create(name, file)
  expect(other.serving()?.handover).toEqual(handover)
  const turns = [{ role: 'user' as const, text: 'What is in this picture?' }]
  const { answer } = await ask(plain, { turns })
  expect(await ask(other, { turns, handoverThreshold: 0 })).toMatchObject({
    answer,
    handedOver: false,
    score: undefined,
  })
})

test('transformers.js’s own loop hands nothing over, and says so', async () => {
  const other = await create('generate', TINY_HANDOVER, UNPREPARED)
  expect(other.serving()).toMatchObject({
    loop: 'generate',
    handover: { reason: expect.stringContaining('hands nothing over') },
  })
  const turns = [{ role: 'user' as const, text: 'Hello!' }]
  expect(await ask(other, { turns, handoverThreshold: 0 })).toMatchObject({ handedOver: false })
})
