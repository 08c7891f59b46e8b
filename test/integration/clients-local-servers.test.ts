/**
 * Several local servers behind one router: the least busy is asked, one that fails is left out and comes back.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ask, createTestRouter, type TestRouter } from '../support/edge/router.ts'
import { networkFetch } from '../support/edge/upstreams.ts'
import { eventually } from '../support/processes.ts'
import { type Script, startUpstream, type Upstream } from '../support/upstream.ts'
import { localAnswers, streamFrames } from '../support/upstream-messages.ts'
import { chunk, complete, head, respond } from '../support/upstream-steps.ts'

let first: Upstream
let second: Upstream
let waits: Record<string, number>
let router: TestRouter

const readiness = (name: string): Script => [
  async (exchange) => {
    const body = JSON.stringify({
      status: 'ready',
      model: name,
      maxInputTokens: 1_000,
      expectedWaitMs: waits[name],
    })
    for (const step of respond(200, body)) await step(exchange)
  },
]

beforeAll(async () => {
  first = await startUpstream({ usual: localAnswers, other: readiness('first') })
  second = await startUpstream({ usual: localAnswers, other: readiness('second') })
})
afterAll(() => Promise.all([first.close(), second.close()]))
beforeEach(async () => {
  first.reset()
  second.reset()
  waits = { first: 0, second: 0 }
  router = await createTestRouter(
    { LOCAL_LLM_URL: `${first.url}/, ${second.url}/v1` },
    { fetch: (url, init) => (/127\.0\.0\.1/.test(url) ? fetch(url, init) : networkFetch(url, init)) },
  )
})

const routeOf = async () => {
  const response = await router.post(ask(), { 'x-router-cache': 'skip' })
  await response.text()
  return response.headers.get('x-router-route')
}

test('the server with the least expected wait is asked', async () => {
  waits = { first: 900, second: 100 }
  expect(await routeOf()).toBe('local')
  expect([first.hits.length, second.hits.length]).toEqual([0, 1])
})

test('servers that expect the same wait are asked in turn, also at once', async () => {
  await routeOf()
  await Promise.all(Array.from({ length: 5 }, routeOf))
  expect([first.hits.length, second.hits.length]).toEqual([3, 3])
})

test('a server that says in its answer that it is busy is asked last', async () => {
  const busy = head(200, {
    'content-type': 'text/event-stream',
    'transfer-encoding': 'chunked',
    'x-expected-wait-ms': '2000',
  })
  const frames = streamFrames({ model: 'first', pieces: ['Hello'] })
  first.next([busy, ...frames.map((text) => chunk(text)), complete])
  expect(await routeOf()).toBe('local')
  expect(await routeOf()).toBe('local')
  expect([first.hits.length, second.hits.length]).toEqual([1, 1])
})

test('a server that fails is left out, and comes back when it is well', async () => {
  const failure = respond(503, '{}', { 'content-type': 'application/json', 'retry-after': '1' })
  first.next(failure)
  expect(await routeOf()).toBe('claude')
  for (let count = 0; count < 3; count++) expect(await routeOf()).toBe('local')
  expect([first.hits.length, second.hits.length]).toEqual([1, 3])
  router.advance(2_000)
  await eventually('the first server is asked again', async () => {
    await routeOf()
    return first.hits.length > 1
  })
})

test('a server of which nothing is left is as good as not there', async () => {
  await first.close()
  try {
    await routeOf()
    for (let count = 0; count < 3; count++) await routeOf()
    expect(await routeOf()).toBe('local')
    expect(second.hits.length).toBeGreaterThan(0)
  } finally {
    await first.reopen()
  }
})
