/** The router's own endpoints: status, readiness, the strategy at runtime, and explanations that call nobody. */
import { HttpResponse } from 'msw/http'
import { expect, test } from 'vitest'
import { ADMIN_KEY, ALICE_KEY, COMPLEX_PROMPT, SIMPLE_PROMPT } from '../../support/edge/canaries.ts'
import { expectNoCanary } from '../../support/edge/log-collector.ts'
import { ask, createTestRouter, type TestRouter } from '../../support/edge/router.ts'
import { CONTAINER_URL, claude, container, readiness, refused } from '../../support/edge/upstreams.ts'

const get = (router: TestRouter, path: string) =>
  router.request(path, { headers: { 'x-api-key': ALICE_KEY } })
const put = (router: TestRouter, body: string, key = ADMIN_KEY) =>
  router.request('/v1/router/strategy', {
    method: 'PUT',
    body,
    headers: { 'content-type': 'application/json', 'x-api-key': key },
  })

test('tells its state, and no secrets or addresses', async () => {
  const text = await (await get(await createTestRouter(), '/v1/router/status')).text()
  expect(JSON.parse(text)).toMatchObject({
    version: expect.any(String),
    strategy: 'hybrid',
    configuredStrategy: 'hybrid',
    claude: { available: true, keySource: 'router' },
    local: {
      enabled: true,
      available: true,
      model: 'tiny-model',
      servers: [{ state: 'ready', expectedWaitMs: 0, model: 'tiny-model' }],
    },
    cache: { entries: 0, hits: 0, misses: 0, ttlSeconds: 300 },
  })
  expectNoCanary(text)
  expect(text).not.toContain(CONTAINER_URL)
  expect(text).not.toContain('api.anthropic.com')
})

test('tells of a container that is down, loading or switched off', async () => {
  readiness.answer(refused)
  const down = await (await get(await createTestRouter(), '/v1/router/status')).json()
  expect(down).toMatchObject({ local: { available: false, servers: [{ state: 'down' }] } })
  readiness.answer(() => HttpResponse.json({}, { status: 503, headers: { 'retry-after': '5' } }))
  const waking = await (await get(await createTestRouter(), '/v1/router/status')).json()
  expect(waking).toMatchObject({ local: { available: false, servers: [{ state: 'waking' }] } })
  const off = await (
    await get(await createTestRouter({ LOCAL_LLM_ENABLED: 'false' }), '/v1/router/status')
  ).json()
  expect(off).toMatchObject({ local: { enabled: false, available: false, servers: [] } })
})

test('counts the cache', async () => {
  const router = await createTestRouter()
  await router.post(ask())
  await expect.poll(async () => (await router.post(ask())).headers.get('x-router-cache')).toBe('hit')
  const status = await (await get(router, '/v1/router/status')).json()
  expect(status).toMatchObject({ cache: { entries: 1, hits: 1, misses: 1 } })
})

test('is alive without a key and says what is missing', async () => {
  const router = await createTestRouter({ ANTHROPIC_API_KEY: '' })
  expect((await router.request('/healthz')).status).toBe(200)
  const ready = await router.request('/readyz')
  expect(ready.status).toBe(200)
  expect(await ready.json()).toMatchObject({
    status: 'ready',
    local: true,
    claude: false,
    missing: [expect.stringContaining('ANTHROPIC_API_KEY')],
  })
})

test('is not ready where nobody can answer', async () => {
  readiness.answer(refused)
  const response = await (await createTestRouter({ ANTHROPIC_API_KEY: '' })).request('/readyz')
  expect(response.status).toBe(503)
  expect(JSON.parse(await response.text()).missing).toHaveLength(2)
})

test('is ready with Claude alone', async () => {
  readiness.answer(refused)
  expect((await (await createTestRouter()).request('/readyz')).status).toBe(200)
  expect((await (await createTestRouter({ LOCAL_LLM_ENABLED: 'false' })).request('/readyz')).status).toBe(200)
})

test('lets the admin change the strategy, and nobody else', async () => {
  const router = await createTestRouter()
  expect((await put(router, '{"strategy":"claude_only"}', ALICE_KEY)).status).toBe(403)
  expect((await router.post(ask())).headers.get('x-router-strategy')).toBe('hybrid')
  const changed = await put(router, '{"strategy":"claude_only"}')
  expect(changed.status).toBe(200)
  expect(await changed.json()).toEqual({ strategy: 'claude_only' })
  const response = await router.post(ask())
  expect(response.headers.get('x-router-strategy')).toBe('claude_only')
  expect(response.headers.get('x-router-route')).toBe('claude')
})

test('refuses strategies that do not exist or that cannot work', async () => {
  const router = await createTestRouter()
  for (const body of ['{"strategy":"best"}', '{}', '[]', '"hybrid"', '{', ''])
    expect((await put(router, body)).status, body).toBe(400)
  const off = await createTestRouter({ LOCAL_LLM_ENABLED: 'false' })
  const rejection = await put(off, '{"strategy":"local_only"}')
  expect(rejection.status).toBe(400)
  expect(await rejection.text()).toContain('LOCAL_LLM_ENABLED')
  expect((await put(router, JSON.stringify({ strategy: 'x'.repeat(5_000) }))).status).toBe(413)
})

test('says so when the strategy cannot be stored', async () => {
  const fail = () => Promise.reject(new Error('internals-canary'))
  const record = { read: async () => undefined, change: fail }
  const response = await put(
    await createTestRouter({}, { controlRecord: record }),
    '{"strategy":"claude_only"}',
  )
  expect(response.status).toBe(503)
  expectNoCanary(await response.text())
})

const explain = (router: TestRouter, body: unknown, headers: Record<string, string> = {}) =>
  router.post(body, headers, { path: '/v1/router/explain' })

test('explains a decision without calling a model', async () => {
  const router = await createTestRouter()
  const simple = await (await explain(router, ask(SIMPLE_PROMPT))).json()
  expect(simple).toMatchObject({
    route: 'local',
    targets: [{ provider: 'local', model: 'tiny-model' }, { provider: 'claude' }],
    reason: 'hybrid: simple task',
    rejection: null,
    strategy: 'hybrid',
    task: 'simple_chat',
    complex: false,
    prices: { local: { usd: 0 }, chosen: { model: 'tiny-model' }, savedUsd: expect.any(Number) },
  })
  const complex = await (await explain(router, ask(COMPLEX_PROMPT))).text()
  expect(JSON.parse(complex)).toMatchObject({ route: 'claude', complex: true, reasons: expect.any(Array) })
  expectNoCanary(complex)
  expect(claude.hits.length + container.hits.length).toBe(0)
})

test('explains refusals as well', async () => {
  const router = await createTestRouter({ LLM_STRATEGY: 'local_only' })
  const explained = await (await explain(router, ask(SIMPLE_PROMPT, { tools: [{}] }))).json()
  expect(explained).toMatchObject({ route: null, targets: [], rejection: expect.stringContaining('tools') })
})

test('explains nothing where the operator forbids it, and nothing that is malformed', async () => {
  const keys = JSON.stringify([{ id: 'alice', key: ALICE_KEY, forbid: ['explain'] }])
  expect((await explain(await createTestRouter({ ROUTER_KEYS: keys }), ask())).status).toBe(403)
  expect((await explain(await createTestRouter(), '{}')).status).toBe(400)
})
