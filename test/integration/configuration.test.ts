/**
 * Settings that are missing or wrong: the Worker stays alive, lets nobody in and names what to set.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { messagesBody, SIMPLE } from '../support/stack-client.ts'
import { COMPLETE_SETTINGS, type EdgeHarness, startEdgeHarness } from '../support/stack-harness.ts'
import { CLAUDE_KEY, LOCAL_SECRET } from '../support/upstream-messages.ts'

const KEY = 'key-of-tenant-a-0123'

let edge: EdgeHarness
beforeAll(async () => {
  edge = await startEdgeHarness({})
})
afterAll(() => edge?.stop())
beforeEach(() => edge.forget())

test('F54 a Worker without settings answers 503 that names them, and /healthz is alive', async () => {
  const reply = await edge.post('/v1/messages', messagesBody(SIMPLE))
  expect(reply.status).toBe(503)
  expect(JSON.parse(reply.body)).toMatchObject({ type: 'error', error: { type: 'api_error' } })
  expect(reply.body).toMatch(/ROUTER_KEYS.*ALLOW_ANONYMOUS/)
  expect(reply.headers.get('x-should-retry')).toBe('false')
  expect((await edge.request('GET', '/v1/router/status')).status).toBe(503)
  expect((await edge.request('GET', '/healthz')).status).toBe(200)
  expect(edge.logLines().join('\n')).toContain('ROUTER_KEYS is not set')
})

test('F54 every problem is named at once, and no secret is quoted', async () => {
  const { LOCAL_LLM_SECRET: _, ...rest } = COMPLETE_SETTINGS
  await edge.restartWith({ ...rest, ADMIN_KEY: 'short', LOCAL_TASKS: 'cooking', ROUTER_KEYS: `a:${KEY}` })
  const reply = await edge.post('/v1/messages', messagesBody(SIMPLE))
  expect(reply.status).toBe(503)
  for (const name of ['LOCAL_LLM_SECRET', 'ADMIN_KEY', 'LOCAL_TASKS', 'ROUTER_KEYS'])
    expect(reply.body).toContain(name)
  for (const secret of [CLAUDE_KEY, LOCAL_SECRET, KEY, '"short"']) expect(reply.body).not.toContain(secret)
})

test('F54 without a Claude key simple requests work and complex ones say which setting is missing', async () => {
  const { ANTHROPIC_API_KEY: _, ...rest } = COMPLETE_SETTINGS
  await edge.restartWith(rest)
  expect((await edge.post('/v1/messages', messagesBody(SIMPLE))).headers.get('x-router-route')).toBe('local')
  const reply = await edge.post('/v1/messages', messagesBody('Prove that there are infinitely many primes.'))
  expect(reply.status).toBe(503)
  expect(reply.body).toContain('ANTHROPIC_API_KEY')
  expect(JSON.parse((await edge.request('GET', '/readyz')).body)).toMatchObject({
    local: true,
    claude: false,
  })
  expect(edge.claude).toHaveLength(0)
})

test('with router keys a caller without one is refused, in either header the right one is let in', async () => {
  const { ALLOW_ANONYMOUS: _, ...rest } = COMPLETE_SETTINGS
  await edge.restartWith({ ...rest, ROUTER_KEYS: `a:${KEY},b:key-of-tenant-b-0123` })
  const refused = [
    await edge.post('/v1/messages', messagesBody(SIMPLE)),
    await edge.post('/v1/messages', messagesBody(SIMPLE), { 'x-api-key': `${KEY}4` }),
    await edge.post('/v1/messages', messagesBody(SIMPLE), { authorization: `Basic ${KEY}` }),
  ]
  for (const reply of refused)
    expect(JSON.parse(reply.body)).toMatchObject({ error: { type: 'authentication_error' } })
  expect([...edge.local, ...edge.claude]).toHaveLength(0)
  for (const headers of [{ 'x-api-key': KEY }, { authorization: `Bearer ${KEY}` }])
    expect((await edge.post('/v1/messages', messagesBody(SIMPLE), headers)).status).toBe(200)
})

test('one tenant never gets what was answered to another', async () => {
  const body = messagesBody('Hello! Who is next to me?')
  await edge.post('/v1/messages', body, { 'x-api-key': KEY })
  const own = await edge.post('/v1/messages', body, { 'x-api-key': KEY })
  expect(own.headers.get('x-router-cache')).toBe('hit')
  const other = await edge.post('/v1/messages', body, { 'x-api-key': 'key-of-tenant-b-0123' })
  expect(other.headers.get('x-router-cache')).toBe('miss')
})
