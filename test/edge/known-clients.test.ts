/** Clients that are known by their own Claude key: made-up keys are one tenant, whatever is kept of it. */
import { expect, test, vi } from 'vitest'
import type { Accounts } from '../../edge/budgets/accounts.ts'
import type { ReceiptRecord } from '../../edge/ledger/receipt-record.ts'
import { COMPLEX_PROMPT } from '../support/edge/canaries.ts'
import '../support/edge/log-collector.ts'
import { createMemoryLedger } from '../support/edge/memory-ledger.ts'
import { claudeMessage } from '../support/edge/messages.ts'
import { ask, createTestRouter } from '../support/edge/router.ts'
import { createSqliteAccounts } from '../support/edge/sqlite-accounts.ts'
import { answerNonStreaming, claude } from '../support/edge/upstreams.ts'

const NOON = Date.UTC(2026, 10, 27, 12)

async function clientRouter() {
  const records: ReceiptRecord[] = []
  const asked: string[] = []
  const counted = createSqliteAccounts(() => NOON)
  const noted =
    <Rest extends readonly unknown[], T>(call: (tenant: string, ...rest: Rest) => Promise<T>) =>
    (tenant: string, ...rest: Rest) => {
      asked.push(tenant)
      return call(tenant, ...rest)
    }
  const accounts: Accounts = {
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
  const router = await createTestRouter(settings, effects)
  const send = async (key: string) => {
    const before = records.length
    await (await router.post(ask(COMPLEX_PROMPT), { 'x-api-key': key })).text()
    await vi.waitFor(() => expect(records).toHaveLength(before + 1))
    return records.at(-1)?.tenant
  }
  return { router, send, asked }
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
