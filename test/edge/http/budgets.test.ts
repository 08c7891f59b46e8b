/** Limits of tenants over HTTP: set, read, cleared, and where they come from. */
import { expect, test } from 'vitest'
import { ADMIN_KEY, ALICE_KEY, BOB_KEY } from '../../support/edge/canaries.ts'
import '../../support/edge/log-collector.ts'
import { createTestRouter, type TestRouter } from '../../support/edge/router.ts'

async function send(router: TestRouter, method: string, tenant: string, body?: unknown, key = ADMIN_KEY) {
  const response = await router.request(`/v1/router/budgets${tenant === '' ? '' : `/${tenant}`}`, {
    method,
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return { status: response.status, body: JSON.parse(await response.text()) }
}

const LIMITS = {
  tenant: { usdPerMonth: 20, softShare: 0.8 },
  user: { requestsPerMinute: 10 },
  users: { 'a@b.example': { tokensPerDay: 1_000 } },
  timezone: 'Asia/Kathmandu',
  onBudget: 'cheaper',
}

test('sets, reads, lists and clears the limits of a tenant', async () => {
  const router = await createTestRouter()
  expect((await send(router, 'GET', 'alice')).body).toMatchObject({
    limits: null,
    source: null,
    setFor: null,
  })
  const set = { tenant: 'alice', limits: LIMITS, source: 'runtime', setFor: 'alice' }
  expect(await send(router, 'PUT', 'alice', LIMITS)).toEqual({ status: 200, body: set })
  expect((await send(router, 'GET', '')).body).toEqual({ data: [set] })
  expect((await send(router, 'DELETE', 'alice')).body).toMatchObject({ limits: null })
  expect((await send(router, 'GET', '')).body).toEqual({ data: [] })
})

test('what is set at runtime comes before the settings, a tenant’s own before those of all', async () => {
  const settings = { alice: { tenant: { usdPerDay: 1 } }, '*': { tenant: { usdPerDay: 2 } } }
  const keys = [
    { id: 'alice', key: ALICE_KEY },
    { id: 'bob', key: BOB_KEY, limits: { tenant: { usdPerDay: 3 } } },
  ]
  const router = await createTestRouter({
    LIMITS: JSON.stringify(settings),
    ROUTER_KEYS: JSON.stringify(keys),
  })
  const found = async (tenant: string) => {
    const { limits, source, setFor } = (await send(router, 'GET', tenant)).body
    return [limits?.tenant?.usdPerDay, source, setFor]
  }
  expect(await found('alice')).toEqual([1, 'settings', 'alice'])
  expect(await found('bob')).toEqual([3, 'settings', 'bob'])
  expect(await found('carol')).toEqual([2, 'settings', '*'])
  expect(await found('admin')).toEqual([undefined, null, null])
  await send(router, 'PUT', '*', { tenant: { usdPerDay: 4 } })
  await send(router, 'PUT', 'bob', { tenant: { usdPerDay: 5 } })
  expect(await found('alice')).toEqual([1, 'settings', 'alice'])
  expect(await found('bob')).toEqual([5, 'runtime', 'bob'])
  expect(await found('carol')).toEqual([4, 'runtime', '*'])
  await send(router, 'DELETE', 'bob')
  expect(await found('bob')).toEqual([3, 'settings', 'bob'])
})

test('a tenant reads its own limits, nobody else’s, and changes none', async () => {
  const router = await createTestRouter()
  await send(router, 'PUT', 'alice', LIMITS)
  expect((await send(router, 'GET', 'alice', undefined, ALICE_KEY)).body.limits).toEqual(LIMITS)
  for (const tenant of ['bob', 'nobody', '*', ''])
    expect((await send(router, 'GET', tenant, undefined, ALICE_KEY)).status, tenant).toBe(403)
  expect((await send(router, 'PUT', 'alice', {}, ALICE_KEY)).status).toBe(403)
  expect((await send(router, 'DELETE', 'alice', undefined, ALICE_KEY)).status).toBe(403)
})

const BAD: [unknown, RegExp][] = [
  ['{', /not valid JSON/],
  [[], /^The body must be an object with tenant, user/],
  [{ tenant: 1 }, /^tenant must be an object with requestsPerMinute/],
  [{ tenant: { usdPerYear: 1 } }, /^tenant has no "usdPerYear"; possible are requestsPerMinute/],
  [{ tenant: { usdPerDay: -1 } }, /^tenant\.usdPerDay must be a number of US dollars, 0\.00000001 or more/],
  [
    { tenant: { usdPerDay: 1e-10 } },
    /^tenant\.usdPerDay must be a number of US dollars, 0\.00000001 or more/,
  ],
  [{ tenant: { usdPerMonth: 1e300 } }, /^tenant\.usdPerMonth must be at most 9000000 US dollars/],
  [{ user: { requestsPerMinute: 1.5 } }, /^user\.requestsPerMinute must be a whole number, 1 or more/],
  [{ user: { tokensPerDay: '5' } }, /^user\.tokensPerDay must be a whole number/],
  [{ tenant: { softShare: 1.1 } }, /^tenant\.softShare must be a number more than 0 and at most 1/],
  [{ users: { bob: { concurrent: 0 } } }, /^users\.bob\.concurrent must be a whole number/],
  [{ users: [] }, /^users must be an object of end users/],
  ['{"users":{"__proto__":{"concurrent":1}}}', /^users must not hold "__proto__"/],
  [{ users: { '': {} } }, /must be the name of an end user/],
  [{ timezone: 'Mars/Olympus' }, /^timezone must be a time zone such as "Europe\/Berlin"/],
  [{ timezone: 1 }, /^timezone must be a time zone/],
  [{ onBudget: 'beg' }, /^onBudget must be one of refuse, cheaper, local/],
]
test.each(BAD)('refuses the limits %j and names what is wrong', async (body, message) => {
  const router = await createTestRouter()
  const reply = await send(router, 'PUT', 'alice', body)
  expect(reply.status).toBe(400)
  expect(reply.body.error.message).toMatch(message)
  expect((await send(router, 'GET', 'alice')).body.limits).toBeNull()
})

test('refuses names that no tenant has', async () => {
  const router = await createTestRouter()
  for (const name of ['a%20b', 'a%2Fb', "x'--", '%F0%9F%98%80', 'y'.repeat(65)])
    expect((await send(router, 'PUT', name, {})).status, name).toBe(400)
  expect((await send(router, 'PUT', '__proto__', { tenant: { concurrent: 1 } })).status).toBe(200)
  expect((await send(router, 'GET', 'constructor')).body.limits).toBeNull()
})
