/**
 * Many requests at once while both upstreams misbehave in a tenth of them, by a seed: every one ends in one way, leaves one
 * receipt and nothing else. In large and for hours: npm run bench:faults. Real sockets, real workerd.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seededRandom } from '../../inference/engine/text/sampler.ts'
import { FAILS_AFTER_FIRST_WORD, FAILS_BEFORE_FIRST_WORD } from '../support/container-faults.ts'
import { eventually } from '../support/processes.ts'
import { COMPLEX, eventNames, type Reply, SIMPLE } from '../support/stack-client.ts'
import { type FaultStack, startFaultStack } from '../support/stack-faults.ts'
import type { Script } from '../support/upstream.ts'
import { CLAUDE_ANSWER, claudeAnswers, LOCAL_ANSWER, localAnswers } from '../support/upstream-messages.ts'
import { pause } from '../support/upstream-steps.ts'

const REQUESTS = 150
const SEED = 20_261_127
const ADMIN_KEY = 'admin-key-of-these-tests'
const KEY = 'key-of-load-0123456789'
const AS_LOAD = { 'x-api-key': KEY }

let stack: FaultStack
beforeAll(async () => {
  stack = await startFaultStack(
    {
      ALLOW_ANONYMOUS: '',
      ROUTER_KEYS: `load:${KEY}`,
      ADMIN_KEY,
      LIMITS: JSON.stringify({ load: { tenant: { concurrent: 100_000 } } }),
      CLAUDE_HEADERS_MS: '3000',
    },
    AS_LOAD,
  )
})
afterAll(() => stack?.stop())

test('F62 F63 under faults of both upstreams every request ends, with one receipt, and nothing is left open', async () => {
  await stack.recover()
  const random = seededRandom(SEED)
  const broken: Script[] = [
    ...Object.values(FAILS_BEFORE_FIRST_WORD),
    ...Object.values(FAILS_AFTER_FIRST_WORD),
  ]
  const faulty = (usual: Script): Script => [
    async (exchange) => {
      const script = random() < 0.1 ? broken[Math.floor(random() * broken.length)] : undefined
      for (const step of script ?? [pause(20), ...usual]) {
        if (exchange.socket.destroyed) return
        await step(exchange)
      }
    },
  ]
  stack.container.usually(faulty(localAnswers))
  stack.claude.usually(faulty(claudeAnswers))
  const replies = await Promise.all(
    Array.from({ length: REQUESTS }, (_, index) =>
      stack.client.ask(index % 3 === 0 ? COMPLEX : SIMPLE, {
        stream: index % 2 === 0,
        headers: AS_LOAD,
        fields: { metadata: { user_id: `u${index}` } },
      }),
    ),
  )
  for (const reply of replies) expectOneEnd(reply)
  // Most are answered: faults are a tenth, and those of the container are made up for.
  expect(replies.filter(({ status }) => status === 200).length).toBeGreaterThan(REQUESTS / 2)
  await eventually('every receipt', async () => (await usersWithReceipts()).length >= REQUESTS)
  await eventually('no connection is left', () =>
    [stack.container, stack.claude].every((upstream) => upstream.openConnections() === 0),
  )
  await eventually('nothing is on its way in the books', async () => (await concurrent()) === 0)
  const users = await usersWithReceipts()
  expect(users).toHaveLength(REQUESTS)
  expect(new Set(users).size).toBe(REQUESTS)
})

function expectOneEnd({ status, body }: Reply): void {
  expect(body.includes(LOCAL_ANSWER.model) && body.includes(CLAUDE_ANSWER.model)).toBe(false)
  if (body.startsWith('{')) {
    expect(JSON.parse(body).type).toBe(status === 200 ? 'message' : 'error')
    return
  }
  expect(status).toBe(200)
  const names = eventNames(body)
  const ends = names.filter((name) => name === 'message_stop' || name === 'error')
  expect(ends).toHaveLength(1)
  expect(names.at(-1)).toBe(ends[0])
  expect(names.filter((name) => name === 'message_start').length).toBeLessThanOrEqual(1)
}

/** The end user of every receipt that names one: the requests that brought the edge back to health name none. */
async function usersWithReceipts(): Promise<string[]> {
  const { body } = await stack.client.get('/v1/router/requests?format=jsonl', { 'x-api-key': ADMIN_KEY })
  return body
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => JSON.parse(line).user ?? [])
}

async function concurrent(): Promise<number> {
  const { body } = await stack.client.get('/v1/router/budgets/load', { 'x-api-key': ADMIN_KEY })
  const { usage }: { usage: { limit: string; used: number }[] } = JSON.parse(body)
  return usage.find(({ limit }) => limit === 'concurrent')?.used ?? 0
}
