/**
 * Responses kept in Durable Objects in workerd: the contract of the store, and a conversation through the whole Worker.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createDurableResponses } from '../../edge/durable/durable-responses.ts'
import type { StoredResponses } from '../../edge/index.ts'
import type { ResponseStore } from '../../edge/responses/store/response-store.ts'
import { testResponseStore } from '../contract/response-store.ts'
import { COMPLEX } from '../support/stack-client.ts'
import { COMPLETE_SETTINGS, type EdgeHarness, startEdgeHarness } from '../support/stack-harness.ts'

let edge: EdgeHarness
beforeAll(async () => {
  edge = await startEdgeHarness({ ...COMPLETE_SETTINGS, LLM_STRATEGY: 'claude_only' })
})
afterAll(() => edge?.stop())
beforeEach(() => edge.forget())

let stores = 0

testResponseStore('responses in Durable Objects', async (): Promise<ResponseStore> => {
  const { STORED_RESPONSES } = await edge.harness
    .getWorker<{ STORED_RESPONSES: DurableObjectNamespace<StoredResponses> }>()
    .getEnv()
  const store = createDurableResponses(STORED_RESPONSES)
  stores += 1
  const prefix = `${stores}:`
  return { of: (tenant) => store.of(prefix + tenant) }
})

test('a conversation goes on, is read and deleted', async () => {
  const create = async (fields: object) => {
    const reply = await edge.post('/v1/responses', JSON.stringify({ model: 'auto', ...fields }))
    expect(reply.status).toBe(200)
    return JSON.parse(reply.body)
  }
  const first = await create({ input: COMPLEX })
  expect(first).toMatchObject({ object: 'response', status: 'completed', store: true })
  await create({ input: 'And then?', previous_response_id: first.id })
  const { messages }: { messages: object[] } = JSON.parse(edge.claude.at(-1)?.body ?? '')
  expect(messages).toMatchObject([{ role: 'user' }, { role: 'assistant' }, { role: 'user' }])
  const kept = await edge.request('GET', `/v1/responses/${first.id}`)
  expect(JSON.parse(kept.body)).toEqual(first)
  expect((await edge.request('DELETE', `/v1/responses/${first.id}`)).status).toBe(200)
  expect((await edge.request('GET', `/v1/responses/${first.id}`)).status).toBe(404)
})
