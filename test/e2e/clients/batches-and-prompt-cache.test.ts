/**
 * Anthropic's own SDK against the edge as `wrangler dev` runs it, over real sockets: batches from their making to their
 * receipts, and a prompt that Claude keeps. Claude is a stand-in that says what a test sets.
 */
import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type ClaudeBatchesUpstream,
  failed,
  say,
  startClaudeBatches,
  succeeded,
} from '../../support/claude-batches.ts'
import { framesOf, message } from '../../support/edge/messages.ts'
import { eventually } from '../../support/processes.ts'
import { type RunningProgram, startEdge } from '../../support/stack.ts'
import { CLAUDE_KEY } from '../../support/upstream-messages.ts'

const ALICE = 'alice-key-of-these-tests'
const BOB = 'bob-key-of-these-tests'
const MODEL = 'claude-haiku-5-5'
const MARK = { type: 'ephemeral' } as const

let claude: ClaudeBatchesUpstream
let edge: RunningProgram
beforeAll(async () => {
  claude = await startClaudeBatches()
  edge = await startEdge({
    ALLOW_ANONYMOUS: '',
    ROUTER_KEYS: `alice:${ALICE},bob:${BOB}`,
    ANTHROPIC_API_KEY: CLAUDE_KEY,
    ANTHROPIC_BASE_URL: claude.url,
    PROMPT_CACHE: 'auto',
    CACHE_TTL_SECONDS: '0',
  })
})
afterAll(async () => {
  await edge?.stop()
  await claude?.close()
})

const clientOf = (apiKey: string) => new Anthropic({ apiKey, baseURL: edge.url, maxRetries: 0 })
const params = (content: string) => ({
  model: MODEL,
  max_tokens: 50,
  messages: [{ role: 'user' as const, content }],
})

test('a batch is made, looked up, listed, cancelled and read, and its rows leave receipts at batch price', async () => {
  const { batches } = clientOf(ALICE).messages
  const requests = ['a', 'b'].map((custom_id) => ({ custom_id, params: params('Hello') }))
  const made = await batches.create({ requests })
  expect(made).toMatchObject({ type: 'message_batch', processing_status: 'in_progress' })
  expect(claude.hits.at(-1)).toMatchObject({
    body: JSON.stringify({ requests }),
    headers: { 'x-api-key': CLAUDE_KEY },
  })
  const other = await batches.create({ requests })
  expect(await batches.retrieve(made.id)).toEqual(made)
  const listed = []
  for await (const { id } of batches.list({ limit: 1 })) listed.push(id)
  expect(listed).toEqual([other.id, made.id])
  expect((await batches.cancel(other.id)).processing_status).toBe('canceling')

  claude.end(made.id, succeeded('a', {}, MODEL) + failed('b', 'expired'))
  const ended = await batches.retrieve(made.id)
  expect(ended.results_url).toBe(`${edge.url}/v1/messages/batches/${made.id}/results`)
  const rows = []
  for await (const { custom_id, result } of await batches.results(made.id))
    rows.push([custom_id, result.type])
  expect(rows).toEqual([
    ['a', 'succeeded'],
    ['b', 'expired'],
  ])
  const receipts = async () => {
    const response = await fetch(`${edge.url}/v1/router/requests`, { headers: { 'x-api-key': ALICE } })
    return JSON.parse(await response.text()).data.filter(
      ({ surface }: { surface: string }) => surface === 'batches',
    )
  }
  await eventually('a receipt for each row', async () => (await receipts()).length === 2)
  const paid = (await receipts()).find(({ outcome }: { outcome: string }) => outcome === 'completed')
  // Half of 0.10 and 0.50 USD a million.
  expect(paid).toMatchObject({ reason: 'batch', costUsd: (1_000 * 0.05 + 100 * 0.25) / 1e6 })

  await expect(clientOf(BOB).messages.batches.retrieve(made.id)).rejects.toMatchObject({ status: 404 })
  const local = { ...requests[0], custom_id: 'c', params: { ...params('Hello'), model: 'local' } }
  await expect(batches.create({ requests: [local] })).rejects.toThrow('is no model of Claude')
  await batches.delete(made.id)
  await expect(batches.retrieve(made.id)).rejects.toMatchObject({ status: 404 })
})

test('instructions that come again are marked, and the SDK reads what Claude wrote and found', async () => {
  const client = clientOf(ALICE)
  const system = 'Answer as the help desk of a library does. '.repeat(600)
  const usage = (written: number, read: number) => ({
    input_tokens: 12,
    output_tokens: 3,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
  })
  const asked = () => JSON.parse(claude.hits.at(-1)?.body ?? '{}')
  const ask = async (question: string, written: number, read: number) => {
    claude.next((response) =>
      say(response, 200, message('At nine.', { model: MODEL, usage: usage(written, read) })),
    )
    return client.messages.create({ ...params(question), system }).withResponse()
  }
  expect((await ask('When do you open?', 0, 0)).response.headers.get('x-router-prompt-cache')).not.toBe(
    'added',
  )
  expect(asked().system).toBe(system)
  const second = await ask('And on Sunday?', 6_000, 0)
  expect(second.response.headers.get('x-router-prompt-cache')).toBe('added')
  expect(second.data.usage).toMatchObject(usage(6_000, 0))
  expect(asked().system).toEqual([{ type: 'text', text: system, cache_control: MARK }])

  claude.next((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(framesOf(message('At ten.', { model: MODEL, usage: usage(0, 6_000) })).join(''))
  })
  const stream = client.messages.stream({ ...params('And in May?'), system })
  expect((await stream.finalMessage()).usage).toMatchObject(usage(0, 6_000))
  expect(asked().system).toEqual([{ type: 'text', text: system, cache_control: MARK }])

  // Who marks a request itself is left alone.
  const own = [{ type: 'text' as const, text: system, cache_control: { ...MARK, ttl: '1h' as const } }]
  claude.next((response) => say(response, 200, message('At nine.', { model: MODEL, usage: usage(0, 0) })))
  await client.messages.create({ ...params('And in June?'), system: own })
  expect(asked().system).toEqual(own)
})
