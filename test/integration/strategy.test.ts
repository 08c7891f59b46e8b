/**
 * The strategy set at runtime lives in the Durable Object: it holds for other isolates, survives them, and yields to
 * a newer setting of the operator.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { RouterState } from '../../edge/index.ts'
import { eventually } from '../support/processes.ts'
import { messagesBody, SIMPLE } from '../support/stack-client.ts'
import { COMPLETE_SETTINGS, type EdgeHarness, startEdgeHarness } from '../support/stack-harness.ts'

const ADMIN_KEY = 'admin-key-of-these-tests'
const SETTINGS = { ...COMPLETE_SETTINGS, ADMIN_KEY, CACHE_TTL_SECONDS: '0' }

let edge: EdgeHarness
beforeAll(async () => {
  edge = await startEdgeHarness(SETTINGS)
})
afterAll(() => edge?.stop())
beforeEach(() => edge.forget())

test('only the admin key changes it, and only to a strategy that there is', async () => {
  expect((await put('claude_only')).status).toBe(403)
  expect((await put('claude_only', 'a-wrong-key-of-16-characters')).status).toBe(403)
  const unknown = await put('cheapest', ADMIN_KEY)
  expect(unknown.status).toBe(400)
  expect(unknown.body).toContain('hybrid')
  expect(await strategy()).toBe('hybrid')
})

test('a change holds for the next request and is in the Durable Object', async () => {
  expect((await put('claude_only', ADMIN_KEY)).status).toBe(200)
  const reply = await edge.post('/v1/messages', messagesBody(SIMPLE))
  expect(reply.headers.get('x-router-strategy')).toBe('claude_only')
  expect(reply.headers.get('x-router-route')).toBe('claude')
  expect(await storedStrategy('hybrid')).toBe('claude_only')
})

test('a change made by another isolate is taken over', async () => {
  const { ROUTER_STATE } = await bindings()
  const change = { kind: 'set_strategy', strategy: 'local_fallback', configured: 'hybrid' } as const
  await ROUTER_STATE.getByName('router').changeControl(change)
  await eventually('the other isolate’s change', async () => (await strategy()) === 'local_fallback')
})

test('a change survives the isolate that made it', async () => {
  await put('claude_only', ADMIN_KEY)
  await edge.restartWith({ ...SETTINGS, HEARTBEAT_MS: '9000' })
  expect(await strategy()).toBe('claude_only')
})

test('a changed LLM_STRATEGY is the newer word', async () => {
  await put('claude_only', ADMIN_KEY)
  await edge.restartWith({ ...SETTINGS, LLM_STRATEGY: 'local_fallback' })
  expect(await strategy()).toBe('local_fallback')
})

function put(name: string, key?: string) {
  return edge.request('PUT', '/v1/router/strategy', {
    headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { 'x-api-key': key }) },
    body: JSON.stringify({ strategy: name }),
  })
}

async function strategy(): Promise<string> {
  return JSON.parse((await edge.request('GET', '/v1/router/status')).body).strategy
}

function bindings() {
  return edge.harness.getWorker<{ ROUTER_STATE: DurableObjectNamespace<RouterState> }>().getEnv()
}

async function storedStrategy(configured: 'hybrid') {
  const { ROUTER_STATE } = await bindings()
  return (await ROUTER_STATE.getByName('router').readControl(configured, undefined))?.strategy?.strategy
}
