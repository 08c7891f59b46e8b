/** Credentials at the door of the whole router: who gets in, and which key travels on. */
import { expect, test } from 'vitest'
import {
  ADMIN_KEY,
  ALICE_KEY,
  BOB_KEY,
  CLAUDE_KEY,
  CLIENT_CLAUDE_KEY,
  COMPLEX_PROMPT,
} from '../../support/edge/canaries.ts'
import '../../support/edge/log-collector.ts'
import { ask, createTestRouter } from '../../support/edge/router.ts'
import { claude } from '../../support/edge/upstreams.ts'

const body = JSON.stringify(ask(COMPLEX_PROMPT))
const json = { 'content-type': 'application/json' }
const CLIENT_KEYS = { CLAUDE_KEY_SOURCE: 'client', ANTHROPIC_API_KEY: '', LLM_STRATEGY: 'claude_only' }

test('takes the key from either header', async () => {
  const router = await createTestRouter()
  for (const headers of [
    { 'x-api-key': ALICE_KEY },
    { authorization: `Bearer ${ALICE_KEY}` },
    { authorization: `bearer   ${ALICE_KEY}` },
    { 'x-api-key': 'something else', authorization: `Bearer ${ALICE_KEY}` },
    { 'x-api-key': ALICE_KEY, authorization: 'Bearer something-else' },
    { 'x-api-key': ADMIN_KEY },
  ])
    expect(
      (await router.request('/v1/messages', { method: 'POST', body, headers: { ...json, ...headers } }))
        .status,
    ).toBe(200)
})

test('F61 answers every wrong credential with the same 401', async () => {
  const router = await createTestRouter()
  const wrong: Record<string, string>[] = [
    {},
    { 'x-api-key': '' },
    { 'x-api-key': `${ALICE_KEY}x` },
    { 'x-api-key': ALICE_KEY.slice(0, -1) },
    { authorization: `Basic ${ALICE_KEY}` },
    { authorization: 'Bearer' },
    { authorization: 'Bearer nonsense' },
    { cookie: ALICE_KEY },
  ]
  const answers = new Set<string>()
  for (const headers of wrong) {
    const response = await router.request('/v1/messages', {
      method: 'POST',
      body,
      headers: { ...json, ...headers },
    })
    expect(response.status).toBe(401)
    answers.add((await response.text()).replaceAll(/req_[0-9a-f]{32}/g, 'ID'))
  }
  expect(answers.size).toBe(1)
  expect(JSON.parse([...answers][0] ?? '')).toMatchObject({
    type: 'error',
    error: { type: 'authentication_error' },
  })
  expect(claude.hits).toHaveLength(0)
})

test('checks the credential before it reads the body', async () => {
  const router = await createTestRouter()
  const response = await router.request('/v1/messages', { method: 'POST', body: 'not json' })
  expect(response.status).toBe(401)
})

test('guards the router’s own endpoints as well', async () => {
  const router = await createTestRouter()
  for (const [method, path] of [
    ['GET', '/v1/router/status'],
    ['PUT', '/v1/router/strategy'],
    ['POST', '/v1/router/explain'],
  ] as const)
    expect((await router.request(path, { method })).status).toBe(401)
})

test('lets anyone in where the operator says so', async () => {
  const router = await createTestRouter({ ROUTER_KEYS: '', ALLOW_ANONYMOUS: 'true' })
  for (const headers of [{}, { 'x-api-key': 'whatever' }])
    expect(
      (await router.request('/v1/messages', { method: 'POST', body, headers: { ...json, ...headers } }))
        .status,
    ).toBe(200)
  const change = await router.request('/v1/router/strategy', {
    method: 'PUT',
    body: '{"strategy":"hybrid"}',
    headers: json,
  })
  expect(change.status).toBe(403)
})

test('knows the admin also where anyone may enter', async () => {
  const router = await createTestRouter({ ROUTER_KEYS: '', ALLOW_ANONYMOUS: 'true' })
  const change = await router.request('/v1/router/strategy', {
    method: 'PUT',
    body: '{"strategy":"claude_only"}',
    headers: { ...json, authorization: `Bearer ${ADMIN_KEY}` },
  })
  expect(change.status).toBe(200)
})

test('sends the operator’s key and none of the client’s to Claude', async () => {
  const router = await createTestRouter()
  await router.post(ask(COMPLEX_PROMPT), { authorization: `Bearer ${CLIENT_CLAUDE_KEY}` })
  const headers = new Headers(router.sent.find(({ url }) => url.includes('anthropic'))?.init.headers)
  expect(headers.get('x-api-key')).toBe(CLAUDE_KEY)
  expect(headers.has('authorization')).toBe(false)
})

test('sends the client’s own key on, in its own header, and never the router’s', async () => {
  const cases: [Record<string, string>, string, string][] = [
    [
      { 'x-api-key': ALICE_KEY, authorization: `Bearer ${CLIENT_CLAUDE_KEY}` },
      'authorization',
      `Bearer ${CLIENT_CLAUDE_KEY}`,
    ],
    [
      { 'x-api-key': CLIENT_CLAUDE_KEY, authorization: `Bearer ${ALICE_KEY}` },
      'x-api-key',
      CLIENT_CLAUDE_KEY,
    ],
  ]
  for (const [headers, name, value] of cases) {
    const router = await createTestRouter(CLIENT_KEYS)
    const response = await router.post(ask(COMPLEX_PROMPT), headers)
    expect(response.status).toBe(200)
    const sent = new Headers(router.sent.at(-1)?.init.headers)
    expect(sent.get(name)).toBe(value)
    expect([...sent].filter(([header]) => header === 'x-api-key' || header === 'authorization')).toHaveLength(
      1,
    )
    expect(JSON.stringify([...sent])).not.toContain(ALICE_KEY)
  }
})

test('asks for the client’s own key where it is missing', async () => {
  const router = await createTestRouter(CLIENT_KEYS)
  const both = await router.post(ask(COMPLEX_PROMPT), {
    'x-api-key': ALICE_KEY,
    authorization: `Bearer ${BOB_KEY}`,
  })
  const none = await router.post(ask(COMPLEX_PROMPT))
  for (const response of [both, none]) {
    expect(response.status).toBe(401)
    expect(await response.text()).toContain('your own Anthropic key')
  }
  expect(claude.hits).toHaveLength(0)
})

test('keeps the cached answers of clients with different Claude keys apart', async () => {
  const router = await createTestRouter({ ...CLIENT_KEYS, ROUTER_KEYS: '', ALLOW_ANONYMOUS: 'true' })
  const cacheOf = async (key: string) =>
    (await router.post(ask(COMPLEX_PROMPT), { 'x-api-key': key })).headers.get('x-router-cache')
  expect(await cacheOf(`${CLIENT_CLAUDE_KEY}-one`)).toBe('miss')
  await expect.poll(() => cacheOf(`${CLIENT_CLAUDE_KEY}-one`)).toBe('hit')
  expect(await cacheOf(`${CLIENT_CLAUDE_KEY}-two`)).toBe('miss')
})
