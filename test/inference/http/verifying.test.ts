/** Verifying by HTTP, in front of a scripted engine: what is held back and how long, what is told, and what a threshold may be. */
import { expect, test, vi } from 'vitest'
import { LONGEST_VERIFIED } from '../../../inference/serving/held-answer.ts'
import { hello, scriptedContainer } from '../../support/scripted-container.ts'
import { SCRIPTED_VERIFICATION } from '../../support/scripted-engine.ts'

const WRONG = 'Guess it'
/** A token that the model took for one in ten. */
const endLogprob = (text: string) => (text === WRONG ? Math.log(0.1) : -0.01)
const words = ['Hello', ' ', 'there']
const guess = { ...hello, messages: [{ role: 'user', content: WRONG }] }
const from = (threshold: string) => ({ 'x-verify-threshold': threshold })
/** Of tokens of log-probability -0.5. */
const KEPT_SCORE = (1 - Math.exp(-0.5)).toFixed(4)

test('tells the score of what it gives, in one piece or in events, and the answer is the same', async () => {
  const { post, lines } = scriptedContainer({ script: { words, endLogprob } })
  for (const stream of [false, true]) {
    const plain = await (await post({ ...hello, stream })).text()
    for (const threshold of ['0.5', 'default']) {
      const response = await post({ ...hello, stream }, from(threshold))
      expect([response.status, response.headers.get('x-verify-score')]).toEqual([200, KEPT_SCORE])
      const told = await response.text()
      expect(told.replaceAll(/msg_id\d+/g, '')).toBe(plain.replaceAll(/msg_id\d+/g, ''))
      expect(told).not.toContain('logprob')
    }
  }
  expect(lines[1]).toContain('"verifyScore":0.39')
  expect((await post(guess)).headers.get('x-verify-score')).toBeNull()
})

test('declines with an answer that is probably wrong with 409 low_confidence, counts it, and gives its row back', async () => {
  const { app, post, scheduler } = scriptedContainer({ script: { words, endLogprob } })
  for (const stream of [false, true])
    for (const threshold of ['0', '0.9', 'default']) {
      const response = await post({ ...guess, stream }, from(threshold))
      expect([response.status, response.headers.get('x-verify-score')]).toEqual([409, '0.9000'])
      const text = await response.text()
      expect(text).not.toContain('Hello')
      expect(JSON.parse(text)).toMatchObject({
        type: 'error',
        error: { type: 'low_confidence', message: expect.stringContaining('probably wrong') },
      })
    }
  expect((await post(guess, from('0.91'))).status).toBe(200)
  expect(scheduler.load().running).toBe(0)
  const metrics = await (await app.request('/metrics')).text()
  expect(metrics).toContain('llmrouter_container_requests_total{outcome="low_confidence"} 6')
})

test('nothing of an answer is told before all of it is known', async () => {
  const gate = Promise.withResolvers<void>()
  const { app, post, scheduler } = scriptedContainer({ script: { words, endLogprob, hold: gate.promise } })
  let told = false
  const asked = (async () => {
    const response = await post({ ...hello, stream: true }, from('default'))
    told = true
    return response
  })()
  await vi.waitFor(() => expect(scheduler.load().running).toBe(1))
  await (await app.request('/metrics')).text()
  expect(told).toBe(false)
  gate.resolve()
  expect(await (await asked).text()).toContain('there')
})

test('an answer that is too long to be waited for is given as it is, without a score', async () => {
  const many = Array.from({ length: LONGEST_VERIFIED + 1 }, () => 'a')
  const limits = () => ({ maxInputTokens: 10, maxOutputTokens: 500 })
  const { post } = scriptedContainer({ script: { words: many, endLogprob }, limits })
  for (const [tokens, status] of [
    [LONGEST_VERIFIED, 409],
    [LONGEST_VERIFIED + 1, 200],
  ] as const) {
    const response = await post({ ...guess, max_tokens: tokens }, from('0'))
    expect(response.status).toBe(status)
    if (status === 200) {
      expect(response.headers.get('x-verify-score')).toBeNull()
      expect(await response.json()).toMatchObject({ content: [{ text: 'a'.repeat(tokens) }] })
    }
  }
})

