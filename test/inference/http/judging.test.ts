/** The judge over HTTP, in front of a scripted engine: what is told, when, and in which order it is decided. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createJudgements } from '../../../inference/serving/judgements.ts'
import { hello, scriptedContainer } from '../../support/scripted-container.ts'

const HARD = 'Prove it'
const judge = (text: string) => (text === HARD ? 0.91234567 : 0.125)
const words = ['Hello', ' ', 'there']
const hard = { ...hello, messages: [{ role: 'user', content: HARD }] }
const judged = (threshold: string) => ({ 'x-judge-threshold': threshold })

/** A container whose one row writes until it is let go. */
function busyContainer() {
  const gate = Promise.withResolvers<void>()
  const container = scriptedContainer({ script: { words, judge, hold: gate.promise } })
  const running = container.post(hello)
  return { ...container, release: gate.resolve, running }
}

test('tells the score of what it answers, whole or as a stream', async () => {
  const { post, lines } = scriptedContainer({ script: { words, judge } })
  for (const stream of [false, true]) {
    const response = await post({ ...hello, stream }, judged('0.5'))
    expect([response.status, response.headers.get('x-judge-score')]).toEqual([200, '0.1250'])
    expect(await response.text()).toContain('Hello')
  }
  expect(lines[0]).toContain('"judgeScore":0.125')
  expect(await (await post(hello)).headers.get('x-judge-score')).toBeNull()
})

test('declines at the threshold with 409 judged_complex, as a stream too, and counts it', async () => {
  const { app, post } = scriptedContainer({ script: { words, judge } })
  for (const stream of [false, true])
    for (const threshold of ['0', '0.5', '0.91234567']) {
      const response = await post({ ...hard, stream }, judged(threshold))
      expect([response.status, response.headers.get('x-judge-score')]).toEqual([409, '0.9123'])
      expect(response.headers.get('x-queue-depth')).toBe('0')
      expect(await response.json()).toMatchObject({
        type: 'error',
        error: { type: 'judged_complex', message: expect.stringContaining('too complex') },
        request_id: expect.stringMatching(/^req_/),
      })
    }
  expect((await post(hard, judged('0.92'))).status).toBe(200)
  const metrics = await (await app.request('/metrics')).text()
  expect(metrics).toContain('llmrouter_container_judgements_total 7')
  expect(metrics).toContain('llmrouter_container_declines_total 6')
  expect(metrics).toContain('llmrouter_container_judge_seconds_count 7')
})

test('takes a number from 0 to 1 for a threshold, and nothing else', async () => {
  const { post, engine } = scriptedContainer({ script: { words, judge } })
  for (const good of ['0', '1', '1.0', '0.25', '.5'])
    expect((await post(hello, judged(good))).status).toBeLessThan(410)
  const asked = engine.requests.length
  for (const bad of ['', '1.01', '-0.1', '2', 'high', '0.5, 0.6', '1e-1', 'NaN', '0x1']) {
    const response = await post(hello, judged(bad))
    expect([response.status, await response.text()]).toEqual([
      400,
      expect.stringContaining('x-judge-threshold'),
    ])
  }
  expect(engine.requests).toHaveLength(asked)
})

test('answers as before where there is no judge', async () => {
  const { post, engine } = scriptedContainer()
  const response = await post(hard, judged('0.1'))
  expect([response.status, response.headers.get('x-judge-score')]).toEqual([200, null])
  expect(engine.requests[0]?.judgeThreshold).toBeUndefined()
})

test('declines at once what would have waited for a row, full queue or not, and queues what is kept', async () => {
  const { post, engine, running, release } = busyContainer()
  const kept = post(hello, judged('0.5'))
  for (let round = 0; round < 3; round++) {
    const response = await post(hard, judged('0.5'))
    expect([response.status, response.headers.get('x-judge-score')]).toEqual([409, '0.9123'])
  }
  expect(engine.requests).toHaveLength(1)
  release()
  expect([(await running).status, (await kept).status]).toEqual([200, 200])
  expect((await kept).headers.get('x-judge-score')).toBe('0.1250')
  // It was judged already.
  expect(engine.requests[1]?.judgeThreshold).toBeUndefined()
})

