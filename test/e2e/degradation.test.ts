/**
 * A slow or dead container under HEDGE and FALLBACK_BUDGET: who answers, whose socket is closed, and what a dead container
 * may cost. Real sockets, real workerd.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventNames, SIMPLE } from '../support/stack-client.ts'
import { type FaultStack, startFaultStack } from '../support/stack-faults.ts'
import {
  CLAUDE_ANSWER,
  framesUntilText,
  LOCAL_ANSWER,
  localAnswers,
  streamFrames,
  streamHead,
} from '../support/upstream-messages.ts'
import { chunk, complete, hold, until } from '../support/upstream-steps.ts'

const ADMIN_KEY = 'admin-canary-0123456789'
const PATIENT = { LOCAL_HEADERS_MS: '20000', LOCAL_FIRST_CONTENT_MS: '20000' }

let hedged: FaultStack
let budgeted: FaultStack
beforeAll(async () => {
  hedged = await startFaultStack({ ...PATIENT, HEDGE: '100%:300ms', ADMIN_KEY })
  budgeted = await startFaultStack({ FALLBACK_BUDGET: '2/hour', ADMIN_KEY })
})
afterAll(async () => {
  await hedged?.stop()
  await budgeted?.stop()
})
beforeEach(() => hedged.recover())

type Kept = { readonly route: string; readonly fallback: string | null; readonly attempts: readonly object[] }

/** The receipts of one end user, the newest first: those of the requests that brought the edge back to health are others'. */
async function receiptsOf({ client }: FaultStack, user: string): Promise<readonly Kept[]> {
  const { body } = await client.get(`/v1/router/requests?user=${user}`, { 'x-api-key': ADMIN_KEY })
  return JSON.parse(body).data
}

const askedBy = (user: string) => ({ stream: true, fields: { metadata: { user_id: user } } })

test('a hedge won by Claude: its stream whole, the container’s socket closed, one receipt', async () => {
  hedged.container.next([streamHead, chunk(framesUntilText(LOCAL_ANSWER, 0)), hold])
  const reply = await hedged.client.ask(SIMPLE, askedBy('by-claude'))
  expect(reply.headers.get('x-router-route')).toBe('claude')
  expect(reply.headers.get('x-router-fallback')).toBe('hedged')
  expect(reply.body).toBe(streamFrames(CLAUDE_ANSWER).join(''))
  await hedged.container.hits[0]?.closed
  expect(hedged.claude.hits).toHaveLength(1)
  await expect
    .poll(() => receiptsOf(hedged, 'by-claude'))
    .toMatchObject([{ fallback: 'hedged', attempts: [{ provider: 'local', cause: 'hedged' }] }])
})

test('a hedge won by the container: its stream whole, Claude’s socket closed, what that cost not known', async () => {
  const asked = hedged.claude.received(1)
  hedged.claude.next([hold])
  hedged.container.next([until(asked), ...localAnswers])
  const reply = await hedged.client.ask(SIMPLE, askedBy('by-the-container'))
  expect(reply.headers.get('x-router-route')).toBe('local')
  expect(reply.headers.has('x-router-fallback')).toBe(false)
  expect(reply.headers.get('x-router-attempts')).toBe('2')
  expect(eventNames(reply.body).filter((name) => name === 'message_stop')).toHaveLength(1)
  expect(reply.body).not.toContain('Greetings')
  await hedged.claude.hits[0]?.closed
  await expect
    .poll(() => receiptsOf(hedged, 'by-the-container'))
    .toMatchObject([{ route: 'local', attempts: [{ provider: 'claude', cause: 'hedged', costUsd: null }] }])
})

test('a client that leaves a hedged request closes both sockets', async () => {
  hedged.container.next([hold])
  hedged.claude.next([hold])
  const leave = hedged.client.abandon(SIMPLE, { stream: true })
  await Promise.all([hedged.container.received(1), hedged.claude.received(1)])
  leave()
  await Promise.all([hedged.container.hits[0]?.closed, hedged.claude.hits[0]?.closed])
})

test('privacy never hedges: Claude hears nothing of a slow local answer', async () => {
  const late = new Promise((resolve) => setTimeout(resolve, 1_000))
  hedged.container.next([until(late), streamHead, chunk(streamFrames(LOCAL_ANSWER).join('')), complete])
  const reply = await hedged.client.ask(SIMPLE, { headers: { 'x-router-privacy': 'local' } })
  expect(reply.headers.get('x-router-route')).toBe('local')
  expect(hedged.claude.hits).toHaveLength(0)
})

test('F65 a dead container costs what FALLBACK_BUDGET allows, then simple requests get 503 and complex ones go on', async () => {
  await budgeted.recover()
  await budgeted.container.close()
  const statuses: number[] = []
  for (let count = 0; count < 6; count++) statuses.push((await budgeted.client.ask(SIMPLE)).status)
  expect(statuses).toEqual([200, 200, 503, 503, 503, 503])
  expect(budgeted.claude.hits).toHaveLength(2)
  const refused = await budgeted.client.ask(SIMPLE, { stream: true })
  expect(refused.status).toBe(503)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(refused.headers.get('x-router-reason')).toMatch(/^fallback budget: local \w+$/)
  expect(JSON.parse(refused.body).error.message).toContain('FALLBACK_BUDGET is 2/hour')
  const complex = await budgeted.client.ask(
    'Prove that there are infinitely many primes, step by step, in Lean.',
  )
  expect(complex.headers.get('x-router-route')).toBe('claude')
  await budgeted.container.reopen()
  await budgeted.recover()
})
