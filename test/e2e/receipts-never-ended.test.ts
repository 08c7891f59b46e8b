/**
 * Receipts of requests that never ended: the client is gone or an upstream is silent, and still the receipt is written, once, and
 * says how it was. Real sockets, real workerd, its objects on disk.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventually } from '../support/processes.ts'
import { COMPLEX, SIMPLE } from '../support/stack-client.ts'
import { type FaultStack, startFaultStack } from '../support/stack-faults.ts'
import type { Script } from '../support/upstream.ts'
import { CLAUDE_ANSWER, framesUntilText, streamHead } from '../support/upstream-messages.ts'
import { chunk, hold } from '../support/upstream-steps.ts'

const ADMIN_KEY = 'admin-key-of-these-tests'
const KEY = 'key-of-silence-0123456789'
const AS_TENANT = { 'x-api-key': KEY }
/** Claude's silence in the middle of an answer, ms. */
const IDLE_MS = 1_500
const SILENT: readonly (readonly [string, Script])[] = [
  ['before its headers', [hold]],
  ['after its headers', [streamHead, chunk(framesUntilText(CLAUDE_ANSWER, 0)), hold]],
]

let stack: FaultStack
beforeAll(async () => {
  stack = await startFaultStack(
    {
      ALLOW_ANONYMOUS: '',
      ROUTER_KEYS: `silence:${KEY}`,
      ADMIN_KEY,
      LIMITS: JSON.stringify({ silence: { tenant: { concurrent: 100, usdPerDay: 10 } } }),
      CLAUDE_HEADERS_MS: '2000',
      CLAUDE_FIRST_EVENT_MS: '2000',
      CLAUDE_IDLE_MS: String(IDLE_MS),
      EARLY_HEADERS_MS: '500',
      HEARTBEAT_MS: '100',
    },
    AS_TENANT,
  )
})
afterAll(() => stack?.stop())
beforeEach(() => stack.recover())

test.each(SILENT)(
  'a receipt of a request that never ended: the client goes while Claude is silent %s',
  async (name, script) => {
    const user = `gone ${name}`
    stack.claude.usually(script)
    const opened = await stack.client.open(COMPLEX, asked(user))
    await opened.readUntil(': waiting')
    opened.leave()
    await expectOneReceipt(user, { outcome: 'cancelled', route: null })
  },
)

test.each(SILENT)(
  'a receipt of a request that never ended: Claude is silent %s, and the client waits',
  async (name, script) => {
    const user = `waits ${name}`
    stack.claude.usually(script)
    const reply = await stack.client.ask(COMPLEX, { ...asked(user), stream: true })
    expect(reply.body).toContain('error')
    await expectOneReceipt(user, { outcome: 'failed', route: null })
  },
)

test('a receipt of a request that never ended: Claude falls silent in the middle of its answer', async () => {
  stack.claude.usually([streamHead, chunk(framesUntilText(CLAUDE_ANSWER, 1)), hold])
  const reply = await stack.client.ask(COMPLEX, { ...asked('middle'), stream: true })
  expect(reply.body).toContain('event: error')
  await expectOneReceipt('middle', { outcome: 'broken', route: 'claude' })
})

function asked(user: string) {
  return { headers: AS_TENANT, fields: { metadata: { user_id: user } } }
}

/** Also that its reservation is gone, and that no second receipt comes after the first. */
async function expectOneReceipt(user: string, expected: object): Promise<void> {
  await eventually('the receipt', async () => (await receiptsOf(user)).length > 0)
  await eventually('nothing is on its way in the books', async () => (await usesOf('concurrent')).used === 0)
  expect((await usesOf('usdPerDay')).reserved).toBe(0)
  // A request after it is kept after it: whatever was still to be written is written by then.
  const later = `after ${user}`
  await stack.client.ask(SIMPLE, asked(later))
  await eventually('the receipt of a request after it', async () => (await receiptsOf(later)).length > 0)
  expect(await receiptsOf(user)).toMatchObject([expected])
}

async function receiptsOf(user: string): Promise<readonly object[]> {
  const path = `/v1/router/requests?user=${encodeURIComponent(user)}`
  const { body } = await stack.client.get(path, AS_TENANT)
  const { data }: { data: object[] } = JSON.parse(body)
  return data
}

async function usesOf(limit: string): Promise<{ readonly used: number; readonly reserved: number }> {
  const { body } = await stack.client.get('/v1/router/budgets/silence', { 'x-api-key': ADMIN_KEY })
  const { usage }: { usage: { limit: string; used: number; reserved: number }[] } = JSON.parse(body)
  return usage.find((use) => use.limit === limit) ?? { used: Number.NaN, reserved: Number.NaN }
}
