/** The container's judge, asked with the answer: what it is told, what its verdict changes, and what an absent one means. */
import { HttpResponse } from 'msw/http'
import { expect, test } from 'vitest'
import { secondThreshold } from '../../../../edge/routing/second-look/combination.ts'
import { CLAUDE_TEXT, LOCAL_TEXT, SIMPLE_PROMPT } from '../../../support/edge/canaries.ts'
import { loggedLines } from '../../../support/edge/log-collector.ts'
import { framesOf, localMessage } from '../../../support/edge/messages.ts'
import { ask, createTestRouter } from '../../../support/edge/router.ts'
import { claude, container, readiness, ready, streamOf } from '../../../support/edge/upstreams.ts'
import { UNSURE_SIMPLE } from '../../../support/stack-client.ts'

const judge = { model: 'tiny-model', head: 'abc' }
/** A request is unsure whose score lies between this threshold, which is lower than any, and the surely complex. */
const UNSURE = { ROUTER_THRESHOLD: '0', JUDGE_THRESHOLD: '0.4', CACHE_TTL_SECONDS: '0' }
/** A request in the unsure zone is simple by the edge where the threshold lies above every score. */
const ALL_SIMPLE = { ROUTER_THRESHOLD: '1' }
const kept = () => streamOf(framesOf(localMessage()), { headers: { 'x-judge-score': '0.1234' } })
const declined = () =>
  HttpResponse.json(
    { type: 'error', error: { type: 'judged_complex', message: 'too complex' }, request_id: 'req_1' },
    { status: 409, headers: { 'x-judge-score': '0.9123', 'x-queue-depth': '0' } },
  )

async function judgedRouter(settings: Record<string, string> = {}) {
  readiness.answer(() => ready({ judge }))
  return createTestRouter({ ...UNSURE, ...settings })
}

const thresholdSent = () => container.hits.at(-1)?.headers.get('x-judge-threshold')

test('an unsure request is judged and answered locally where the judge keeps it', async () => {
  container.answer(kept)
  const router = await judgedRouter()
  for (const stream of [false, true]) {
    const response = await router.post(ask(SIMPLE_PROMPT, { stream }))
    expect(await response.text()).toContain(LOCAL_TEXT)
    expect(response.headers.get('x-router-judge-score')).toBe('0.123')
    expect(response.headers.get('x-router-reason')).toBe('hybrid: unsure, judged by the local model')
    const score = Number(response.headers.get('x-router-score'))
    expect(Number(thresholdSent())).toBeCloseTo(secondThreshold(score, 0.4), 2)
  }
  expect(claude.hits).toHaveLength(0)
  expect(loggedLines().at(-1)?.fields).toMatchObject({ route: 'local', judgeScore: 0.123 })
})

test('what the judge declines goes to the strong model, and is no fault of the container’s', async () => {
  container.answer(declined)
  const router = await judgedRouter()
  for (let at = 0; at < 5; at++) {
    const response = await router.post(ask())
    expect(await response.text()).toContain(CLAUDE_TEXT)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-router-fallback': 'judged_complex',
      'x-router-judge-score': '0.912',
    })
    expect(JSON.parse(claude.hits.at(-1)?.text ?? '').model).toBe('claude-sonnet-5-5')
  }
  expect(container.hits).toHaveLength(5)
})

test('where each caller brings a key for Claude, a simple request of one that has none is answered unjudged', async () => {
  container.answer(kept)
  const router = await judgedRouter({ ...ALL_SIMPLE, CLAUDE_KEY_SOURCE: 'client', ANTHROPIC_API_KEY: '' })
  await router.post(ask(UNSURE_SIMPLE), { authorization: 'Bearer sk-ant-canary-x' })
  expect(thresholdSent()).not.toBeNull()
  const response = await router.post(ask(UNSURE_SIMPLE))
  expect([response.status, thresholdSent()]).toEqual([200, null])
})

test('nobody is judged who is surely simple or whose side is chosen', async () => {
  container.answer(kept)
  const router = await judgedRouter()
  await router.post(ask(), { 'x-router-force': 'local' })
  expect(thresholdSent()).toBeNull()
  await router.post(ask(), { 'x-router-privacy': 'local' })
  expect(thresholdSent()).toBeNull()
  await router.post(ask(), { 'x-router-strategy': 'local_fallback' })
  expect(thresholdSent()).toBeNull()
  const surely = await judgedRouter({ ROUTER_THRESHOLD: 'recall:97', JUDGE_THRESHOLD: '0' })
  const response = await surely.post(ask('Hello!'))
  expect(response.headers.get('x-router-reason')).toBe('hybrid: simple task')
  expect(thresholdSent()).toBeNull()
})

test('without a judge, or with JUDGE_THRESHOLD=off, the edge decides alone', async () => {
  const router = await createTestRouter(UNSURE)
  expect((await router.post(ask())).headers.get('x-router-reason')).toBe('hybrid: complex task')
  const off = await judgedRouter({ JUDGE_THRESHOLD: 'off' })
  expect((await off.post(ask())).headers.get('x-router-reason')).toBe('hybrid: complex task')
  expect(container.hits).toHaveLength(0)
})

test('an answer that nobody has judged is not given where one was to be judged', async () => {
  const router = await judgedRouter()
  for (const score of ['', '2', 'high']) {
    container.answer(() =>
      streamOf(framesOf(localMessage()), { headers: score === '' ? {} : { 'x-judge-score': score } }),
    )
    const response = await router.post(ask())
    expect(await response.text()).toContain(CLAUDE_TEXT)
    expect(response.headers.get('x-router-fallback')).toBe('unsupported')
    expect(response.headers.has('x-router-judge-score')).toBe(false)
  }
})

test('headers that wait for the verdict may take the time of the first word', async () => {
  container.answer(async () => {
    await new Promise((resolve) => setTimeout(resolve, 120))
    return kept()
  })
  const router = await judgedRouter({ LOCAL_HEADERS_MS: '60', LOCAL_FIRST_CONTENT_MS: '5000' })
  const response = await router.post(ask())
  expect(await response.text()).toContain(LOCAL_TEXT)
})

test('explain tells what the judge would be asked for', async () => {
  const router = await judgedRouter()
  const response = await router.request('/v1/router/explain', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': 'canary-alice-key-0123456789' },
    body: JSON.stringify(ask()),
  })
  expect(await response.json()).toMatchObject({
    route: 'local',
    zone: 'unsure',
    targets: [{ provider: 'local', judgeThreshold: expect.any(Number) }, { provider: 'claude' }],
  })
  expect(container.hits).toHaveLength(0)
})
