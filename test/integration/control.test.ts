/**
 * Keys and limits set at runtime live in the Durable Object: every promise of a control record holds for the real one, and
 * another isolate's change is taken over.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDurableControlRecord } from '../../edge/durable/control-record.ts'
import type { RouterState } from '../../edge/index.ts'
import { testControlRecord } from '../contract/control-record.ts'
import { eventually } from '../support/processes.ts'
import { COMPLETE_SETTINGS, type EdgeHarness, startEdgeHarness } from '../support/stack-harness.ts'

const ADMIN_KEY = 'admin-key-of-these-tests'
const { ALLOW_ANONYMOUS: _, ...KEYED_SETTINGS } = COMPLETE_SETTINGS
const SETTINGS = { ...KEYED_SETTINGS, ADMIN_KEY }

let edge: EdgeHarness
beforeAll(async () => {
  edge = await startEdgeHarness(SETTINGS)
})
afterAll(() => edge?.stop())

let objects = 0
testControlRecord('the record in the Durable Object', async () => {
  objects += 1
  return { record: createDurableControlRecord(await states(), 'hybrid', `test-${objects}`) }
})

test('a key opens at once, outlives the isolate, and is refused once another has revoked it', async () => {
  const made = await edge.post('/v1/router/keys', '{"tenant":"alice"}', { 'x-api-key': ADMIN_KEY })
  expect(made.status, made.body).toBe(201)
  const { id, key } = JSON.parse(made.body)
  const statusOf = async () =>
    (await edge.request('GET', '/v1/router/status', { headers: { 'x-api-key': key } })).status
  expect(await statusOf()).toBe(200)
  await edge.restartWith({ ...SETTINGS, HEARTBEAT_MS: '9000' })
  expect(await statusOf()).toBe(200)
  await createDurableControlRecord(await states(), 'hybrid').change({ kind: 'revoke_key', id })
  await eventually('the other isolate’s revocation', async () => (await statusOf()) === 401)
  expect(edge.logLines().join('\n')).not.toContain(key)
})

async function states(): Promise<DurableObjectNamespace<RouterState>> {
  const worker = edge.harness.getWorker<{ ROUTER_STATE: DurableObjectNamespace<RouterState> }>()
  return (await worker.getEnv()).ROUTER_STATE
}
