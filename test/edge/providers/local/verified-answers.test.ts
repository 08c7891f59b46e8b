/** Answers that a container verifies before it gives them: who is asked to, what becomes of what it declines, and of the rest. */
import { HttpResponse } from 'msw/http'
import { expect, test } from 'vitest'
import { CLAUDE_TEXT, LOCAL_TEXT, SIMPLE_PROMPT } from '../../../support/edge/canaries.ts'
import { loggedLines } from '../../../support/edge/log-collector.ts'
import { framesOf, localMessage } from '../../../support/edge/messages.ts'
import { ask, createTestRouter } from '../../../support/edge/router.ts'
import { claude, container, readiness, ready, streamOf } from '../../../support/edge/upstreams.ts'

const kept = () => streamOf(framesOf(localMessage()), { headers: { 'x-verify-score': '0.0125' } })
const declined = () =>
  HttpResponse.json(
    { type: 'error', error: { type: 'low_confidence', message: 'probably wrong' }, request_id: 'req_1' },
    { status: 409, headers: { 'x-verify-score': '0.9123', 'x-queue-depth': '0' } },
  )
const thresholdSent = () => container.hits.at(-1)?.headers.get('x-verify-threshold')

async function verifying(settings: Record<string, string> = {}) {
  readiness.answer(() => ready({ verification: { tasks: ['simple_chat', 'classification'] } }))
  return createTestRouter({ CACHE_TTL_SECONDS: '0', ...settings })
}

test('what the container declines with goes to Claude, and is no fault of the container’s', async () => {
  container.answer(declined)
  const router = await verifying()
  for (let round = 0; round < 4; round++) {
    const response = await router.post(ask(SIMPLE_PROMPT))
    expect(await response.text()).toContain(CLAUDE_TEXT)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-router-route': 'claude',
      'x-router-fallback': 'low_confidence',
      'x-router-verify-score': '0.912',
      'x-router-attempts': '2',
    })
    expect(JSON.parse(claude.hits.at(-1)?.text ?? '').model).toBe('claude-haiku-5-5')
  }
  expect(container.hits).toHaveLength(4)
  expect(loggedLines().at(-1)).toMatchObject({
    message: '[Router] Falling back to Claude (local low_confidence)',
    fields: { route: 'claude', fallback: 'low_confidence', verifyScore: 0.912 },
  })
})

test('what it keeps is answered locally, with the score', async () => {
  container.answer(kept)
  const router = await verifying()
  const response = await router.post(ask(SIMPLE_PROMPT))
  expect(await response.text()).toContain(LOCAL_TEXT)
  expect([response.headers.get('x-router-verify-score'), thresholdSent()]).toEqual(['0.013', 'default'])
  expect(response.headers.get('x-router-handover-score')).toBeNull()
  expect(claude.hits).toHaveLength(0)
})

test('a stream is never held back', async () => {
  container.answer(() => streamOf(framesOf(localMessage())))
  const router = await verifying()
  const response = await router.post(ask(SIMPLE_PROMPT, { stream: true }))
  expect(await response.text()).toContain(LOCAL_TEXT)
  expect([thresholdSent(), response.headers.get('x-router-verify-score')]).toEqual([null, null])
})

test('nothing is verified where nobody else may answer', async () => {
  container.answer(kept)
  const router = await verifying()
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
  const alone = await verifying({ ANTHROPIC_API_KEY: '' })
  const response = await alone.post(ask())
  expect([response.status, thresholdSent()]).toEqual([200, null])
  expect(container.hits).toHaveLength(6)
})

test.each([
  ['0.25', '0.25'],
  ['.5', '.5'],
  ['default', 'default'],
  ['off', null],
])('VERIFY_THRESHOLD=%s sends %s', async (setting, sent) => {
  container.answer(kept)
  const router = await verifying({ VERIFY_THRESHOLD: setting })
  await router.post(ask())
  expect(thresholdSent()).toBe(sent)
})

test.each(['1.01', 'high', '-1', 'recall:97'])('VERIFY_THRESHOLD=%s is refused', async (setting) => {
  await expect(verifying({ VERIFY_THRESHOLD: setting })).rejects.toThrow(
    'VERIFY_THRESHOLD must be a probability from 0 to 1, default, or off',
  )
})

test('a server that does not say that it verifies answers of the request’s task is not asked to', async () => {
  container.answer(kept)
  const said = [null, true, 'yes', {}, { tasks: 'all' }, { tasks: [] }, { tasks: ['simple_qa'] }]
  const pages = [{}, { handover: true }, ...said.map((verification) => ({ verification }))]
  for (const page of pages) {
    readiness.answer(() => ready(page))
    const router = await createTestRouter({ CACHE_TTL_SECONDS: '0' })
    await router.post(ask())
    expect(thresholdSent()).toBeNull()
  }
  expect(container.hits).toHaveLength(pages.length)
})

test('an answer that comes whole may take the time that its words would have had', async () => {
  container.answer(async () => {
    await new Promise((resolve) => setTimeout(resolve, 150))
    return kept()
  })
  const limits = { LOCAL_HEADERS_MS: '50', LOCAL_FIRST_CONTENT_MS: '50', LOCAL_IDLE_MS: '5000' }
  expect(await (await (await verifying(limits)).post(ask())).text()).toContain(LOCAL_TEXT)
})

test('what a stream was given without being verified is not given to who would have it verified', async () => {
  const router = await verifying({ CACHE_TTL_SECONDS: '300' })
  await (await router.post(ask(SIMPLE_PROMPT, { stream: true }))).text()
  container.answer(declined)
  const again = await router.post(ask(SIMPLE_PROMPT, { stream: true }))
  expect(await again.text()).toContain(LOCAL_TEXT)
  expect(again.headers.get('x-router-cache')).toBe('hit')
  const routed = await router.post(ask(SIMPLE_PROMPT))
  expect(await routed.text()).toContain(CLAUDE_TEXT)
  expect(routed.headers.get('x-router-fallback')).toBe('low_confidence')
})