test('so many judgements at once that one more would wait are left to the queue', async () => {
  const { judge: judgeOne } = createJudgements()
  const gate = Promise.withResolvers<void>()
  const { engine } = scriptedContainer({ script: { words, judge } })
  const slow = {
    ...engine,
    async judge() {
      await gate.promise
      return { score: 0.5, tokens: 1 }
    },
  }
  const prompt = { turns: [{ role: 'user' as const, text: 'Hi' }] }
  const ask = () => judgeOne(slow, prompt, new AbortController().signal)
  const asked = Array.from({ length: 16 }, ask)
  expect(await ask()).toBeUndefined()
  gate.resolve()
  expect(await Promise.all(asked)).toEqual(asked.map(() => ({ score: 0.5, tokens: 1 })))
  expect(await ask()).toBeDefined()
})

const decide = (state: unknown, questions: unknown) => ({ model: 'any', state, questions })
const complex = { complex: { type: 'noul', instructions: 'Is it complex?' } }

test('answers as a decision model how surely a request is complex', async () => {
  const { app, post } = scriptedContainer({ script: { words, judge } })
  const questions = {
    ...complex,
    route: { type: 'choice', criteria: { claude: 'hard', local: null } },
    kind: { type: 'choice', criteria: { simple: null, complex: null } },
  }
  const response = await post(decide(HARD, questions), {}, '/v1/systemone')
  expect(response.status).toBe(200)
  expect(response.headers.get('x-queue-depth')).toBe('0')
  const score = judge(HARD)
  expect(await response.json()).toEqual({
    model: 'scripted',
    answers: {
      complex: { type: 'noul', noul: score },
      route: {
        type: 'choice',
        choice: 'claude',
        probabilities: { local: 1 - score, claude: score },
        confidence: 2 * score - 1,
      },
      kind: expect.objectContaining({ choice: 'complex' }),
    },
    usage: { input_tokens: 2, output_tokens: 0 },
  })
  expect(await (await app.request('/metrics')).text()).toContain('llmrouter_container_judgements_total 1')
})

test('reads a state as a question, a conversation or a list of messages', async () => {
  const { post } = scriptedContainer({ script: { words, judge } })
  const noul = async (state: unknown) => {
    const response = await post(decide(state, complex), {}, '/v1/systemone')
    return ((await response.json()) as { answers: { complex: { noul: number } } }).answers.complex.noul
  }
  const messages = [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: 'Hello!' },
    { role: 'user', content: [{ type: 'text', text: HARD }] },
  ]
  for (const state of [HARD, messages, { system: 'Be brief.', messages }])
    expect(await noul(state)).toBe(judge(HARD))
  expect(await noul('Hi')).toBe(judge('Hi'))
})

test('refuses questions and states that are not the judge’s, and says which are', async () => {
  const { post } = scriptedContainer({ script: { words, judge } })
  const cases: [unknown, RegExp][] = [
    [
      decide('Hi', { urgent: { type: 'noul' } }),
      /questions\.urgent: cannot be answered.*named \\"complex\\"/,
    ],
    [
      decide('Hi', { ...complex, x: { type: 'choice', criteria: { a: null, b: null } } }),
      /questions\.x: .*\\"local\\" and \\"claude\\"/,
    ],
    [decide('Hi', { x: { type: 'score', criteria: ['low', 'high'] } }), /questions\.x/],
    [decide({ ticket: 7 }, complex), /state: must be the text of a request/],
    [decide({ messages: [] }, complex), /messages/],
    [decide([{ role: 'user', content: [{ type: 'image' }] }], complex), /reads text only/],
    [decide('', complex), /holds text/],
    [decide('x'.repeat(10_000), complex), /at most 10 tokens/],
    [{ questions: complex }, /state/],
  ]
  for (const [body, message] of cases) {
    const response = await post(body, {}, '/v1/systemone')
    expect([response.status, await response.text()]).toEqual([400, expect.stringMatching(message)])
  }
  const without = scriptedContainer()
  const response = await without.post(decide('Hi', complex), {}, '/v1/systemone')
  expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('no judge')])
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (body) => {
      expect((await post(body, {}, '/v1/systemone')).status).toBe(400)
    }),
    { numRuns: 50 },
  )
})

test('lets nobody ask the judge without the secret, and judges while all rows are taken', async () => {
  const guarded = scriptedContainer({ secret: 'correct horse battery', script: { words, judge } })
  expect((await guarded.post(decide('Hi', complex), {}, '/v1/systemone')).status).toBe(401)
  const { post, running, release } = busyContainer()
  expect((await post(decide('Hi', complex), {}, '/v1/systemone')).status).toBe(200)
  release()
  await running
})
