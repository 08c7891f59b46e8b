/** What a container's model would only guess at: who is asked to hand over, what becomes of what it hands over, and of the rest. */
import { HttpResponse } from 'msw/http'
import { expect, test } from 'vitest'
import { CLAUDE_TEXT, LOCAL_TEXT, SIMPLE_PROMPT } from '../../../support/edge/canaries.ts'
import { loggedLines } from '../../../support/edge/log-collector.ts'
import { framesOf, localMessage } from '../../../support/edge/messages.ts'
import { ask, createTestRouter } from '../../../support/edge/router.ts'
import { claude, container, readiness, ready, streamOf } from '../../../support/edge/upstreams.ts'

const kept = () => streamOf(framesOf(localMessage()), { headers: { 'x-handover-score': '0.0125' } })
const handedOver = () =>
  HttpResponse.json(
    { type: 'error', error: { type: 'low_confidence', message: 'would only guess' }, request_id: 'req_1' },
    { status: 409, headers: { 'x-handover-score': '0.7123', 'x-queue-depth': '0' } },
  )
const thresholdSent = () => container.hits.at(-1)?.headers.get('x-handover-threshold')

async function handingOver(settings: Record<string, string> = {}) {
  readiness.answer(() => ready({ handover: true }))
  return createTestRouter({ CACHE_TTL_SECONDS: '0', ...settings })
}

test('what the model hands over goes to Claude, whole or as a stream, and is no fault of the container’s', async () => {
  container.answer(handedOver)
  const router = await handingOver()
  for (const stream of [false, true, false, true, false]) {
    const response = await router.post(ask(SIMPLE_PROMPT, { stream }))
    expect(await response.text()).toContain(CLAUDE_TEXT)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-router-route': 'claude',
      'x-router-fallback': 'low_confidence',
      'x-router-handover-score': '0.712',
      'x-router-attempts': '2',
    })
    // What it cannot know need not be hard.
    expect(JSON.parse(claude.hits.at(-1)?.text ?? '').model).toBe('claude-haiku-5-5')
  }
  expect(container.hits).toHaveLength(5)
  expect(loggedLines().at(-1)).toMatchObject({
    message: '[Router] Falling back to Claude (local low_confidence)',
    fields: { route: 'claude', fallback: 'low_confidence', handoverScore: 0.712 },
  })
})

test('what it keeps is answered locally, with the score', async () => {
  container.answer(kept)
  const router = await handingOver()
  for (const stream of [false, true]) {
    const response = await router.post(ask(SIMPLE_PROMPT, { stream }))
    expect(await response.text()).toContain(LOCAL_TEXT)
    expect(response.headers.get('x-router-handover-score')).toBe('0.013')
    expect(thresholdSent()).toBe('default')
  }
  expect(claude.hits).toHaveLength(0)
})

test.each([
  ['0.25', '0.25'],
  ['.5', '.5'],
  ['default', 'default'],
  ['off', null],
])('HANDOVER_THRESHOLD=%s sends %s', async (setting, sent) => {
  container.answer(kept)
  const router = await handingOver({ HANDOVER_THRESHOLD: setting })
  await router.post(ask())
  expect(thresholdSent()).toBe(sent)
})

test.each(['1.01', 'high', '-1', 'recall:97'])('HANDOVER_THRESHOLD=%s is refused', async (setting) => {
  await expect(handingOver({ HANDOVER_THRESHOLD: setting })).rejects.toThrow(
    'HANDOVER_THRESHOLD must be a probability from 0 to 1, default, or off',
  )
})

test('where nobody else may answer, nothing is handed over', async () => {
  container.answer(kept)
  const router = await handingOver()
  for (const headers of [
    { 'x-router-force': 'local' },
    { 'x-router-privacy': 'local' },
    { 'x-router-strategy': 'local_only' },
  ] as Record<string, string>[]) {
    await router.post(ask(), headers)
    expect(thresholdSent()).toBeNull()
  }
  await router.post(ask(SIMPLE_PROMPT, { model: 'local' }))
  expect(thresholdSent()).toBeNull()
  await router.post(ask(), { 'x-router-strategy': 'local_fallback' })
  expect(thresholdSent()).toBe('default')
  const alone = await handingOver({ ANTHROPIC_API_KEY: '' })
  const response = await alone.post(ask())
  expect([response.status, thresholdSent()]).toEqual([200, null])
  expect(container.hits).toHaveLength(6)
})

test('where each caller brings a key for Claude, only the requests of those that do are handed over', async () => {
  container.answer(kept)
  const router = await handingOver({ CLAUDE_KEY_SOURCE: 'client', ANTHROPIC_API_KEY: '' })
  await router.post(ask(), { authorization: 'Bearer sk-ant-canary-x' })
  expect(thresholdSent()).toBe('default')
  await router.post(ask())
  expect(thresholdSent()).toBeNull()
  expect(container.hits).toHaveLength(2)
})

test('a server that does not say that it hands over is not asked to', async () => {
  container.answer(kept)
  for (const page of [{}, { handover: false }, { handover: 'yes' }]) {
    readiness.answer(() => ready(page))
    const router = await createTestRouter({ CACHE_TTL_SECONDS: '0' })
    await router.post(ask())
    expect(thresholdSent()).toBeNull()
  }
  expect(container.hits).toHaveLength(3)
})

test('headers that wait for the first token may take its time', async () => {
  container.answer(async () => {
    await new Promise((resolve) => setTimeout(resolve, 120))
    return kept()
  })
  const router = await handingOver({ LOCAL_HEADERS_MS: '60', LOCAL_FIRST_CONTENT_MS: '5000' })
  expect(await (await router.post(ask())).text()).toContain(LOCAL_TEXT)
})

test('a guess that was given because nobody else might answer is not given again where Claude may', async () => {
  const router = await handingOver({ CACHE_TTL_SECONDS: '300' })
  await router.post(ask(), { 'x-router-privacy': 'local' })
  container.answer(handedOver)
  const again = await router.post(ask(), { 'x-router-privacy': 'local' })
  expect(again.headers.get('x-router-cache')).toBe('hit')
  const routed = await router.post(ask())
  expect(await routed.text()).toContain(CLAUDE_TEXT)
  expect(routed.headers.get('x-router-fallback')).toBe('low_confidence')
})

test('where Claude fails too, the client reads what Claude says', async () => {
  container.answer(handedOver)
  claude.answer(() => HttpResponse.error())
  const response = await (await handingOver()).post(ask())
  expect([response.status, response.headers.get('x-router-fallback')]).toEqual([503, 'low_confidence'])
  expect(await response.text()).toContain('Claude')
})
