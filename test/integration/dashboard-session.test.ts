/** The dashboard's log-in in real workerd: the cookie that it gives, and what that opens. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../support/processes.ts'
import { messagesBody, SIMPLE } from '../support/stack-client.ts'
import { COMPLETE_SETTINGS, type EdgeHarness, startEdgeHarness } from '../support/stack-harness.ts'

const ADMIN_KEY = 'admin-key-of-these-tests'
const ALICE_KEY = 'key-of-alice-in-these-tests'

let edge: EdgeHarness
beforeAll(async () => {
  edge = await startEdgeHarness({
    ...COMPLETE_SETTINGS,
    ALLOW_ANONYMOUS: 'false',
    ROUTER_KEYS: `alice:${ALICE_KEY}`,
    ADMIN_KEY,
  })
})
afterAll(() => edge?.stop())

test('the session shows every tenant’s receipts, and asks no model', async () => {
  const asked = await edge.post('/v1/messages', messagesBody(SIMPLE), { 'x-api-key': ALICE_KEY })
  expect(asked.status).toBe(200)

  const page = await edge.harness.fetch('/dashboard', { redirect: 'manual' })
  expect(page.status).toBe(303)
  expect((await logIn('not-the-admin-key-0123')).status).toBe(401)
  const entered = await logIn(ADMIN_KEY)
  expect(entered.status).toBe(303)
  expect(entered.headers.get('location')).toBe('/dashboard')
  const cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? ''

  const headers = { cookie, 'sec-fetch-site': 'same-origin' }
  const shown = await edge.request('GET', '/dashboard', { headers })
  expect(shown.status).toBe(200)
  expect(shown.body).toMatch(/src="\/assets\/dashboard-[0-9a-f]+\.js"/)
  await eventually('the receipt of what alice asked', async () => {
    const { status, body } = await edge.request('GET', '/v1/router/requests', { headers })
    return status === 200 && body.includes('"tenant":"alice"')
  })
  const { status } = await edge.post('/v1/messages', messagesBody(SIMPLE), headers)
  expect(status).toBe(401)
})

function logIn(key: string) {
  return edge.harness.fetch('/dashboard/login', {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ key }).toString(),
  })
}
