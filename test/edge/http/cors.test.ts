/** Browsers: off by default, and only for the origins that the operator names. */
import { expect, test } from 'vitest'
import { ROUTER_HEADERS } from '../../../edge/ledger/headers.ts'
import '../../support/edge/log-collector.ts'
import { ask, createTestRouter } from '../../support/edge/router.ts'

const SITE = 'https://site.example'
const asked = {
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'content-type,x-api-key,anthropic-version',
}

test('allows no origin by default', async () => {
  const router = await createTestRouter()
  const { headers } = await router.post(ask(), { origin: SITE })
  expect(headers.has('access-control-allow-origin')).toBe(false)
  const preflight = await router.request('/v1/messages', {
    method: 'OPTIONS',
    headers: { origin: SITE, ...asked },
  })
  expect(preflight.headers.has('access-control-allow-origin')).toBe(false)
})

test('allows the origins of the list and lets them read the router’s headers', async () => {
  const router = await createTestRouter({ CORS_ORIGINS: `${SITE}, http://localhost:3000` })
  for (const origin of [SITE, 'http://localhost:3000']) {
    const { headers } = await router.post(ask(), { origin })
    expect(headers.get('access-control-allow-origin')).toBe(origin)
    expect(headers.get('access-control-expose-headers')?.split(',')).toEqual(ROUTER_HEADERS)
    expect(headers.has('access-control-allow-credentials')).toBe(false)
  }
})

test('answers the preflight without a key, naming the headers that clients send', async () => {
  const router = await createTestRouter({ CORS_ORIGINS: SITE })
  const { status, headers } = await router.request('/v1/messages', {
    method: 'OPTIONS',
    headers: { origin: SITE, ...asked },
  })
  expect(status).toBe(204)
  expect(headers.get('access-control-allow-origin')).toBe(SITE)
  const allowed = headers.get('access-control-allow-headers') ?? ''
  for (const name of [
    'authorization',
    'x-api-key',
    'anthropic-version',
    'x-router-force',
    'x-stainless-lang',
    'x-stainless-helper-method',
    'openai-project',
    'user-agent',
  ])
    expect(allowed.split(',')).toContain(name)
})

test('reflects no other origin', async () => {
  const router = await createTestRouter({ CORS_ORIGINS: SITE })
  for (const origin of [
    'https://evil.example',
    `${SITE}.evil.example`,
    'null',
    `${SITE}/`,
    SITE.toUpperCase(),
  ]) {
    const { headers } = await router.post(ask(), { origin })
    expect(headers.get('access-control-allow-origin') ?? SITE, origin).toBe(SITE)
    expect(headers.get('access-control-allow-origin'), origin).not.toBe(origin)
  }
})

test('lets browsers read errors as well', async () => {
  const router = await createTestRouter({ CORS_ORIGINS: SITE })
  const response = await router.request('/v1/messages', {
    method: 'POST',
    body: '',
    headers: { origin: SITE },
  })
  expect(response.status).toBe(401)
  expect(response.headers.get('access-control-allow-origin')).toBe(SITE)
})
