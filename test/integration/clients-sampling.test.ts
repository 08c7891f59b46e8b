/**
 * Sampling parameters, which newer Claude models and the newer API version refuse: fine on the local path in either
 * version, dropped where the router chose Claude, verbatim where the client did.
 */
import { expect, test } from 'vitest'
import { COMPLEX_PROMPT } from '../support/edge/canaries.ts'
import { ask, createTestRouter } from '../support/edge/router.ts'
import { claude, container, refused } from '../support/edge/upstreams.ts'

const SAMPLING = { temperature: 0.3, top_k: 5 }
const VERSIONS = ['2023-06-01', '2026-10-21']

test.each(VERSIONS)('the local model takes temperature under version %s', async (version) => {
  const router = await createTestRouter()
  const response = await router.post(ask(undefined, SAMPLING), { 'anthropic-version': version })
  expect(response.headers.get('x-router-route')).toBe('local')
  expect(JSON.parse(container.hits[0]?.text ?? '')).toMatchObject(SAMPLING)
})

test.each(VERSIONS)(
  'a request that was fine locally is fitted to Claude on fallback, version %s',
  async (version) => {
    container.answer(refused)
    const router = await createTestRouter()
    for (const model of ['auto', 'claude-sonnet-5-5']) {
      const body = { ...ask(undefined, SAMPLING), model }
      const response = await router.post(body, { 'anthropic-version': version })
      expect(response.status).toBe(200)
      expect(response.headers.get('x-router-fallback')).toBe('unavailable')
    }
    for (const { text, headers } of claude.hits) {
      expect(text).not.toMatch(/temperature|top_k/)
      expect(JSON.parse(text).messages).toEqual(ask().messages)
      expect(headers.get('anthropic-version')).toBe(version)
    }
    expect(claude.hits).toHaveLength(2)
  },
)

test('an older model keeps them on fallback, but not under the version that refuses them', async () => {
  container.answer(refused)
  const router = await createTestRouter()
  const body = { ...ask(undefined, SAMPLING), model: 'claude-haiku-4-5' }
  for (const version of VERSIONS) await router.post(body, { 'anthropic-version': version })
  expect(claude.hits.map(({ text }) => text.includes('temperature'))).toEqual([true, false])
})

test('what the client itself asks of a model that it named goes verbatim', async () => {
  const router = await createTestRouter()
  const body = JSON.stringify({ ...ask(COMPLEX_PROMPT, SAMPLING), model: 'claude-opus-5-5' })
  await router.post(body, { 'anthropic-version': '2026-10-21' })
  expect(claude.hits[0]?.text).toBe(body)
})

test('clients of chat completions may always send it: it goes where it is understood', async () => {
  const router = await createTestRouter()
  const chat = (content: string, model: string) =>
    router.post(
      { model, temperature: 1.4, messages: [{ role: 'user', content }] },
      {},
      { path: '/v1/chat/completions' },
    )
  await chat('Hello! How are you?', 'gpt-x')
  expect(JSON.parse(container.hits[0]?.text ?? '').temperature).toBe(1)
  await chat(COMPLEX_PROMPT, 'gpt-x')
  await chat(COMPLEX_PROMPT, 'claude-haiku-4-5')
  expect(claude.hits.map(({ text }) => JSON.parse(text).temperature)).toEqual([undefined, 1])
})
