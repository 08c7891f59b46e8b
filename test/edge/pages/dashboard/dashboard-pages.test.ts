/** Who sees the dashboard's pages; log-in and log-out. */
import { expect, test } from 'vitest'
import { ADMIN_KEY, ALICE_KEY } from '../../../support/edge/canaries.ts'
import { loggedLines } from '../../../support/edge/log-collector.ts'
import { createTestRouter, type TestRouter } from '../../../support/edge/router.ts'

const SAME_ORIGIN = { origin: 'http://localhost', 'sec-fetch-site': 'same-origin' }
const PATHS = [
  '/dashboard',
  '/dashboard/requests',
  '/dashboard/requests/req_1',
  '/dashboard/keys',
  '/dashboard/budgets',
]
const LOOPBACK_ONLY = { ROUTER_KEYS: '', ALLOW_ANONYMOUS: 'true' }

type Headers = Readonly<Record<string, string>>

function logIn(
  router: TestRouter,
  fields: Record<string, string>,
  headers: Headers = SAME_ORIGIN,
  origin?: string,
) {
  const form = { method: 'POST', body: new URLSearchParams(fields), headers: { ...headers } }
  return router.request('/dashboard/login', form, origin)
}

function cookieOf(response: Response): Record<string, string> {
  return { cookie: response.headers.get('set-cookie')?.split(';')[0] ?? '' }
}

test('sends whoever has no session to the log-in, and back to the page', async () => {
  const router = await createTestRouter()
  for (const path of PATHS) {
    const response = await router.request(`${path}?range=7d`)
    expect(response.status).toBe(303)
    const place = response.headers.get('location') ?? ''
    expect(place).toBe(`/dashboard/login?${new URLSearchParams({ next: `${path}?range=7d` })}`)
    const form = await router.request(place)
    expect(form.status).toBe(200)
    expect(await form.text()).toContain(`name="next" value="${path}?range=7d"`)
  }
})

test('lets the admin key in, and no other', async () => {
  const router = await createTestRouter()
  for (const key of ['', 'wrong', ALICE_KEY, `${ADMIN_KEY}x`]) {
    const refused = await logIn(router, { key, next: '/dashboard/keys' })
    expect(refused.status).toBe(401)
    expect(refused.headers.get('set-cookie')).toBeNull()
    const html = await refused.text()
    expect(html).toContain('not the admin key')
    expect(html).toContain('value="/dashboard/keys"')
    if (key !== '') expect(html).not.toContain(key)
  }
  const response = await logIn(router, { key: ` ${ADMIN_KEY}\n`, next: '/dashboard/keys' })
  expect(response.status).toBe(303)
  expect(response.headers.get('location')).toBe('/dashboard/keys')
  expect(response.headers.get('set-cookie')).toMatch(
    /^router-session=[\w.]+; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
  )
  for (const path of PATHS)
    expect((await router.request(path, { headers: cookieOf(response) })).status).toBe(200)
  expect((await router.request('/v1/router/status', { headers: cookieOf(response) })).status).toBe(200)
})

test('sets a cookie over https that no plain connection carries', async () => {
  const origin = 'https://router.example'
  const response = await logIn(
    await createTestRouter(),
    { key: ADMIN_KEY },
    { ...SAME_ORIGIN, origin },
    origin,
  )
  expect(response.headers.get('set-cookie')).toMatch(
    /^__Host-router-session=[\w.]+; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
  )
})

test('goes to the dashboard after a log-in and nowhere else', async () => {
  const router = await createTestRouter()
  for (const next of [
    'https://evil.example',
    '//evil.example',
    '/dashboard/../v1',
    '/dashboard\\@evil.example',
    '/dashboardx',
    '/dashboard?a=b\r\nset-cookie: x=y',
    'javascript:alert(1)',
  ])
    expect((await logIn(router, { key: ADMIN_KEY, next })).headers.get('location')).toBe('/dashboard')
  const kept = '/dashboard/requests?range=7d&user=a%20b'
  expect((await logIn(router, { key: ADMIN_KEY, next: kept })).headers.get('location')).toBe(kept)
})

test('lets an address that guesses wait, and says how long', async () => {
  const router = await createTestRouter()
  const guess = { ...SAME_ORIGIN, 'cf-connecting-ip': '203.0.113.7' }
  for (let tried = 0; tried < 10; tried++)
    expect((await logIn(router, { key: 'wrong' }, guess)).status).toBe(401)
  const response = await logIn(router, { key: ADMIN_KEY }, guess)
  expect(response.status).toBe(429)
  expect(response.headers.get('retry-after')).toBe('300')
  expect(await response.text()).toContain('Try again in 300 seconds')
  const elsewhere = { ...SAME_ORIGIN, 'cf-connecting-ip': '203.0.113.8' }
  expect((await logIn(router, { key: ADMIN_KEY }, elsewhere)).status).toBe(303)
  router.advance(300_000)
  expect((await logIn(router, { key: ADMIN_KEY }, guess)).status).toBe(303)
})

test('takes no form of another site', async () => {
  const router = await createTestRouter()
  for (const headers of [
    {},
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { ...SAME_ORIGIN, 'sec-fetch-site': 'cross-site' },
  ]) {
    expect((await logIn(router, { key: ADMIN_KEY }, headers)).status).toBe(403)
    const end = { method: 'POST', headers: { ...headers } }
    expect((await router.request('/dashboard/logout', end)).status).toBe(403)
  }
  const body = JSON.stringify({ key: ADMIN_KEY })
  const headers = { ...SAME_ORIGIN, 'content-type': 'application/json' }
  expect((await router.request('/dashboard/login', { method: 'POST', body, headers })).status).toBe(415)
  expect((await logIn(router, { key: 'x'.repeat(5_000) })).status).toBe(413)
})

test('ends a session', async () => {
  const router = await createTestRouter()
  const headers = { ...SAME_ORIGIN, ...cookieOf(await logIn(router, { key: ADMIN_KEY })) }
  const response = await router.request('/dashboard/logout', { method: 'POST', headers })
  expect(response.status).toBe(303)
  expect(response.headers.get('set-cookie')).toMatch(/^router-session=; Max-Age=0; Path=\//)
})

test('asks nobody for a key where everybody on this machine is let in, and shows nothing more', async () => {
  const router = await createTestRouter({ ...LOOPBACK_ONLY, ADMIN_KEY: '' })
  for (const path of PATHS) {
    const page = await router.request(path)
    expect(page.status).toBe(200)
    expect(await page.text()).not.toContain('Log out')
  }
  const change = { method: 'DELETE', headers: { ...SAME_ORIGIN, 'x-router-dashboard': '1' } }
  expect((await router.request('/v1/router/strategy', change)).status).toBe(403)
  expect(await (await router.request('/dashboard/login')).text()).toContain('openssl rand')
  const asked = await (await createTestRouter(LOOPBACK_ONLY)).request('/dashboard')
  expect(await asked.text()).toContain('Log in')
})

test('writes no key into the log', async () => {
  const router = await createTestRouter()
  await logIn(router, { key: 'wrong-but-secret-0123456789' })
  await logIn(router, { key: ADMIN_KEY })
  const lines = JSON.stringify(loggedLines())
  expect(lines).toContain('Log-in refused')
  expect(lines).not.toContain('wrong-but-secret')
  expect(lines).not.toContain(ADMIN_KEY)
})
