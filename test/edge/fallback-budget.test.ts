/** FALLBACK_BUDGET through the whole router: a dead container does not drain the account, and clients are told why. */
import { HttpResponse } from 'msw/http'
import { expect, test } from 'vitest'
import { SIMPLE_PROMPT } from '../support/edge/canaries.ts'
import { loggedLines } from '../support/edge/log-collector.ts'
import { claudeMessage } from '../support/edge/messages.ts'
import { ask, createTestRouter, type TestRouter } from '../support/edge/router.ts'
import { answerNonStreaming, claude, container, readiness, refused } from '../support/edge/upstreams.ts'

const NO_CACHE = { CACHE_TTL_SECONDS: '0' }
const OPUS = 'claude-opus-5-5'

async function statuses(router: TestRouter, count: number, fields = {}): Promise<number[]> {
  const found: number[] = []
  for (let at = 0; at < count; at++) found.push((await router.post(ask(SIMPLE_PROMPT, fields))).status)
  return found
}

async function messageOf(response: Response): Promise<string> {
  return JSON.parse(await response.text()).error.message
}

test('above the budget simple requests get 503, when to come back, and why', async () => {
  container.answer(refused)
  readiness.answer(refused)
  const router = await createTestRouter({ ...NO_CACHE, FALLBACK_BUDGET: '2/minute' })
  expect(await statuses(router, 2)).toEqual([200, 200])
  const response = await router.post(ask(SIMPLE_PROMPT, { stream: true }))
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toBe('60')
  expect(response.headers.has('x-should-retry')).toBe(false)
  expect(response.headers.get('x-router-reason')).toBe('fallback budget: local unavailable')
  expect(response.headers.get('x-router-fallback')).toBe('unavailable')
  expect(await messageOf(response)).toBe(
    'The local model did not answer (unavailable), and for now no more of its requests may go to Claude: FALLBACK_BUDGET is 2/minute. Try again in 60 s. The operator can raise it, or let the cheap model answer with 2/minute:cheap.',
  )
  expect(loggedLines().at(-1)).toMatchObject({
    message: '[Router] Refused (fallback budget: local unavailable)',
    fields: { outcome: 'refused', budget: 'refused', fallback: 'unavailable' },
  })
  expect(claude.hits).toHaveLength(2)
  router.advance(61_001)
  expect(await statuses(router, 1)).toEqual([200])
})

test('who was never meant for the local model is not counted and not refused', async () => {
  container.answer(refused)
  readiness.answer(refused)
  const router = await createTestRouter({ ...NO_CACHE, FALLBACK_BUDGET: '0/minute' })
  expect(await statuses(router, 1)).toEqual([503])
  const complex = 'Refactor this recursive quicksort in Python and prove its worst-case time complexity.'
  expect((await router.post(ask(complex))).headers.get('x-router-route')).toBe('claude')
  expect((await router.post(ask(), { 'x-router-force': 'claude' })).status).toBe(200)
})

test('what the model declines or cannot read is decided, not failed', async () => {
  const router = await createTestRouter({ ...NO_CACHE, FALLBACK_BUDGET: '0/minute' })
  container.answer(() =>
    HttpResponse.json(
      { error: { type: 'low_confidence', message: 'would guess' } },
      { status: 409, headers: { 'x-queue-depth': '0' } },
    ),
  )
  expect((await router.post(ask())).headers.get('x-router-fallback')).toBe('low_confidence')
  container.answer(() => HttpResponse.json({}, { status: 413 }))
  expect((await router.post(ask())).headers.get('x-router-fallback')).toBe('unsupported')
})

test('a predicted lateness and an open breaker count as failures, and the container’s word says when to come back', async () => {
  container.answer(() => HttpResponse.json({}, { status: 429, headers: { 'retry-after': '7' } }))
  const router = await createTestRouter({ ...NO_CACHE, FALLBACK_BUDGET: '1/minute' })
  expect(await statuses(router, 1)).toEqual([200])
  const response = await router.post(ask())
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '7'])
  expect(container.hits).toHaveLength(1)
})

test(':cheap gives the dear ones to the cheap model and refuses nobody', async () => {
  container.answer(refused)
  readiness.answer(refused)
  const router = await createTestRouter({ ...NO_CACHE, FALLBACK_BUDGET: '1/minute:cheap' })
  expect(await statuses(router, 1, { model: OPUS })).toEqual([200])
  const dear = await router.post(ask(SIMPLE_PROMPT, { model: OPUS }))
  expect([dear.status, dear.headers.get('x-router-fallback')]).toEqual([200, 'budget'])
  // What is for the cheap model already is not changed.
  const cheap = await router.post(ask())
  expect([cheap.status, cheap.headers.get('x-router-fallback')]).toEqual([200, 'unavailable'])
  expect(claude.hits.map(({ text }) => JSON.parse(text).model)).toEqual([
    OPUS,
    'claude-haiku-5-5',
    'claude-haiku-5-5',
  ])
  expect(loggedLines().map(({ fields }) => fields.budget)).toContain('cheaper')
})

test('money is what the answers did cost, and a model without a price has no room in it', async () => {
  container.answer(refused)
  readiness.answer(refused)
  const usage = { input_tokens: 90_000, output_tokens: 0 }
  claude.answer(answerNonStreaming(claudeMessage({ usage })))
  const router = await createTestRouter({ ...NO_CACHE, FALLBACK_BUDGET: '0.02usd/day' })
  // 0.009 USD each, though little was expected.
  expect(await statuses(router, 4)).toEqual([200, 200, 200, 503])
  const unpriced = await router.post(ask(SIMPLE_PROMPT, { model: 'claude-of-tomorrow' }))
  expect(unpriced.status).toBe(503)
  expect(await messageOf(unpriced)).toMatch(
    /FALLBACK_BUDGET \(0\.02usd\/day\) counts money, and no price is known for "claude-of-tomorrow"\. .* add it to PRICES\.$/,
  )
})

test('a share is of the requests that were meant for the local model, three at least', async () => {
  container.answer(refused)
  readiness.answer(refused)
  const router = await createTestRouter({ ...NO_CACHE, FALLBACK_BUDGET: '50%' })
  expect(await statuses(router, 8)).toEqual([200, 200, 200, 503, 503, 503, 503, 200])
})
