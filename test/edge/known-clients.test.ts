/** Clients that are known by their own Claude key: made-up keys are one tenant, whatever is kept of it. */
import { expect, test, vi } from 'vitest'
import * as z from 'zod/mini'
import type { Accounts } from '../../edge/budgets/accounts.ts'
import type { ReceiptRecord } from '../../edge/ledger/receipt-record.ts'
import type { Fetch } from '../../edge/providers/provider.ts'
import type { KeptResponse, ResponseStore } from '../../edge/responses/store/response-store.ts'
import { COMPLEX_PROMPT, SIMPLE_PROMPT } from '../support/edge/canaries.ts'
import '../support/edge/log-collector.ts'
import { createMemoryLedger } from '../support/edge/memory-ledger.ts'
import { claudeMessage } from '../support/edge/messages.ts'
import { receiptRecord } from '../support/edge/receipt-records.ts'
import { ask, createTestRouter } from '../support/edge/router.ts'
import { createSqliteTenants } from '../support/edge/sqlite-accounts.ts'
import { createSqliteResponses } from '../support/edge/sqlite-responses.ts'
import { answerNonStreaming, claude, networkFetch } from '../support/edge/upstreams.ts'

const responseSchema = z.looseObject({ id: z.optional(z.string()), store: z.optional(z.boolean()) })
const NOON = Date.UTC(2026, 10, 27, 12)

async function clientRouter(fetch: Fetch = networkFetch) {
  const records: ReceiptRecord[] = []
  const asked: string[] = []
  const { accounts: counted, batchBook } = createSqliteTenants(() => NOON)
  const noted =
    <Rest extends readonly unknown[], T>(call: (tenant: string, ...rest: Rest) => Promise<T>) =>
    (tenant: string, ...rest: Rest) => {
      asked.push(tenant)
      return call(tenant, ...rest)
    }
  const accounts: Accounts = {
    ...counted,
    reserve: noted(counted.reserve),
    settle: noted(counted.settle),
    use: noted(counted.use),
  }
  const memory = await createMemoryLedger()
  const append = async (record: ReceiptRecord) => void records.push(record)
  const settings = {
    ROUTER_KEYS: '',
    ADMIN_KEY: '',
    ANTHROPIC_API_KEY: '',
    ALLOW_ANONYMOUS: 'true',
    CLAUDE_KEY_SOURCE: 'client',
    CACHE_TTL_SECONDS: '0',
    LIMITS: JSON.stringify({ '*': { tenant: { usdPerDay: 100 } } }),
  }
  const effects = { ledger: { ...memory, append }, accounts, now: () => NOON }
  const kept: string[] = []
  const shelves = createSqliteResponses({ now: () => NOON })
  const responses: ResponseStore = {
    of: (tenant) => ({
      ...shelves.of(tenant),
      keep(response: KeptResponse) {
        kept.push(tenant)
        return shelves.of(tenant).keep(response)
      },
    }),
  }
  const bound: string[] = []
  const bind = (...[tenant, batch]: Parameters<typeof batchBook.bind>) => {
    bound.push(tenant)
    return batchBook.bind(tenant, batch)
  }
  const router = await createTestRouter(settings, {
    ...effects,
    fetch,
    responses,
    batchBook: { ...batchBook, bind },
  })
  const send = async (key: string) => {
    const before = records.length
    await (await router.post(ask(COMPLEX_PROMPT), { 'x-api-key': key })).text()
    await vi.waitFor(() => expect(records).toHaveLength(before + 1))
    return records.at(-1)?.tenant
  }
  const respond = async (key: string, input: string, more: Record<string, unknown> = {}) => {
    const body = { model: 'auto', input, ...more }
    const response = await router.post(body, { 'x-api-key': key }, { path: '/v1/responses' })
    return { code: response.status, ...responseSchema.parse(await response.json()) }
  }
  return { router, memory, send, respond, asked, kept, bound }
}

const refusing = () =>
  Response.json({ type: 'error', error: { type: 'authentication_error', message: 'no' } }, { status: 401 })

test('made-up keys make no objects of their own, in the ledger or among the accounts', async () => {
  const { router, send, asked } = await clientRouter()
  claude.answer(refusing)
  for (const key of ['sk-made-up-1', 'sk-made-up-2', 'sk-made-up-3'])
    expect(await send(key)).toBe('client-unproven')
  await router.request('/v1/router/usage', { headers: { 'x-api-key': 'sk-made-up-4' } })
  await vi.waitFor(() => expect(asked).toHaveLength(6))
  expect(new Set(asked)).toEqual(new Set(['client-unproven']))
})

test('a key that Claude has taken is a tenant of its own from then on, settled where it was reserved', async () => {
  const { send, asked } = await clientRouter()
  claude.answer(answerNonStreaming(claudeMessage()))
  const own = await send('sk-real')
  expect(own).toMatch(/^client-[\da-f]{16}$/)
  await vi.waitFor(() => expect(asked).toEqual(['client-unproven', 'client-unproven']))
  claude.answer(refusing)
  expect(await send('sk-real')).toBe(own)
  await vi.waitFor(() => expect(asked.slice(2)).toEqual([own, own]))
  expect(await send('sk-made-up')).toBe('client-unproven')
})

test('a response is kept for a client whose key Claude has taken, now or before, and for nobody else', async () => {
  const { router, memory, respond, kept } = await clientRouter()
  expect(await respond('sk-made-up', SIMPLE_PROMPT)).toMatchObject({ code: 200, store: false })
  expect(kept).toEqual([])
  claude.answer(answerNonStreaming(claudeMessage()))
  const first = await respond('sk-real', COMPLEX_PROMPT)
  expect(first.store).toBe(true)
  expect(await respond('sk-real', SIMPLE_PROMPT, { previous_response_id: first.id })).toMatchObject({
    code: 200,
    store: true,
  })
  const own = kept[0] ?? ''
  expect(kept).toEqual([own, own])
  const read = (key: string) => router.request(`/v1/responses/${first.id}`, { headers: { 'x-api-key': key } })
  expect((await read('sk-real')).status).toBe(200)
  expect((await read('sk-made-up')).status).toBe(404)

  // Another isolate knows it by its receipts.
  const other = await clientRouter()
  await other.memory.append(receiptRecord(NOON, { tenant: own }))
  expect((await other.respond('sk-real', SIMPLE_PROMPT)).store).toBe(true)
  expect(other.kept).toEqual([own])
  expect(await memory.tenants()).toEqual([])
})

test('a batch is kept for the client that Claude made it for; a refused one makes no object', async () => {
  let answer = refusing
  const { router, asked, bound } = await clientRouter(async () => answer())
  const params = { model: 'claude-haiku-4-5', max_tokens: 10, messages: [{ role: 'user', content: 'hi' }] }
  const create = (key: string) =>
    router.post(
      { requests: [{ custom_id: 'one', params }] },
      { 'x-api-key': key },
      { path: '/v1/messages/batches' },
    )
  expect((await create('sk-made-up')).status).toBe(401)
  expect(new Set(asked)).toEqual(new Set(['client-unproven']))
  expect(bound).toEqual([])
  answer = () => Response.json({ id: 'msgbatch_1', type: 'message_batch' })
  expect((await create('sk-real')).status).toBe(200)
  expect(bound).toEqual([expect.stringMatching(/^client-[\da-f]{16}$/)])
  expect(new Set(asked)).toEqual(new Set(['client-unproven']))
  expect((await create('sk-real')).status).toBe(200)
  await vi.waitFor(() => expect(asked.slice(-2)).toEqual([bound[0], bound[0]]))
})
