/**
 * Requests that demand a form of the answer: the local model gets those that its server can be held to, Claude gets the
 * others with every byte.
 */
import { expect, test } from 'vitest'
import { uniformTrust } from '../../shared/model-card.ts'
import { ask, createTestRouter } from '../support/edge/router.ts'
import { claude, container, readiness, ready } from '../support/edge/upstreams.ts'

const QUESTION = 'Classify the sentiment: I love this phone.'
const LABELS = {
  type: 'object',
  properties: { mood: { enum: ['good', 'bad'] } },
  required: ['mood'],
  additionalProperties: false,
}
const LIST = { type: 'array', items: { type: 'string' } }
const configOf = (schema: object) => ({ output_config: { format: { type: 'json_schema', schema } } })

const able = () => ready({ structuredOutputs: true })

test('a form that the local model can be held to goes to it, with the rest that decides nothing', async () => {
  readiness.answer(able)
  const router = await createTestRouter()
  const response = await router.post(ask(QUESTION, configOf(LABELS)))
  expect(response.headers.get('x-router-route')).toBe('local')
  expect(JSON.parse(container.hits[0]?.text ?? '')).toMatchObject(configOf(LABELS))
  expect(claude.hits).toHaveLength(0)
})

test.each([
  ['a form that it cannot be held to', able, LIST, 'structured output requested'],
  ['a form, of a container that says nothing of forms', () => ready(), LABELS, 'structured output requested'],
  [
    'a form, of a model that is not trusted with labels',
    () =>
      ready({
        structuredOutputs: true,
        card: {
          trust: { ...uniformTrust('full'), classification: 'none' },
          languages: null,
          maxTemperature: null,
          exam: null,
        },
      }),
    LABELS,
    'hybrid: simple task, local model not trusted with it',
  ],
])('Claude gets %s, as the client wrote it', async (_, page, schema, reason) => {
  readiness.answer(page)
  const router = await createTestRouter()
  const body = { ...ask(QUESTION, configOf(schema)), model: 'claude-haiku-5-5' }
  const response = await router.post(JSON.stringify(body))
  expect(response.headers.get('x-router-route')).toBe('claude')
  expect(response.headers.get('x-router-reason')).toBe(reason)
  expect(claude.hits[0]?.text).toBe(JSON.stringify(body))
})

test('where only the local model may answer, the client reads what is too much', async () => {
  readiness.answer(able)
  const router = await createTestRouter({ LLM_STRATEGY: 'local_only' })
  const response = await router.post(ask(QUESTION, configOf(LIST)))
  expect([response.status, await response.text()]).toEqual([
    400,
    expect.stringContaining('output_config.format.schema: must be string'),
  ])
})

test('one of several servers that is too old for it is passed over in favour of Claude', async () => {
  // What the first server says is taken for all of them.
  readiness.answer(able, () => ready())
  const router = await createTestRouter({
    LOCAL_LLM_URL: 'http://127.0.0.1:4010/, http://127.0.0.1:4010/v1',
  })
  const routes = []
  for (const turn of [1, 2]) {
    const response = await router.post(ask(`${QUESTION} ${turn}`, configOf(LABELS)))
    routes.push(response.headers.get('x-router-route'), response.headers.get('x-router-fallback'))
  }
  expect(routes).toEqual(['local', null, 'claude', 'unsupported'])
})

test('a schema of chat completions is a form like any other; JSON of any form goes to Claude', async () => {
  readiness.answer(able)
  const router = await createTestRouter()
  const chat = (response_format: object) =>
    router.post(
      { model: 'gpt-x', messages: [{ role: 'user', content: QUESTION }], response_format },
      {},
      { path: '/v1/chat/completions' },
    )
  const strict = await chat({
    type: 'json_schema',
    json_schema: { name: 'mood', strict: true, schema: LABELS },
  })
  expect(strict.headers.get('x-router-route')).toBe('local')
  expect(JSON.parse(container.hits[0]?.text ?? '')).toMatchObject(configOf(LABELS))
  expect((await chat({ type: 'json_object' })).headers.get('x-router-route')).toBe('claude')
})
