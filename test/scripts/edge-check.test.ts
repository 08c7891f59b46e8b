/** What `npm run doctor` says of a running edge, here or elsewhere. */
import { expect, test } from 'vitest'
import { createRequestId, cryptoRandomBytes } from '../../edge/ledger/request-id.ts'
import { VERSION } from '../../edge/version.ts'
import { type Ask, readAnswer } from '../../scripts/ask.ts'
import { checkEdge } from '../../scripts/doctor/edge-check.ts'
import { usageSchema, usageSentence, usageTable } from '../../scripts/report/usage-report.ts'
import { routerAddress } from '../../scripts/router-address.ts'
import { ADMIN_KEY } from '../support/edge/canaries.ts'
import { ask as askBody, createTestRouter } from '../support/edge/router.ts'

const NOW = Date.UTC(2026, 10, 27, 12)
const address = { url: 'https://router.example', headers: { 'x-api-key': 'the-admin-key-0123' } }
const ok = (body: unknown) => ({ status: 200, body: JSON.stringify(body) })
const refused = (status: number, message: string) => ({
  status,
  body: JSON.stringify({ error: { message } }),
})
const healthy: Readonly<Record<string, { status: number; body: string } | undefined>> = {
  '/v1/router/status': ok({ version: '0.1.0', strategy: 'hybrid' }),
  '/readyz': ok({ status: 'ready', missing: [] }),
  '/v1/router/usage?from=30d': ok({ totals: { requests: 41_200 } }),
  '/v1/router/requests?limit=1': ok({ data: [{ startedAt: NOW - 120_000 }] }),
  '/v1/router/budgets': ok({ data: [{ tenant: '*' }, { tenant: 'alice' }] }),
  '/v1/router/budgets/alice': ok({ usage: [{ limit: 'usdPerDay', hard: 5, used: 1 }] }),
}

function check(answers: typeof healthy = {}, headers: Record<string, string> = address.headers) {
  const asked: string[] = []
  const ask: Ask = async (url, request) => {
    asked.push(request?.headers?.['x-api-key'] ?? 'no key')
    const path = url.slice(address.url.length)
    return path in answers ? answers[path] : healthy[path]
  }
  return checkEdge({ ...address, headers }, { ask, now: NOW, version: '0.1.0' })
}

test('says that edge, ledger and budgets are well', async () => {
  const findings = await check()
  expect(findings.map(({ name, status }) => `${name} ${status}`)).toEqual([
    'edge ok',
    'readiness ok',
    'ledger ok',
    'budgets ok',
  ])
  expect(findings[2]?.detail).toBe('41200 requests in 30 days; the newest receipt is 2 min old')
})

test.each<[string, Parameters<typeof check>[0], string, 'failed' | 'warning', RegExp]>([
  ['nobody', { '/v1/router/status': undefined }, 'edge', 'failed', /does not answer/],
  ['a wrong key', { '/v1/router/status': refused(401, 'x') }, 'edge', 'failed', /refuses ADMIN_KEY/],
  [
    'missing settings',
    { '/v1/router/status': refused(503, 'The router is not configured: ROUTER_KEYS is not set.') },
    'edge',
    'failed',
    /ROUTER_KEYS/,
  ],
  ['another server', { '/v1/router/status': ok('<html>') }, 'edge', 'failed', /answers 200/],
  [
    'an older edge',
    { '/v1/router/status': ok({ version: '0.0.9', strategy: 'hybrid' }) },
    'edge',
    'warning',
    /this checkout is 0\.1\.0/,
  ],
  [
    'no local model',
    { '/readyz': ok({ status: 'ready', missing: ['the local model does not answer'] }) },
    'readiness',
    'warning',
    /local model does not answer/,
  ],
  [
    'nobody to answer',
    { '/readyz': ok({ status: 'not_ready', missing: ['nothing is there'] }) },
    'readiness',
    'failed',
    /nothing is there/,
  ],
  [
    'a ledger that fails',
    { '/v1/router/usage?from=30d': refused(503, 'The ledger cannot be read at the moment.') },
    'ledger',
    'failed',
    /cannot be read/,
  ],
  [
    'a limit that is reached',
    { '/v1/router/budgets/alice': ok({ usage: [{ limit: 'usdPerDay', hard: 5, used: 5 }] }) },
    'budgets',
    'warning',
    /alice: usdPerDay/,
  ],
])('names %s', async (_, answers, name, status, detail) => {
  const found = (await check(answers)).find((finding) => finding.name === name)
  expect(found).toMatchObject({ status, detail: expect.stringMatching(detail), fix: expect.any(String) })
})

test('asks for no limits without the admin key', async () => {
  const budgets = (await check({ '/v1/router/budgets': refused(403, 'x') }, {})).at(-1)
  expect(budgets).toMatchObject({ status: 'ok', detail: expect.stringContaining('ADMIN_KEY is not set') })
})

test('finds the edge of npm start, or the one that is named, and sends a key to no open address', () => {
  expect(routerAddress({ ROUTER_PORT: '9000', ADMIN_KEY: ' k ' }, undefined)).toEqual({
    url: 'http://127.0.0.1:9000',
    headers: { 'x-api-key': 'k' },
  })
  expect(routerAddress({}, 'https://router.example/v1/')).toEqual({
    url: 'https://router.example',
    headers: {},
  })
  expect(() => routerAddress({}, 'http://router.example')).toThrow('https://')
  expect(() => routerAddress({}, 'router')).toThrow('--url')
  expect(() => routerAddress({ ADMIN_KEY: 'sha256:00' }, undefined)).toThrow('digest')
})

test('reads what a real edge says, and so does the report', async () => {
  const router = await createTestRouter({}, { createId: (at) => createRequestId(at, cryptoRandomBytes) })
  const ask: Ask = async (url, request) => {
    const { pathname, search } = new URL(url)
    const answer = await router.request(`${pathname}${search}`, { headers: request?.headers ?? {} })
    return { status: answer.status, body: await answer.text() }
  }
  const limits = await router.request('/v1/router/budgets/alice', {
    method: 'PUT',
    headers: { 'x-api-key': ADMIN_KEY, 'content-type': 'application/json' },
    body: JSON.stringify({ tenant: { tokensPerDay: 1_000_000 } }),
  })
  expect(limits.status).toBe(200)
  await router.post(askBody())
  router.advance(60_000)
  const real = { url: 'http://localhost', headers: { 'x-api-key': ADMIN_KEY } }
  const now = Date.UTC(2026, 10, 23, 0, 1)
  const findings = async () => checkEdge(real, { ask, now, version: VERSION })
  await expect
    .poll(async () => (await findings()).map(({ name, status, detail }) => `${name} ${status}: ${detail}`))
    .toEqual([
      expect.stringMatching(/^edge ok/),
      'readiness ok: local model and Claude can be asked, as far as they are set',
      'ledger ok: 1 request in 30 days; the newest receipt is 1 min old',
      'budgets ok: limits of 1, none reached',
    ])
  const answer = await ask('http://localhost/v1/router/usage?from=30d&groupBy=route', real)
  const usage = answer && readAnswer(answer, usageSchema)
  expect(usage && usageSentence(usage, 30).text).toMatch(
    /^Last 30 days: 1 request, 100 % answered locally; Claude \$0\.00; against Sonnet alone you saved/,
  )
  expect(usage && usageTable(usage, 'route').split('\n')).toHaveLength(3)
})