test('the engine is asked for log-probabilities where an answer is verified, and only there', async () => {
  const { post, engine } = scriptedContainer({ script: { words, endLogprob } })
  await post(hello)
  await post(hello, from('default'))
  expect(engine.requests.map(({ logprobs }) => logprobs)).toEqual([false, true])
})

test('a client that asks for log-probabilities gets them with a verified answer', async () => {
  const { post } = scriptedContainer({ script: { words, endLogprob } })
  const response = await post({ ...hello, stream: true }, { ...from('default'), 'x-logprobs': '1' })
  expect(await response.text()).toContain('"logprob":-0.5')
})

test('an answer that is held to a form is not verified', async () => {
  const { post } = scriptedContainer({ script: { words, endLogprob } })
  const schema = { type: 'string', enum: ['a', 'b'] }
  const response = await post(
    { ...guess, output_config: { format: { type: 'json_schema', schema } } },
    from('0'),
  )
  expect([response.status, response.headers.get('x-verify-score')]).toEqual([200, null])
})

test('takes a number from 0 to 1 or default for a threshold, and nothing else', async () => {
  const { post, engine } = scriptedContainer({ script: { words, endLogprob } })
  for (const bad of ['', '1.01', '-0.1', 'off', 'Default', 'NaN']) {
    const response = await post(hello, from(bad))
    expect([response.status, await response.text()]).toEqual([
      400,
      expect.stringContaining('x-verify-threshold: must be a number from 0 to 1, or default'),
    ])
  }
  expect(engine.requests).toHaveLength(0)
})

test('answers as before where the model’s answers are not verified, and says in readiness and models of which tasks they are', async () => {
  const { app, post } = scriptedContainer()
  for (const threshold of ['0', 'default']) {
    const response = await post(guess, from(threshold))
    expect([response.status, response.headers.get('x-verify-score')]).toEqual([200, null])
  }
  for (const [told, expected] of [
    [app, null],
    [scriptedContainer({ script: { words, endLogprob } }).app, { tasks: ['simple_chat'] }],
  ] as const) {
    expect(await (await told.request('/readyz')).json()).toMatchObject({ verification: expected })
    expect(await (await told.request('/v1/models')).json()).toMatchObject({
      data: [{ verification: expected }],
    })
  }
})

test('judged, weighed and verified, an answer tells all scores, and what is handed over is not verified', async () => {
  const script = { words, endLogprob, judge: () => 0.25, handover: () => 0.5 }
  const { post } = scriptedContainer({ script })
  const all = { ...from('default'), 'x-judge-threshold': '0.5', 'x-handover-threshold': '0.9' }
  const scoresOf = async (headers: Record<string, string>) => {
    const response = await post(guess, headers)
    const names = ['x-judge-score', 'x-handover-score', 'x-verify-score']
    return [response.status, ...names.map((name) => response.headers.get(name))]
  }
  expect(SCRIPTED_VERIFICATION.threshold).toBeLessThan(0.9)
  expect(await scoresOf(all)).toEqual([409, '0.2500', '0.5000', '0.9000'])
  expect(await scoresOf({ ...all, ...from('1') })).toEqual([200, '0.2500', '0.5000', '0.9000'])
  expect(await scoresOf({ ...all, 'x-handover-threshold': '0.1' })).toEqual([409, '0.2500', '0.5000', null])
})

test('an answer that breaks off while it is held fails as one that was not begun', async () => {
  const { post } = scriptedContainer({ script: { words, endLogprob, failure: new Error('lost') } })
  const response = await post({ ...hello, stream: true }, from('default'))
  expect(response.status).toBe(500)
  expect(await response.text()).not.toContain('Hello')
})
