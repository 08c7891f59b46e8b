/** `POST /v1/responses/input_tokens`: what is counted, by whom, and what a client sees where it cannot be. */
import { expect, test } from 'vitest'
import { ALICE_KEY, COMPLEX_PROMPT, SIMPLE_PROMPT } from '../../support/edge/canaries.ts'
import { createTestRouter, type TestRouter } from '../../support/edge/router.ts'
import { claude, container, counts } from '../../support/edge/upstreams.ts'

const count = async (
  router: TestRouter,
  body: Record<string, unknown>,
  headers: Record<string, string> = {},
  path = '/v1/responses/input_tokens',
) => {
  const response = await router.post(body, headers, { path })
  return { response, body: JSON.parse(await response.text()) }
}
const sent = () => JSON.parse(counts.hits.at(-1)?.text ?? '{}')

test('Claude counts what it would read, and gets nothing that says how to answer', async () => {
  const router = await createTestRouter()
  const { response, body } = await count(router, {
    model: 'claude-opus-5-5',
    instructions: 'Be brief.',
    input: SIMPLE_PROMPT,
    temperature: 0.5,
    max_output_tokens: 10,
    user: 'ann@example.org',
    tools: [{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: false }],
  })
  expect(response.status).toBe(200)
  expect(body).toEqual({ object: 'response.input_tokens', input_tokens: 42 })
  expect(response.headers.has('x-router-estimate')).toBe(false)
  const request = sent()
  expect(Object.keys(request).toSorted()).toEqual(['messages', 'model', 'system', 'tools'])
  expect(request).toMatchObject({
    model: 'claude-opus-5-5',
    system: 'Be brief.',
    messages: [{ role: 'user' }],
  })
  expect([...claude.hits, ...container.hits]).toHaveLength(0)
})

test('a model need not be named, and another vendor’s counts as the one that auto means', async () => {
  const router = await createTestRouter({ CLAUDE_MODEL: 'claude-opus-5-5' })
  for (const model of [undefined, null, 'gpt-5.2', 'auto']) {
    const { response } = await count(router, { model, input: COMPLEX_PROMPT }, {}, '/responses/input_tokens')
    expect(response.status).toBe(200)
    expect(sent().model).toBe('claude-opus-5-5')
  }
})

test('the conversation that a request goes on with is counted, too', async () => {
  const router = await createTestRouter()
  const first = await router.post({ model: 'gpt-x', input: COMPLEX_PROMPT }, {}, { path: '/v1/responses' })
  const { id } = JSON.parse(await first.text())
  await count(router, { model: 'gpt-x', input: 'And then?', previous_response_id: id })
  expect(sent().messages).toHaveLength(3)
  const { response, body } = await count(router, { input: 'x', previous_response_id: 'resp_none' })
  expect(response.status).toBe(400)
  expect(body.error).toMatchObject({ param: 'previous_response_id', code: 'previous_response_not_found' })
})

test.each([
  ['must stay local', { 'x-router-privacy': 'local' }, () => {}],
  ['Claude is overloaded', {}, () => counts.answer(() => Response.json({}, { status: 529 }))],
])('tokens are estimated, and marked so, where the request %s', async (_, headers, prepare) => {
  prepare()
  const router = await createTestRouter()
  const { response, body } = await count(router, { input: 'word '.repeat(100) }, headers)
  expect(response.headers.get('x-router-estimate')).toBe('true')
  expect(body.input_tokens).toBeGreaterThan(50)
  expect(body.input_tokens).toBeLessThan(300)
})

test('a key counts for its own models only', async () => {
  const keys = [{ id: 'alice', key: ALICE_KEY, models: ['claude-haiku-*'] }]
  const router = await createTestRouter({ ROUTER_KEYS: JSON.stringify(keys) })
  expect((await count(router, { model: 'claude-opus-5-5', input: 'x' })).response.status).toBe(403)
  expect((await count(router, { model: 'claude-haiku-5-5', input: 'x' })).response.status).toBe(200)
  expect(counts.hits).toHaveLength(1)
})

test('when to come back is Claude’s to say, in the count’s own headers as well', async () => {
  const error = { type: 'rate_limit_error', message: 'Slow down' }
  counts.answer(() =>
    Response.json(
      { type: 'error', error },
      { status: 429, headers: { 'retry-after': '17', 'request-id': 'req_1', 'x-internal': 'canary' } },
    ),
  )
  const { response, body } = await count(await createTestRouter(), { input: 'x' })
  expect(response.status).toBe(429)
  expect(body.error).toMatchObject({ code: 'rate_limit_exceeded', message: 'Slow down' })
  expect(response.headers.get('retry-after')).toBe('17')
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(response.headers.has('x-internal')).toBe(false)
})

test('what Claude finds wrong has OpenAI’s form and the client’s names', async () => {
  const message = 'messages.0.content.0: no'
  counts.answer(() =>
    Response.json({ type: 'error', error: { type: 'invalid_request_error', message } }, { status: 400 }),
  )
  const { response, body } = await count(await createTestRouter(), {
    input: [{ role: 'user', content: 'x' }],
  })
  expect(response.status).toBe(400)
  expect(body.error).toMatchObject({ message: 'input[0]: no', param: 'input[0]' })
})
