/** Handing over by HTTP, in front of a scripted engine: what is told, when, and what a threshold may be. */
import { expect, test } from 'vitest'
import { hello, scriptedContainer } from '../../support/scripted-container.ts'
import { SCRIPTED_HANDOVER } from '../../support/scripted-engine.ts'

const UNKNOWN = 'See it'
const handover = (text: string) => (text === UNKNOWN ? 0.71234567 : 0.0125)
const words = ['Hello', ' ', 'there']
const unknown = { ...hello, messages: [{ role: 'user', content: UNKNOWN }] }
const from = (threshold: string) => ({ 'x-handover-threshold': threshold })

test('tells the score of what it answers, whole or as a stream', async () => {
  const { post, lines } = scriptedContainer({ script: { words, handover } })
  for (const stream of [false, true])
    for (const threshold of ['0.5', 'default']) {
      const response = await post({ ...hello, stream }, from(threshold))
      expect([response.status, response.headers.get('x-handover-score')]).toEqual([200, '0.0125'])
      expect(await response.text()).toContain('Hello')
    }
  expect(lines[0]).toContain('"handoverScore":0.0125')
  expect((await post(unknown)).headers.get('x-handover-score')).toBeNull()
})

test('hands over at the threshold with 409 low_confidence, as a stream too, and counts it', async () => {
  const { app, post } = scriptedContainer({ script: { words, handover } })
  for (const stream of [false, true])
    for (const threshold of ['0', '0.5', '0.71234567', 'default']) {
      const response = await post({ ...unknown, stream }, from(threshold))
      expect([response.status, response.headers.get('x-handover-score')]).toEqual([409, '0.7123'])
      expect(response.headers.get('x-queue-depth')).toBe('0')
      expect(await response.json()).toMatchObject({
        type: 'error',
        error: { type: 'low_confidence', message: expect.stringContaining('only guess') },
        request_id: expect.stringMatching(/^req_/),
      })
    }
  expect((await post(unknown, from('0.72'))).status).toBe(200)
  const metrics = await (await app.request('/metrics')).text()
  expect(metrics).toContain('llmrouter_container_requests_total{outcome="low_confidence"} 8')
  expect(metrics).toContain('llmrouter_container_declines_total 0')
})

test('takes a number from 0 to 1 or default for a threshold, and nothing else', async () => {
  const { post, engine } = scriptedContainer({ script: { words, handover } })
  await post(hello, from('default'))
  expect(engine.requests[0]?.handoverThreshold).toBe(SCRIPTED_HANDOVER.threshold)
  for (const good of ['0', '1', '1.0', '0.25', '.5'])
    expect((await post(hello, from(good))).status).toBeLessThan(410)
  const asked = engine.requests.length
  for (const bad of ['', '1.01', '-0.1', '2', 'off', '0.5, 0.6', '1e-1', 'NaN', 'Default']) {
    const response = await post(hello, from(bad))
    expect([response.status, await response.text()]).toEqual([
      400,
      expect.stringContaining('x-handover-threshold: must be a number from 0 to 1, or default'),
    ])
  }
  expect(engine.requests).toHaveLength(asked)
})

test('answers as before where the model does not hand over, and says in readiness and models whether it does', async () => {
  const { app, post, engine } = scriptedContainer()
  for (const threshold of ['0', 'default']) {
    const response = await post(unknown, from(threshold))
    expect([response.status, response.headers.get('x-handover-score')]).toEqual([200, null])
    expect(engine.requests.at(-1)?.handoverThreshold).toBeUndefined()
  }
  expect((await post(unknown, from('high'))).status).toBe(400)
  for (const [told, expected] of [
    [app, false],
    [scriptedContainer({ script: { words, handover } }).app, true],
  ] as const) {
    expect(await (await told.request('/readyz')).json()).toMatchObject({ handover: expected })
    expect(await (await told.request('/v1/models')).json()).toMatchObject({ data: [{ handover: expected }] })
  }
})

test('judged and weighed, an answer tells both scores, and what is declined is not weighed', async () => {
  const judge = (text: string) => (text === UNKNOWN ? 0.25 : 0.875)
  const { post } = scriptedContainer({ script: { words, judge, handover } })
  const both = { ...from('0.9'), 'x-judge-threshold': '0.5' }
  const scoresOf = async (body: object, headers: Record<string, string>) => {
    const response = await post(body, headers)
    return [
      response.status,
      ...['x-judge-score', 'x-handover-score'].map((name) => response.headers.get(name)),
    ]
  }
  for (const stream of [false, true]) {
    expect(await scoresOf({ ...unknown, stream }, both)).toEqual([200, '0.2500', '0.7123'])
    expect(await scoresOf({ ...unknown, stream }, { ...both, ...from('0') })).toEqual([
      409,
      '0.2500',
      '0.7123',
    ])
    expect(await scoresOf({ ...hello, stream }, both)).toEqual([409, '0.8750', null])
  }
})

test('a request that cannot be answered in time is told so while it waits to be weighed', async () => {
  const gate = Promise.withResolvers<void>()
  const { post } = scriptedContainer({ script: { words, handover, hold: gate.promise }, maxQueue: 0 })
  const running = post(hello)
  expect((await post({ ...hello, stream: true }, from('default'))).status).toBe(429)
  gate.resolve()
  expect((await running).status).toBe(200)
})
