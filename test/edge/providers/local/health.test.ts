/** What is known of a local server: learnt beside requests, forgotten in time, and never at a client's cost. */
import { HttpResponse } from 'msw/http'
import { expect, test } from 'vitest'
import { createLocalHealth } from '../../../../edge/providers/local/health.ts'
import { localMessagesProtocol } from '../../../../edge/providers/local/messages-protocol.ts'
import { RouterError } from '../../../../shared/errors.ts'
import { uniformTrust } from '../../../../shared/model-card.ts'
import { LOCAL_SECRET } from '../../../support/edge/canaries.ts'
import { collectLog, loggedLines } from '../../../support/edge/log-collector.ts'
import {
  CONTAINER_URL,
  networkFetch,
  readiness,
  ready,
  refused,
  silence,
} from '../../../support/edge/upstreams.ts'

function healthOf() {
  const clock = { now: 1_000_000 }
  const work: Promise<unknown>[] = []
  const waitUntil = (promise: Promise<unknown>) => {
    work.push(promise)
  }
  const health = createLocalHealth({
    url: CONTAINER_URL,
    secret: LOCAL_SECRET,
    protocol: localMessagesProtocol,
    fetch: networkFetch,
    log: collectLog,
    now: () => clock.now,
    refreshTimeoutMs: 300,
    longestWaitMs: 4_000,
    longestLastWaitMs: 15_000,
  })
  return {
    health,
    clock,
    waitUntil,
    refresh: () => health.refresh(waitUntil),
    settle: () => Promise.all(work),
    work,
  }
}

const card = {
  trust: { ...uniformTrust('none'), simple_chat: 'set_phrases' },
  languages: ['en'],
  maxTemperature: 0.3,
  exam: 'x',
}
const broken = new RouterError('upstream', 'broken')

test('takes a failure that requests meet together for one', async () => {
  const { health, refresh, waitUntil } = healthOf()
  readiness.answer(refused)
  await Promise.all([refresh(), refresh(), refresh()])
  expect(health.unavailableReason(waitUntil, false)).toBeUndefined()
})

test('refreshes model, card, limit and load in the foreground, once', async () => {
  const { health, refresh } = healthOf()
  expect(health.state()).toBe('unknown')
  readiness.answer(() => ready({ expectedWaitMs: 120, card: { ...card, unheard_of: 1 } }))
  await refresh()
  await refresh()
  expect(health.model()).toEqual({
    name: 'tiny-model',
    card,
    maxInputTokens: 1_000,
    isContainer: true,
    structuredOutputs: false,
  })
  expect(health.state()).toBe('ready')
  expect(health.expectedWaitMs()).toBe(120)
  expect(readiness.hits).toHaveLength(1)
  expect(readiness.hits[0]?.headers.get('x-api-key')).toBe(LOCAL_SECRET)
  expect(loggedLines()).toMatchObject([
    { message: '[Router] Local model is ready', fields: { model: 'tiny-model' } },
  ])
})

test('trusts with nothing where a card of another version cannot be read', async () => {
  for (const unreadable of [{}, 'full', { ...card, trust: { ...card.trust, simple_chat: 'somewhat' } }]) {
    const { health, refresh } = healthOf()
    readiness.answer(() => ready({ card: unreadable }))
    await refresh()
    expect(health.state()).toBe('ready')
    expect(health.model()?.card?.trust).toEqual(uniformTrust('none'))
  }
})

test('refreshes again beside a request after a minute', async () => {
  const { health, clock, refresh, settle, work } = healthOf()
  await refresh()
  readiness.answer(() => ready({ model: 'other-model' }))
  clock.now += 60_001
  await refresh()
  expect(work).toHaveLength(1)
  expect(health.model()?.name).toBe('tiny-model')
  await settle()
  expect(health.model()?.name).toBe('other-model')
})

test('waits for an unknown server once, as long as it is told, and then wakes it beside the requests', async () => {
  const woken = Promise.withResolvers<Response>()
  readiness.answer(silence, () => woken.promise)
  const { health, refresh, waitUntil, settle, work } = healthOf()
  await refresh()
  expect(health.state()).toBe('down')
  for (let at = 0; at < 5; at++) {
    await refresh()
    expect(health.unavailableReason(waitUntil, false)).toMatchObject({ code: 'timeout' })
  }
  expect(work).toHaveLength(1)
  woken.resolve(ready())
  await settle()
  expect(readiness.hits).toHaveLength(2)
  expect(health.unavailableReason(waitUntil, false)).toBeUndefined()
  expect(health.state()).toBe('ready')
})

test('is passed over where its word predicts a late answer, unless nobody else could answer', () => {
  const { health, clock, waitUntil } = healthOf()
  health.noteLoad(new Headers({ 'x-expected-wait-ms': '9000' }))
  expect(health.unavailableReason(waitUntil, false)).toMatchObject({
    code: 'overloaded',
    retryAfterMs: 9_000,
  })
  expect(health.unavailableReason(waitUntil, true)).toBeUndefined()
  // After a second one request finds out; the others leave it alone until that one has told.
  clock.now += 1_000
  expect(health.unavailableReason(waitUntil, false)).toBeUndefined()
  health.begin()
  expect(health.unavailableReason(waitUntil, false)).toMatchObject({
    code: 'overloaded',
    retryAfterMs: 8_000,
  })
  health.noteLoad(new Headers({ 'x-expected-wait-ms': '120' }))
  expect(health.unavailableReason(waitUntil, false)).toBeUndefined()
})

