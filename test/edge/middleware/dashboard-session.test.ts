/** What the dashboard's session opens at the whole router's door, and what it never opens. */
import { expect, test } from 'vitest'
import { startSession } from '../../../edge/middleware/session-token.ts'
import { sha256Hex } from '../../../shared/digest.ts'
import { ADMIN_KEY, ALICE_KEY, SIMPLE_PROMPT } from '../../support/edge/canaries.ts'
import '../../support/edge/log-collector.ts'
import { ask, createTestRouter } from '../../support/edge/router.ts'

const NOW = Date.UTC(2026, 10, 23)
const HOUR = 3_600_000
const SESSION = await startSession(await sha256Hex(ADMIN_KEY), NOW)
const COOKIE = { cookie: `router-session=${SESSION}` }
const SCRIPT = { 'x-router-dashboard': '1', 'sec-fetch-site': 'same-origin', origin: 'http://localhost' }
const JSON_BODY = { 'content-type': 'application/json' }

type Headers = Readonly<Record<string, string>>

async function status(headers: Headers, host = 'http://localhost') {
  const router = await createTestRouter()
  return (await router.request('/v1/router/status', { headers: { ...headers } }, host)).status
}

async function changeStrategy(headers: Headers) {
  const router = await createTestRouter()
  const body = JSON.stringify({ strategy: 'claude_only' })
  return router.request('/v1/router/strategy', { method: 'PUT', body, headers: { ...JSON_BODY, ...headers } })
}

test('reads the router’s own endpoints in the place of a key', async () => {
  expect(await status(COOKIE)).toBe(200)
  expect(await status({ ...COOKIE, 'sec-fetch-site': 'same-origin' })).toBe(200)
  expect(await status({ ...COOKIE, 'sec-fetch-site': 'none' })).toBe(200)
  expect(await status({})).toBe(401)
})

test('changes something only by the dashboard’s own script', async () => {
  expect((await changeStrategy({ ...COOKIE, ...SCRIPT })).status).toBe(200)
  const { 'sec-fetch-site': _, ...older } = SCRIPT
  expect((await changeStrategy({ ...COOKIE, ...older })).status).toBe(200)
  const { 'x-router-dashboard': __, ...form } = SCRIPT
  const { origin: ___, ...silent } = older
  for (const headers of [
    {},
    form,
    silent,
    { ...SCRIPT, 'sec-fetch-site': 'cross-site' },
    { ...SCRIPT, 'sec-fetch-site': 'same-site' },
    { ...SCRIPT, 'sec-fetch-site': 'none' },
    { ...older, origin: 'https://evil.example' },
    { ...older, origin: 'http://localhost:8080' },
    { ...older, origin: 'null' },
  ]) {
    const response = await changeStrategy({ ...COOKIE, ...headers })
    expect(response.status).toBe(403)
    expect(await response.text()).toContain("dashboard's own requests")
  }
})

test('shows nothing to another site', async () => {
  expect(await status({ ...COOKIE, 'sec-fetch-site': 'cross-site' })).toBe(403)
  expect(await status({ ...COOKIE, 'sec-fetch-site': 'same-site' })).toBe(403)
  expect(await status({ ...COOKIE, origin: 'https://evil.example' })).toBe(403)
})

test('never asks a model', async () => {
  const router = await createTestRouter()
  const body = JSON.stringify(ask(SIMPLE_PROMPT))
  for (const path of [
    '/v1/messages',
    '/v1/chat/completions',
    '/v1/messages/count_tokens',
    '/v1/router/explain',
  ])
    expect(
      (await router.request(path, { method: 'POST', body, headers: { ...JSON_BODY, ...COOKIE, ...SCRIPT } }))
        .status,
    ).toBe(401)
  expect((await router.request('/v1/models', { headers: { ...COOKIE } })).status).toBe(401)
  expect(router.sent).toEqual([])
})

test('gives way to a key: a tenant with a session is that tenant', async () => {
  expect((await changeStrategy({ ...COOKIE, ...SCRIPT, 'x-api-key': ALICE_KEY })).status).toBe(403)
  expect(await status({ ...COOKIE, 'x-api-key': 'wrong' })).toBe(401)
  expect((await changeStrategy({ ...COOKIE, authorization: `Bearer ${ADMIN_KEY}` })).status).toBe(200)
})

test('is renewed while it is used, with a cookie that no script reads', async () => {
  const router = await createTestRouter()
  const use = async (cookie: Headers) => router.request('/v1/router/status', { headers: { ...cookie } })
  expect((await use(COOKIE)).headers.get('set-cookie')).toBeNull()
  router.advance(2 * HOUR)
  const renewed = (await use(COOKIE)).headers.get('set-cookie') ?? ''
  expect(renewed).toMatch(
    /^router-session=1\.[\d.]+\.[0-9a-f]{64}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
  )
  router.advance(11 * HOUR)
  expect((await use(COOKIE)).status).toBe(401)
  expect((await use({ cookie: renewed.split(';')[0] ?? '' })).status).toBe(200)
})

test('is kept apart over https, where no other host can have set it', async () => {
  const secure = { cookie: `__Host-router-session=${SESSION}` }
  expect(await status(secure, 'https://router.example')).toBe(200)
  expect(await status(COOKIE, 'https://router.example')).toBe(401)
  expect(await status(secure)).toBe(401)
})

test('is nothing under another admin key, or none', async () => {
  for (const key of ['another-admin-key-0123456789', '']) {
    const router = await createTestRouter({ ADMIN_KEY: key })
    expect((await router.request('/v1/router/status', { headers: { ...COOKIE } })).status).toBe(401)
  }
})
