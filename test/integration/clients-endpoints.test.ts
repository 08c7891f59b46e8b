/**
 * What clients ask besides answers: token counts, models, whether anybody is there, and a browser's leave to ask. The
 * whole router in this process between upstreams on real sockets.
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import * as z from 'zod/mini'
import { CLAUDE_KEY } from '../support/edge/canaries.ts'
import { ask, createTestRouter } from '../support/edge/router.ts'
import { eventually } from '../support/processes.ts'
import { type Script, startUpstream, type Upstream } from '../support/upstream.ts'
import { localIsReady } from '../support/upstream-messages.ts'
import { hold, htmlPage, respond } from '../support/upstream-steps.ts'

const CLAUDE_ITEMS = [
  {
    type: 'model',
    id: 'claude-opus-5-5',
    display_name: 'Opus 5.5',
    created_at: '2026-09-01T00:00:00Z',
    line: 'opus',
  },
  { type: 'model', id: 'claude-haiku-5-5', display_name: 'Haiku 5.5', created_at: '2026-10-07T00:00:00Z' },
]
const claudeList = respond(200, JSON.stringify({ data: CLAUDE_ITEMS, has_more: false }))

let claude: Upstream
let container: Upstream
let claudeAnswer: Script
beforeAll(async () => {
  claudeAnswer = claudeList
  const answer: Script = [
    async (exchange) => {
      for (const step of claudeAnswer) await step(exchange)
    },
  ]
  claude = await startUpstream({ usual: answer, other: answer })
  container = await startUpstream({ usual: localIsReady, other: localIsReady })
})
afterAll(() => Promise.all([claude.close(), container.close()]))
afterEach(() => claude.reset())

const start = (settings: Record<string, string> = {}) =>
  createTestRouter(
    { ANTHROPIC_BASE_URL: claude.url, LOCAL_LLM_URL: container.url, ...settings },
    { fetch: (url, init) => fetch(url, init) },
  )
const KEY = { 'x-api-key': 'canary-alice-key-0123456789' }

const itemSchema = z.looseObject({
  type: z.literal('model'),
  id: z.string(),
  display_name: z.string(),
  created_at: z.string(),
  object: z.literal('model'),
  created: z.int(),
  owned_by: z.string(),
})
const listSchema = z.object({
  object: z.literal('list'),
  data: z.array(itemSchema),
  has_more: z.boolean(),
  first_id: z.nullable(z.string()),
  last_id: z.nullable(z.string()),
})

async function list(router: Awaited<ReturnType<typeof start>>, query = '', path = '/v1/models') {
  const response = await router.request(`${path}${query}`, { headers: KEY })
  expect(response.status).toBe(200)
  const parsed = listSchema.parse(await response.json())
  return { ...parsed, ids: parsed.data.map(({ id }) => id) }
}

test('the list holds the router’s names, the local model and Claude’s, each readable by both vendors’ clients', async () => {
  claudeAnswer = claudeList
  const router = await start()
  const { ids, data } = await list(router)
  expect(ids).toEqual([
    'auto',
    'claude-auto',
    'local',
    'stand-in-135m',
    'claude-opus-5-5',
    'claude-haiku-5-5',
  ])
  expect(data.find(({ id }) => id === 'claude-opus-5-5')).toMatchObject({
    ...CLAUDE_ITEMS[0],
    object: 'model',
  })
  expect((await list(router, '', '/models')).ids).toEqual(ids)
  // Claude Code's discovery keeps these.
  expect(ids.filter((id) => /claude|anthropic/.test(id))).toContain('claude-auto')
})

test('pages of the list join to the whole, forwards and backwards', async () => {
  claudeAnswer = claudeList
  const router = await start()
  const { ids } = await list(router)
  const forwards: string[] = []
  let after: string | null = null
  do {
    const page = await list(router, `?limit=2${after === null ? '' : `&after_id=${after}`}`)
    expect(page.first_id).toBe(page.ids[0] ?? null)
    expect(page.last_id).toBe(page.ids.at(-1) ?? null)
    forwards.push(...page.ids)
    after = page.has_more ? page.last_id : null
  } while (after !== null)
  expect(forwards).toEqual(ids)
  const back = await list(router, `?limit=2&before_id=${ids[4]}`)
  expect(back).toMatchObject({ ids: ids.slice(2, 4), has_more: true })
  expect(await list(router, `?limit=2&before_id=${ids[2]}`)).toMatchObject({
    ids: ids.slice(0, 2),
    has_more: false,
  })
})

test.each(['limit=0', 'limit=1001', 'limit=x', 'limit=1.5', 'after_id=nobody', 'before_id=nobody'])(
  '%s is refused by name',
  async (query) => {
    const response = await (await start()).request(`/v1/models?${query}`, { headers: KEY })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain(`"message":"${query.split('=')[0]}: `)
  },
)

test('one model is its item of the list, and an unknown one a 404', async () => {
  claudeAnswer = claudeList
  const router = await start()
  const { data } = await list(router)
  for (const item of data) {
    const response = await router.request(`/v1/models/${item.id}`, { headers: KEY })
    expect(await response.json()).toEqual(item)
  }
  const unknown = await router.request('/v1/models/gpt-x', { headers: KEY })
  expect(unknown.status).toBe(404)
  expect(await unknown.text()).toContain('not_found_error')
})

test('without a key, and where Claude’s list cannot be had, the router’s own names remain', async () => {
  const own = ['auto', 'claude-auto', 'local', 'stand-in-135m']
  expect((await list(await start({ ANTHROPIC_API_KEY: '' }))).ids).toEqual(own)
  expect(claude.otherHits).toHaveLength(0)
  for (const broken of [htmlPage(502), respond(200, '{"data":[{}]}'), respond(401, '{}')]) {
    claudeAnswer = broken
    expect((await list(await start())).ids).toEqual(own)
  }
})

test('who wants privacy gets a list of which Claude knows nothing', async () => {
  claudeAnswer = claudeList
  const router = await start()
  const response = await router.request('/v1/models', { headers: { ...KEY, 'x-router-privacy': 'local' } })
  const { data } = listSchema.parse(await response.json())
  expect(data.map(({ id }) => id)).toEqual(['auto', 'claude-auto', 'local', 'stand-in-135m'])
  expect(claude.otherHits).toHaveLength(0)
})

test('Claude’s list is asked for once, whichever endpoint needs it', async () => {
  claudeAnswer = claudeList
  const router = await start()
  await list(router)
  await list(router, '', '/models')
  await router.request('/v1/models/auto', { headers: KEY })
  expect(claude.otherHits).toHaveLength(1)
})

test('Claude is asked for its list while a container that says nothing is awaited', async () => {
  claudeAnswer = claudeList
  const silent = await startUpstream({ usual: [hold], other: [hold] })
  try {
    const router = await start({ LOCAL_LLM_URL: silent.url, LOCAL_HEADERS_MS: '3600000' })
    const pending = list(router).catch(() => undefined)
    await eventually('Claude is asked', async () => claude.otherHits.length === 1)
    await silent.close()
    expect((await pending)?.ids).toContain('claude-opus-5-5')
  } finally {
    await silent.close()
  }
})

test('a slow Claude does not use up the time in which clients discover models', async () => {
  claudeAnswer = [hold]
  expect((await list(await start())).ids).toContain('claude-auto')
  await claude.otherHits[0]?.closed
})

test('tokens are counted by Claude, with the client’s bytes', async () => {
  claudeAnswer = respond(200, '{"input_tokens": 77, "future": 1.0}')
  const router = await start()
  const body = JSON.stringify({ model: 'claude-opus-5-5', messages: ask().messages, x_future: 1 })
  for (const path of ['/v1/messages/count_tokens', '/messages/count_tokens']) {
    const response = await router.post(body, { 'anthropic-beta': 'b-1' }, { path, query: '?beta=true' })
    expect(await response.text()).toBe('{"input_tokens": 77, "future": 1.0}')
    const hit = claude.otherHits.at(-1)
    expect(hit?.path).toBe('/v1/messages/count_tokens?beta=true')
    expect(hit?.body.toString()).toBe(body)
    expect(hit?.headers['anthropic-beta']).toBe('b-1')
    expect(hit?.headers['x-api-key']).toBe(CLAUDE_KEY)
  }
})

test('a virtual model is counted as the one that auto means', async () => {
  claudeAnswer = respond(200, '{"input_tokens": 7}')
  const router = await start({ CLAUDE_MODEL: 'claude-opus-5-5' })
  await router.post({ model: 'auto', messages: ask().messages }, {}, { path: '/v1/messages/count_tokens' })
  expect(JSON.parse(claude.otherHits.at(-1)?.body.toString() ?? '').model).toBe('claude-opus-5-5')
})

test('what Claude says about a request that it cannot count is passed on verbatim', async () => {
  const words = '{"type":"error","error":{"type":"invalid_request_error","message":"messages.0: no"} }'
  claudeAnswer = respond(400, words)
  const response = await (await start()).post(ask(), {}, { path: '/v1/messages/count_tokens' })
  expect(response.status).toBe(400)
  expect(await response.text()).toBe(words)
})

test.each([
  ['there is no key', { ANTHROPIC_API_KEY: '' }, undefined],
  ['Claude is overloaded', {}, respond(529, '{}')],
  ['Claude refuses the router’s key', {}, respond(401, '{}')],
  ['something else answers in Claude’s place', {}, htmlPage(200)],
  ['the endpoint behind the router does not count', {}, htmlPage(404)],
])('tokens are estimated, and marked so, where %s', async (_, settings, answer) => {
  if (answer !== undefined) claudeAnswer = answer
  const response = await (await start(settings)).post(
    ask('word '.repeat(100)),
    {},
    { path: '/v1/messages/count_tokens' },
  )
  expect(response.status).toBe(200)
  expect(response.headers.get('x-router-estimate')).toBe('true')
  const { input_tokens, estimated }: Record<string, unknown> = await response.json()
  expect(estimated).toBe(true)
  expect(input_tokens).toBeGreaterThan(50)
  expect(input_tokens).toBeLessThan(300)
})

test.each([
  ['the request must not leave for Claude', {}, { 'x-router-privacy': 'local' }, 'auto'],
  ['the local side is forced', {}, { 'x-router-force': 'local' }, 'auto'],
  ['no request leaves for Claude', { LLM_STRATEGY: 'local_only' }, {}, 'claude-opus-5-5'],
  ['the local model is named', {}, {}, 'local'],
  ['the local model is named by its own name', {}, {}, 'stand-in-135m'],
])('tokens are estimated and Claude is not asked where %s', async (_, settings, headers, model) => {
  const router = await start(settings)
  const response = await router.post(ask('Hi', { model }), headers, { path: '/v1/messages/count_tokens' })
  expect(response.headers.get('x-router-estimate')).toBe('true')
  expect(claude.otherHits).toHaveLength(0)
})

test('a body that is not sound is not counted', async () => {
  const twice = '{"model":"auto","model":"x","messages":[{"role":"user","content":"Hi"}]}'
  const response = await (await start()).post(twice, {}, { path: '/v1/messages/count_tokens' })
  expect(response.status).toBe(400)
})

test.each([
  ['HEAD', '/', 200],
  ['GET', '/', 200],
  ['HEAD', '/api/hello', 200],
  ['GET', '/api/hello', 200],
  ['HEAD', '/v1/models', 200],
  ['HEAD', '/v1/messages', 405],
  ['GET', '/v1/messages', 405],
  ['GET', '/v1/chat/completions', 405],
  ['GET', '/v1/responses', 405],
  ['GET', '/v1/responses/resp_unknown', 404],
])('%s %s is answered with %i', async (method, path, status) => {
  claudeAnswer = claudeList
  const response = await (await start()).request(path, { method, headers: KEY })
  expect(response.status).toBe(status)
  expect(response.headers.get('x-router-request-id') ?? response.headers.get('request-id')).toMatch(/^req_/)
  if (method === 'HEAD') expect(await response.text()).toBe('')
})

test('a browser of an allowed origin may ask and read what the router says; another may not', async () => {
  const router = await start({ CORS_ORIGINS: 'https://app.example,https://other.example' })
  const preflight = (origin: string) =>
    router.request('/v1/messages', {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'anthropic-version,content-type,x-api-key',
      },
    })
  const allowed = await preflight('https://app.example')
  expect(allowed.status).toBe(204)
  expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example')
  for (const name of ['anthropic-version', 'authorization', 'content-type', 'x-api-key', 'x-stainless-lang'])
    expect(allowed.headers.get('access-control-allow-headers')?.toLowerCase().split(',')).toContain(name)
  expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull()
  claudeAnswer = claudeList
  const answer = await router.request('/v1/models', { headers: { origin: 'https://app.example', ...KEY } })
  expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example')
  expect(answer.headers.get('access-control-expose-headers')).toContain('x-router-route')
  // An error must be readable as well, or the page refreshes nothing but "network error".
  const refused = await router.request('/v1/models', { headers: { origin: 'https://app.example' } })
  expect(refused.status).toBe(401)
  expect(refused.headers.get('access-control-allow-origin')).toBe('https://app.example')
})
