/** Keys at runtime over HTTP: made, shown once, rotated, revised, revoked; and what they open. */
import { afterEach, expect, test } from 'vitest'
import { createMemoryControlRecord } from '../../../edge/control/control-record.ts'
import { ADMIN_KEY, ALICE_KEY, CLAUDE_KEY, SIMPLE_PROMPT } from '../../support/edge/canaries.ts'
import { loggedLines } from '../../support/edge/log-collector.ts'
import { ask, createTestRouter, type TestRouter } from '../../support/edge/router.ts'
import { claude } from '../../support/edge/upstreams.ts'

type Reply = { readonly status: number; readonly text: string; readonly body: Record<string, never> }
type Made = { readonly id: string; readonly key: string; readonly prefix: string; readonly reply: Reply }

/** Every secret that a test was shown: none may be in a log line. */
const secrets: string[] = []
afterEach(() => {
  const lines = JSON.stringify(loggedLines())
  for (const secret of secrets) expect(lines).not.toContain(secret)
  secrets.length = 0
})

async function send(
  router: TestRouter,
  method: string,
  path: string,
  body?: unknown,
  key = ADMIN_KEY,
): Promise<Reply> {
  const response = await router.request(`/v1/router/${path}`, {
    method,
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, text, body: JSON.parse(text) }
}

async function make(router: TestRouter, fields: object = {}): Promise<Made> {
  const reply = await send(router, 'POST', 'keys', { tenant: 'carol', ...fields })
  expect(reply.status, reply.text).toBe(201)
  const { id, key, prefix } = JSON.parse(reply.text)
  secrets.push(key)
  return { id, key, prefix, reply }
}

const statusWith = async (router: TestRouter, key: string) =>
  (await router.post(ask(SIMPLE_PROMPT), { 'x-api-key': key })).status

test('a key opens as soon as it is made, in either header, and is shown once', async () => {
  const router = await createTestRouter()
  const { key, id, prefix, reply } = await make(router, { expiresAt: '2027-01-31T12:00:00+01:00' })
  expect(key).toMatch(/^ulf_[\w-]{43}$/)
  expect(key.startsWith(prefix)).toBe(true)
  expect(reply.body).toMatchObject({
    tenant: 'carol',
    createdAt: '2026-11-23T00:00:00.000Z',
    rotatedAt: null,
    expiresAt: '2027-01-31T11:00:00.000Z',
    expired: false,
    strategy: null,
    models: null,
    forbid: [],
  })
  expect(await statusWith(router, key)).toBe(200)
  const bearer = await router.request('/v1/models', { headers: { authorization: `Bearer ${key}` } })
  expect(bearer.status).toBe(200)
  const later = [
    await send(router, 'GET', 'keys'),
    await send(router, 'PATCH', `keys/${id}`, { forbid: ['force'] }),
    await send(router, 'DELETE', `keys/${id}`),
  ]
  for (const { status, text } of later) {
    expect(status).toBe(200)
    expect(text).not.toContain(key)
    expect(text).not.toMatch(/[\da-f]{64}/)
  }
  expect(later[0]?.body.data).toMatchObject([{ id, prefix, tenant: 'carol' }])
})

test('only the administrator manages keys', async () => {
  const router = await createTestRouter()
  const { key, id } = await make(router)
  for (const other of [ALICE_KEY, key])
    for (const [method, path, body] of [
      ['POST', 'keys', { tenant: 'mallory' }],
      ['GET', 'keys', undefined],
      ['POST', `keys/${id}/rotate`, { graceSeconds: 0 }],
      ['PATCH', `keys/${id}`, { forbid: [] }],
      ['DELETE', `keys/${id}`, undefined],
    ] as const) {
      const { status, body: answer } = await send(router, method, path, body, other)
      expect(status).toBe(403)
      expect(answer).toMatchObject({ error: { message: expect.stringContaining('Managing keys needs') } })
    }
  expect(await statusWith(router, key)).toBe(200)
})

test('F53 a rotated key stays valid for the time of grace, and not a millisecond longer', async () => {
  const router = await createTestRouter()
  const { key: old, id } = await make(router)
  const rotated = await send(router, 'POST', `keys/${id}/rotate`, { graceSeconds: 60 })
  const { key } = JSON.parse(rotated.text)
  secrets.push(key)
  expect(rotated.body).toMatchObject({ id, earlierValidUntil: ['2026-11-23T00:01:00.000Z'] })
  router.advance(59_999)
  expect([await statusWith(router, old), await statusWith(router, key)]).toEqual([200, 200])
  router.advance(1)
  expect([await statusWith(router, old), await statusWith(router, key)]).toEqual([401, 200])
  const again = JSON.parse((await send(router, 'POST', `keys/${id}/rotate`, { graceSeconds: 0 })).text)
  secrets.push(again.key)
  expect([await statusWith(router, key), await statusWith(router, again.key)]).toEqual([401, 200])
})

test('a key expires by the clock, and a later date opens it again', async () => {
  const router = await createTestRouter()
  const { key, id } = await make(router, { expiresAt: '2026-11-23T00:00:10Z' })
  router.advance(9_999)
  expect(await statusWith(router, key)).toBe(200)
  router.advance(1)
  expect(await statusWith(router, key)).toBe(401)
  expect((await send(router, 'GET', 'keys')).body.data).toMatchObject([{ expired: true }])
  await send(router, 'PATCH', `keys/${id}`, { expiresAt: null })
  expect(await statusWith(router, key)).toBe(200)
})

test('keys that are revoked, expired or unknown get the same answer as any wrong one', async () => {
  const router = await createTestRouter()
  const [revoked, expired] = [await make(router), await make(router, { expiresAt: '2026-11-23T00:00:01Z' })]
  await send(router, 'DELETE', `keys/${revoked.id}`)
  router.advance(1_000)
  const answers = new Set<string>()
  for (const key of [revoked.key, expired.key, `ulf_${'a'.repeat(43)}`, `${revoked.key}x`, 'wrong']) {
    const response = await router.post(ask(), { 'x-api-key': key })
    expect(response.status).toBe(401)
    answers.add((await response.text()).replaceAll(/req_\w+/g, 'ID'))
  }
  expect(answers.size).toBe(1)
})

test('F53 a key revoked in another isolate is refused here after the next refresh', async () => {
  const controlRecord = createMemoryControlRecord('hybrid')
  const here = await createTestRouter({}, { controlRecord })
  const there = await createTestRouter({}, { controlRecord })
  const { key, id } = await make(there)
  expect(await statusWith(here, key)).toBe(200)
  await send(there, 'DELETE', `keys/${id}`)
  here.advance(2_001)
  await statusWith(here, ALICE_KEY)
  await expect.poll(() => statusWith(here, key)).toBe(401)
})

test('where the record was never read, what may be a runtime key is asked to try again; other keys work', async () => {
  const fail = () => Promise.reject(new Error('internals-canary'))
  const controlRecord = { read: fail, change: fail }
  const router = await createTestRouter({}, { controlRecord })
  const unknown = await router.post(ask(), { 'x-api-key': `ulf_${'a'.repeat(43)}` })
  expect(unknown.status).toBe(503)
  expect(unknown.headers.get('retry-after')).toBe('2')
  expect(await statusWith(router, 'something-else-entirely')).toBe(401)
  expect(await statusWith(router, ALICE_KEY)).toBe(200)
  for (const [method, path, body] of [
    ['GET', 'keys', undefined],
    ['POST', 'keys', { tenant: 'carol' }],
    ['PUT', 'budgets/carol', {}],
    ['GET', 'budgets', undefined],
  ] as const)
    expect((await send(router, method, path, body)).status).toBe(503)
})

test('a key that opens nothing is never sent to Claude as the client’s own', async () => {
  const settings = { CLAUDE_KEY_SOURCE: 'client', ANTHROPIC_API_KEY: '', LLM_STRATEGY: 'claude_only' }
  const router = await createTestRouter({ ...settings, ALLOW_ANONYMOUS: 'true', ROUTER_KEYS: '' })
  const { key, id } = await make(router)
  await send(router, 'DELETE', `keys/${id}`)
  await router.post(ask(), { 'x-api-key': key })
  await router.post(ask(), { 'x-api-key': CLAUDE_KEY })
  expect(claude.hits).toHaveLength(1)
  expect(claude.hits[0]?.headers.get('x-api-key')).toBe(CLAUDE_KEY)
})

test('its policy holds: strategy, models, controls', async () => {
  const router = await createTestRouter()
  const fields = { strategy: 'claude_only', models: ['auto', 'claude-haiku-*'], forbid: ['force'] }
  const { key, id } = await make(router, fields)
  const response = await router.post(ask(), { 'x-api-key': key })
  expect(response.headers.get('x-router-strategy')).toBe('claude_only')
  const named = await router.post(ask(), { 'x-api-key': key, 'x-router-strategy': 'hybrid' })
  expect(named.headers.get('x-router-strategy')).toBe('hybrid')
  expect((await router.post(ask(), { 'x-api-key': key, 'x-router-force': 'local' })).status).toBe(403)
  for (const [path, model] of [
    ['/v1/messages', 'claude-opus-5-5'],
    ['/v1/messages/count_tokens', 'claude-opus-5-5'],
    ['/v1/chat/completions', 'anthropic/claude-opus-5.5'],
    ['/v1/router/explain', 'local'],
  ]) {
    const refused = await router.post(
      ask(SIMPLE_PROMPT, { model }),
      { 'x-api-key': key },
      { path: path ?? '' },
    )
    expect(refused.status, path).toBe(403)
    expect(await refused.text()).toContain('Allowed are: auto, claude-haiku-*.')
  }
  const listed = await router.request('/v1/models', { headers: { 'x-api-key': key } })
  const { data } = JSON.parse(await listed.text())
  expect(data.map((model: { id: string }) => model.id)).toContain('auto')
  expect(data.map((model: { id: string }) => model.id)).not.toContain('local')
  await send(router, 'PATCH', `keys/${id}`, { strategy: null, models: null, forbid: [] })
  const freed = await router.post(ask(SIMPLE_PROMPT), { 'x-api-key': key, 'x-router-force': 'local' })
  expect(freed.status).toBe(200)
  expect(freed.headers.get('x-router-strategy')).toBe('hybrid')
})

test('lists keys by their age, in whatever order they are stored', async () => {
  const router = await createTestRouter()
  const late = await make(router)
  router.advance(-60_000)
  const early = await make(router)
  const { body } = await send(router, 'GET', 'keys')
  expect(body.data).toMatchObject([{ id: early.id }, { id: late.id }])
})

const BAD_KEYS: [unknown, RegExp][] = [
  ['', /empty/],
  ['{', /not valid JSON/],
  [[], /^The body must be an object with tenant, strategy/],
  [{}, /^tenant must be the name of a tenant/],
  [{ tenant: 'a b' }, /^tenant must be the name of a tenant/],
  [{ tenant: 'x'.repeat(65) }, /^tenant must be/],
  [{ tenant: 'Admin' }, /is the router's own/],
  [{ tenant: 'client-1' }, /is the router's own/],
  [{ tenant: '..' }, /^tenant: the tenant name "\.\." cannot stand in a path/],
  [{ tenant: 'a', strategy: 'best' }, /^strategy must be one of claude_only/],
  [{ tenant: 'a', models: [] }, /^models must be a list of 1 to 50/],
  [{ tenant: 'a', models: ['ok', 'a b'] }, /^models\.1 must be the name of a model/],
  [{ tenant: 'a', forbid: ['everything'] }, /^forbid\.0 must be one of force/],
  [{ tenant: 'a', forbid: 'force' }, /^forbid must be a list/],
  [{ tenant: 'a', expiresAt: 'tomorrow' }, /^expiresAt must be a date and time such as/],
  [{ tenant: 'a', expiresAt: '2027-01-31T12:00:00' }, /^expiresAt must be a date and time/],
  [{ tenant: 'a', expiresAt: '2027-02-30T12:00:00Z' }, /^expiresAt must be a date and time/],
  [{ tenant: 'a', expiresAt: '2027-13-31T12:00:00Z' }, /^expiresAt must be a date and time/],
  [{ tenant: 'a', expiresAt: '2026-11-23T00:00:00Z' }, /^expiresAt must be in the future/],
  [{ tenant: 'a', admin: true }, /has no "admin"; possible are tenant, strategy/],
  [
    { tenant: 'a', limits: { tenant: { usdPerDay: 0 } } },
    /^limits\.tenant\.usdPerDay must be a number of US dollars/,
  ],
]
test.each(BAD_KEYS)('refuses the body %j of a new key and names what is wrong', async (body, message) => {
  const { status, body: answer } = await send(await createTestRouter(), 'POST', 'keys', body)
  expect(status).toBe(400)
  expect(answer).toMatchObject({ error: { message: expect.stringMatching(message) } })
})

test('refuses rotations and changes that cannot be', async () => {
  const router = await createTestRouter({ LOCAL_LLM_ENABLED: 'false' })
  const { id } = await make(router)
  for (const graceSeconds of [-1, 1.5, 2_592_001, '60', null])
    expect((await send(router, 'POST', `keys/${id}/rotate`, { graceSeconds })).status).toBe(400)
  expect((await send(router, 'POST', `keys/${id}/rotate`, {})).status).toBe(400)
  for (const path of ['keys/key_none', 'keys/__proto__'])
    expect((await send(router, 'DELETE', path)).status).toBe(404)
  expect((await send(router, 'PATCH', 'keys/key_none', {})).status).toBe(404)
  expect((await send(router, 'POST', 'keys/key_none/rotate', { graceSeconds: 0 })).status).toBe(404)
  expect((await send(router, 'PATCH', `keys/${id}`, { tenant: 'bob' })).text).toContain('has no \\"tenant\\"')
  const local = await send(router, 'PATCH', `keys/${id}`, { strategy: 'local_only' })
  expect([local.status, local.text]).toEqual([400, expect.stringContaining('LOCAL_LLM_ENABLED=true')])
})

test('without ROUTER_KEYS the administrator can make the first key', async () => {
  const router = await createTestRouter({ ROUTER_KEYS: '' })
  expect(await statusWith(router, ALICE_KEY)).toBe(401)
  expect(await statusWith(router, (await make(router)).key)).toBe(200)
})
