/**
 * What every engine must do, run against each of them on the tiny models: same tokens as the reference, exact limits,
 * exact stop sequences, prompt stops.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AutoTokenizer } from '@xenova/transformers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as z from 'zod'
import type { Engine, EngineEvent, GenerateRequest } from '../../inference/engine/engine.ts'
import { type ResolvedModel, resolveModel, SHIPPED_DIR } from '../../inference/models/resolve.ts'

const MODELS = join(import.meta.dirname, '../fixtures/models')

const expectedSchema = z.object({
  max_new_tokens: z.number(),
  cases: z.array(
    z.object({
      prompt: z.string(),
      input_ids: z.array(z.number()),
      output_ids: z.array(z.number()),
    }),
  ),
})

/** Returns a tiny model, asked without a chat template as the reference was; 8-bit results differ between processors. */
export function tinyModel(name: 'tiny-llama' | 'tiny-t5'): ResolvedModel {
  const model = resolveModel(join(MODELS, name), { shippedDir: SHIPPED_DIR, cacheDir: MODELS }, 'fp32')
  return { ...model, info: { ...model.info, promptStyle: 'plain' } }
}

/** Registers the tests for one engine. */
export function testEngine(model: ResolvedModel, create: (model: ResolvedModel) => Promise<Engine>): void {
  const expected = expectedSchema.parse(JSON.parse(readFileSync(join(model.folder, 'expected.json'), 'utf8')))
  const limit = expected.max_new_tokens
  let engine: Engine
  let decode: (ids: number[]) => string
  beforeAll(async () => {
    engine = await create(model)
    const tokenizer = await AutoTokenizer.from_pretrained(model.folder)
    decode = (ids) =>
      tokenizer.decode(ids, { skip_special_tokens: true, clean_up_tokenization_spaces: false })
  })
  afterAll(() => engine.close())

  const ask = (text: string, more: Partial<GenerateRequest> = {}): GenerateRequest => ({
    turns: [{ role: 'user', text }],
    maxTokens: limit,
    stopSequences: [],
    temperature: 0,
    ...more,
  })
  const answer = async (request: GenerateRequest, signal = new AbortController().signal) => {
    const events: EngineEvent[] = []
    for await (const event of engine.generate(request, signal)) events.push(event)
    const text = events.map((event) => (event.type === 'text' ? event.text : '')).join('')
    return { events, text, start: events[0], end: events.at(-1) }
  }
  const reference = ({ input_ids, output_ids }: (typeof expected.cases)[number]) =>
    decode(output_ids.slice(model.info.kind === 'text-generation' ? input_ids.length : 1))

  for (const row of expected.cases)
    test(`writes the reference's tokens for "${row.prompt.slice(0, 30)}"`, async () => {
      const { text, start, end } = await answer(ask(row.prompt))
      expect(text).toBe(reference(row))
      expect(start).toEqual({ type: 'start', inputTokens: row.input_ids.length, cachedTokens: 0 })
      expect(end).toEqual({
        type: 'end',
        stopReason: 'max_tokens',
        stopSequence: null,
        outputTokens: limit,
      })
    })

  test('counts the tokens that it reads', async () => {
    for (const { prompt, input_ids } of expected.cases)
      expect(await engine.countTokens(ask(prompt))).toBe(input_ids.length)
  })

  test('writes exactly max_tokens and gives no token to two pieces', async () => {
    for (const maxTokens of [1, 2, 7]) {
      const { events, end } = await answer(ask('hello world', { maxTokens }))
      expect(end).toMatchObject({ stopReason: 'max_tokens', outputTokens: maxTokens })
      const told = events.map((event) => (event.type === 'text' ? event.tokens : 0))
      // A last token without text of its own, such as a space, belongs to no piece.
      expect(told.reduce((sum, tokens) => sum + tokens, 0)).toBeLessThanOrEqual(maxTokens)
    }
  })

  test('stops at a stop sequence wherever its tokens part, and writes nothing of it', async () => {
    const { text } = await answer(ask('1 2 3 4 5'))
    for (const [from, length] of [
      [0, 3],
      [4, 1],
      [6, 5],
      [10, 9],
    ] as const) {
      const sequence = text.slice(from, from + length)
      const stopped = await answer(ask('1 2 3 4 5', { stopSequences: ['never there', sequence] }))
      expect(stopped.text).toBe(text.slice(0, text.indexOf(sequence)))
      expect(stopped.end).toMatchObject({ stopReason: 'stop_sequence', stopSequence: sequence })
    }
  })

  test('reports log-probabilities of the tokens that it wrote', async () => {
    const { events } = await answer(ask('hello world', { logprobs: true }))
    for (const event of events) if (event.type === 'text') expect(event.logprob).toBeLessThan(0)
  })

  test('writes other words where it is punished for repeating itself', async () => {
    const [plain, punished] = [
      await answer(ask('hello world')),
      await answer(ask('hello world', { repetitionPenalty: 3 })),
    ]
    expect(punished.text).not.toBe(plain.text)
    expect((await answer(ask('hello world'))).text).toBe(plain.text)
  })

  test('answers with one of the given answers, and ends of its own accord', async () => {
    const choices = ['good news', 'bad news', 'no news']
    for (const seed of [1, 2, 3]) {
      const request = { temperature: 1.5, seed, format: { type: 'choice', choices } } as const
      const { text, end } = await answer(ask('hello world', { ...request, maxTokens: 40 }))
      expect(choices).toContain(text)
      expect(end).toMatchObject({ stopReason: 'end_turn' })
    }
  })

  if (model.info.kind === 'text2text-generation')
    test('refuses a form that its tokenizer cannot write, before it reads the prompt', async () => {
      const format = { type: 'choice', choices: ['good', '😀'] } as const
      const first = engine
        .generate(ask('hello', { format }), new AbortController().signal)
        [Symbol.asyncIterator]()
      await expect(first.next()).rejects.toMatchObject({ code: 'unsupported' })
    })

  test('samples the same with the same seed and something else with another', async () => {
    const sample = (seed: number) =>
      answer(ask('hello world', { temperature: 1.5, topP: 0.95, topK: 500, seed }))
    const [first, again, other] = [await sample(1), await sample(1), await sample(2)]
    expect(again.text).toBe(first.text)
    expect(other.text).not.toBe(first.text)
  })

  test('stops within a step of an abort and goes on serving', async () => {
    const abort = new AbortController()
    let texts = 0
    const run = async () => {
      for await (const event of engine.generate(ask('hello world', { maxTokens: 400 }), abort.signal))
        if (event.type === 'text' && ++texts === 2) abort.abort()
    }
    await expect(run()).rejects.toMatchObject({ code: 'cancelled' })
    expect(texts).toBeLessThan(50)
    expect((await answer(ask('hello world', { maxTokens: 3 }))).end).toMatchObject({ outputTokens: 3 })
  })

  test('frees the model when the reader leaves', async () => {
    for await (const event of engine.generate(
      ask('hello world', { maxTokens: 400 }),
      new AbortController().signal,
    ))
      if (event.type === 'text') break
    expect((await answer(ask('hello world', { maxTokens: 2 }))).end).toMatchObject({ outputTokens: 2 })
  })

  test('answers several at once as it answers each alone', async () => {
    const rows = expected.cases.slice(0, 4)
    const texts = await Promise.all(rows.map(async ({ prompt }) => (await answer(ask(prompt))).text))
    expect(texts).toEqual(rows.map(reference))
  })

  test.each([
    'half of a character: \ud83d',
    '</s><|im_end|>\n<|im_start|>system',
    'words, ＜/s＞ \u0000\u200b and more',
  ])('answers a question that looks like none: %j', async (text) => {
    const { end } = await answer(ask(text, { maxTokens: 3 }))
    expect(end).toMatchObject({ type: 'end' })
  })

  test('refuses a prompt of which there is nothing to read', async () => {
    await expect(answer(ask(' \u3000'))).rejects.toMatchObject({ code: 'unsupported', status: 400 })
  })

  test('refuses a prompt beyond its context and says both numbers', async () => {
    const long = 'word and more '.repeat(600)
    await expect(answer(ask(long))).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(/has \d+ tokens; .* at most 512/),
    })
  })
}
