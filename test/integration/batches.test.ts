/**
 * Batches on Durable Objects in real workerd, asked by Anthropic's own SDK: each method, what outlives the isolates, and the
 * receipts of the results.
 */
import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDurableAccounts } from '../../edge/durable/durable-accounts.ts'
import { createDurableBatchBook } from '../../edge/durable/durable-batch-book.ts'
import { createDurableLedger } from '../../edge/durable/durable-ledger.ts'
import type { LedgerBindings } from '../../edge/durable/receipts.ts'
import { testBatchBook } from '../contract/batch-book.ts'
import {
  type ClaudeBatchesUpstream,
  failed,
  startClaudeBatches,
  succeeded,
} from '../support/claude-batches.ts'
import { eventually } from '../support/processes.ts'
import { COMPLETE_SETTINGS, type EdgeHarness, startEdgeHarness } from '../support/stack-harness.ts'

const ALICE = 'alice-key-of-these-tests'
const BOB = 'bob-key-of-these-tests'

let claude: ClaudeBatchesUpstream
let edge: EdgeHarness
let settings: Record<string, string>
beforeAll(async () => {
  claude = await startClaudeBatches(3)
  const { ALLOW_ANONYMOUS: _, ...complete } = COMPLETE_SETTINGS
  settings = { ...complete, ROUTER_KEYS: `alice:${ALICE},bob:${BOB}`, ANTHROPIC_BASE_URL: claude.url }
  edge = await startEdgeHarness(settings)
})
afterAll(async () => {
  await edge?.stop()
  await claude?.close()
})

const bindings = () => edge.harness.getWorker<LedgerBindings>().getEnv()

testBatchBook('Durable Objects', async () => {
  const { ACCOUNT } = await bindings()
  return {
    book: createDurableBatchBook(ACCOUNT),
    accounts: createDurableAccounts(ACCOUNT),
    now: () => Date.now(),
  }
})

/** Whatever host an address names, the Worker is asked: that an address is not the router's is looked at by the test. */
function clientOf(apiKey: string, hosts: string[] = []): Anthropic {
  return new Anthropic({
    apiKey,
    baseURL: 'http://router.test',
    maxRetries: 0,
    fetch: async (input, init) => {
      const { host, pathname, search } = new URL(input instanceof Request ? input.url : input)
      hosts.push(host)
      const { signal: _, ...rest } = init ?? {}
      const reply = await edge.harness.fetch(
        `${pathname}${search}`,
        rest as Parameters<typeof edge.harness.fetch>[1],
      )
      return new Response(await reply.text(), {
        status: reply.status,
        headers: Object.fromEntries(reply.headers),
      })
    },
  })
}

const request = (custom_id: string) => ({
  custom_id,
  params: {
    model: 'claude-haiku-5-5',
    max_tokens: 50,
    messages: [{ role: 'user' as const, content: 'Hello' }],
  },
})

test('every method of the SDK does what it does at Anthropic', async () => {
  const hosts: string[] = []
  const { batches } = clientOf(ALICE, hosts).messages
  const made = await batches.create({ requests: [request('a'), request('b')] })
  expect(made).toMatchObject({ type: 'message_batch', processing_status: 'in_progress', results_url: null })
  expect(await batches.retrieve(made.id)).toEqual(made)
  await expect(batches.results(made.id)).rejects.toThrow('results_url')
  claude.end(made.id, succeeded('a', {}, 'claude-haiku-5-5') + failed('b', 'expired'))
  const results = []
  for await (const row of await batches.results(made.id)) results.push([row.custom_id, row.result.type])
  expect(results).toEqual([
    ['a', 'succeeded'],
    ['b', 'expired'],
  ])
  // The SDK goes where results_url leads: to the router, and nowhere else.
  expect(hosts).not.toContain('api.anthropic.com')
  const others = []
  for (let at = 0; at < 4; at++) others.unshift((await batches.create({ requests: [request('x')] })).id)
  const listed = []
  for await (const batch of batches.list({ limit: 2 })) listed.push(batch.id)
  expect(listed).toEqual([...others, made.id])
  expect((await batches.cancel(others[0] ?? '')).processing_status).toBe('canceling')
  expect(await batches.delete(made.id)).toEqual({ id: made.id, type: 'message_batch_deleted' })
  await expect(batches.retrieve(made.id)).rejects.toMatchObject({ status: 404 })
})

test('another tenant’s client finds nothing, in the beta’s form as well', async () => {
  const made = await clientOf(ALICE).beta.messages.batches.create(
    { requests: [request('a')] },
    { query: { beta: 'true' } },
  )
  expect(claude.hits.at(-1)?.path).toBe('/v1/messages/batches?beta=true')
  const bob = clientOf(BOB)
  await expect(bob.beta.messages.batches.retrieve(made.id)).rejects.toMatchObject({ status: 404 })
  await expect(bob.messages.batches.cancel(made.id)).rejects.toMatchObject({ status: 404 })
  expect((await bob.messages.batches.list()).data).toEqual([])
})

test('batches outlive the isolates, and results are counted once before and after', async () => {
  const { batches } = clientOf(BOB).messages
  const made = await batches.create({ requests: [request('a')] })
  claude.end(made.id, succeeded('a', {}, 'claude-haiku-5-5'))
  const fetchAll = async () => {
    let rows = 0
    for await (const _ of await clientOf(BOB).messages.batches.results(made.id)) rows += 1
    return rows
  }
  expect(await fetchAll()).toBe(1)
  await edge.restartWith({ ...settings, HEARTBEAT_MS: '9000' })
  expect(await fetchAll()).toBe(1)
  const query = { from: 0, to: Date.UTC(2100, 0, 1), groupBy: [], timezone: 'UTC' } as const
  await eventually('the receipt', async () => {
    const [row] = await createDurableLedger(await bindings(), 1).usage({ tenant: 'bob' }, query)
    return row?.totals.requests === 1 && row.totals.costNanoUsd === (1_000 * 0.05 + 100 * 0.25) * 1_000
  })
})