test('forgets a load that was told long ago', () => {
  const { health, clock, waitUntil } = healthOf()
  health.noteLoad(new Headers({ 'x-expected-wait-ms': '9000' }))
  clock.now += 5_000
  expect(health.expectedWaitMs()).toBe(0)
  expect(health.unavailableReason(waitUntil, false)).toBeUndefined()
})

test('does not believe a load that is no number of milliseconds', () => {
  const { health } = healthOf()
  for (const value of ['-1', 'soon', 'NaN', 'Infinity']) {
    health.noteLoad(new Headers({ 'x-expected-wait-ms': value }))
    expect(health.expectedWaitMs(), value).toBe(0)
  }
})

test('is passed over while it loads, and probed once when its wait is over', async () => {
  readiness.answer(() => HttpResponse.json({}, { status: 503, headers: { 'retry-after': '7' } }))
  const { health, clock, waitUntil, refresh, settle, work } = healthOf()
  await refresh()
  expect(health.state()).toBe('waking')
  expect(health.unavailableReason(waitUntil, false)).toMatchObject({ code: 'unavailable' })
  readiness.answer(() => ready())
  clock.now += 7_000
  for (let at = 0; at < 5; at++)
    expect(health.unavailableReason(waitUntil, false)).toMatchObject({ code: 'unavailable' })
  expect(work).toHaveLength(1)
  await settle()
  expect(health.unavailableReason(waitUntil, false)).toBeUndefined()
  expect(health.state()).toBe('ready')
})

test('is passed over after three failures in a row though its readiness page stays good', async () => {
  const { health, clock, waitUntil, settle } = healthOf()
  for (let at = 0; at < 3; at++) {
    expect(health.unavailableReason(waitUntil, false)).toBeUndefined()
    health.begin()
    health.failed(broken, waitUntil)
    await settle()
    clock.now += 3_000
  }
  expect(health.unavailableReason(waitUntil, false)).toBe(broken)
  clock.now += 15_000
  expect(health.unavailableReason(waitUntil, false)).toBe(broken)
  await settle()
  // The page was good again: one request may try, and its failure makes the next wait longer.
  expect(health.unavailableReason(waitUntil, false)).toBeUndefined()
  health.begin()
  expect(health.unavailableReason(waitUntil, false)).toBe(broken)
  expect(() => health.begin()).toThrow(broken)
  health.failed(broken, waitUntil)
  expect(health.unavailableReason(waitUntil, false)).toBe(broken)
  await settle()
  clock.now += 20_000
  expect(health.unavailableReason(waitUntil, false)).toBe(broken)
})

test('is passed over after three failures in a row', async () => {
  readiness.answer(silence)
  const { health, waitUntil } = healthOf()
  health.failed(broken, waitUntil)
  health.failed(broken, waitUntil)
  expect(health.unavailableReason(waitUntil, false)).toBeUndefined()
  health.failed(broken, waitUntil)
  expect(health.unavailableReason(waitUntil, false)).toBe(broken)
})

test('is asked again soon where it refused at once, and is used as soon as it is back', async () => {
  readiness.answer(refused)
  const { health, clock, waitUntil, settle } = healthOf()
  const gone = new RouterError('unavailable', 'refused')
  for (let at = 0; at < 3; at++) health.failed(gone, waitUntil)
  await settle()
  readiness.answer(() => ready())
  clock.now += 2_001
  expect(health.unavailableReason(waitUntil, false)).toMatchObject({ code: 'unavailable' })
  await settle()
  expect(health.unavailableReason(waitUntil, false)).toBeUndefined()
})

test('starts one wake-up call, however many requests fail meanwhile', () => {
  readiness.answer(silence)
  const { health, waitUntil, work } = healthOf()
  health.failed(broken, waitUntil)
  health.failed(broken, waitUntil)
  expect(work).toHaveLength(1)
})

test('holds nothing against it that a client did or that its model cannot do', () => {
  const { health, waitUntil } = healthOf()
  for (const code of ['cancelled', 'unsupported', 'invalid_request', 'declined', 'empty_answer'] as const)
    for (let at = 0; at < 5; at++) health.failed(new RouterError(code, 'x'), waitUntil)
  expect(health.unavailableReason(waitUntil, false)).toBeUndefined()
  expect(health.state()).toBe('unknown')
})

test('takes a page that is no answer for somebody else’s', async () => {
  for (const responder of [
    () => new HttpResponse('<html>internals-canary</html>', { status: 200 }),
    () => HttpResponse.json([1]),
    () => HttpResponse.json({}),
    () => HttpResponse.json({}, { status: 401 }),
    refused,
  ]) {
    readiness.answer(responder)
    const { health, refresh } = healthOf()
    await refresh()
    expect(health.state()).toBe('down')
  }
})
