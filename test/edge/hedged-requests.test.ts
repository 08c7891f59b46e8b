/** HEDGE through the whole router: who is asked beside whom, who answers, what is recorded, and for whom it never happens. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ReceiptRecord } from '../../edge/ledger/receipt-record.ts'
import { CLAUDE_TEXT, LOCAL_TEXT } from '../support/edge/canaries.ts'
import { requestMessages } from '../support/edge/log-collector.ts'
import { createMemoryLedger } from '../support/edge/memory-ledger.ts'
import { claudeMessage, framesOf, localMessage, readEvents, streamedText } from '../support/edge/messages.ts'
import { ask, createTestRouter } from '../support/edge/router.ts'
import { createSqliteTenants } from '../support/edge/sqlite-accounts.ts'
import {
  answerNonStreaming,
  answerStream,
  claude,
  container,
  errorOf,
  type Responder,
  readiness,
  ready,
  silence,
  streamOf,
} from '../support/edge/upstreams.ts'

const HEDGED = {
  HEDGE: '100%:1ms',
  LOCAL_HEADERS_MS: '600000',
  LOCAL_FIRST_CONTENT_MS: '600000',
  CACHE_TTL_SECONDS: '0',
}

async function routerOf(settings: Record<string, string> = {}) {
  const kept: ReceiptRecord[] = []
  const ledger = await createMemoryLedger()
  const append = async (record: ReceiptRecord) => {
    kept.push(record)
    await ledger.append(record)
  }
  const { accounts } = createSqliteTenants(() => Date.UTC(2026, 10, 23))
  const router = await createTestRouter(
    { ...HEDGED, ...settings },
    { ledger: { ...ledger, append }, accounts },
  )
  return { ...router, kept, accounts }
}

/** Answers when it is let. */
function held(responder: Responder) {
  const gate = Promise.withResolvers<void>()
  return {
    open: gate.resolve,
    responder: (async (hit, index) => {
      await gate.promise
      return responder(hit, index)
    }) satisfies Responder,
  }
}

for (const stream of [false, true]) {
  const kind = stream ? 'stream' : 'JSON'
  const textOf = async (response: Response) =>
    stream
      ? streamedText(readEvents(await response.text()))
      : JSON.parse(await response.text()).content[0].text

  test(`Claude answers for a container that says nothing, which is hung up on: ${kind}`, async () => {
    const arrived = Promise.withResolvers<void>()
    container.answer((hit, index) => {
      arrived.resolve()
      return silence(hit, index)
    })
    claude.answer(async (hit, index) => {
      await arrived.promise
      return answerNonStreaming(claudeMessage())(hit, index)
    })
    const router = await routerOf()
    const response = await router.post(ask('Hello!', { stream }))
    expect(await textOf(response)).toBe(CLAUDE_TEXT)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-router-route': 'claude',
      'x-router-fallback': 'hedged',
      'x-router-attempts': '2',
    })
    expect(container.hits[0]?.signal.aborted).toBe(true)
    await expect.poll(() => router.kept).toHaveLength(1)
    expect(router.kept[0]).toMatchObject({
      fallback: 'hedged',
      attempts: [{ provider: 'local', cause: 'hedged', costNanoUsd: 0 }],
      outcome: 'completed',
    })
    expect(requestMessages()).toEqual(['[Router] Falling back to Claude (local hedged)'])
  })

  test(`the container answers after all, and Claude is hung up on: ${kind}`, async () => {
    const local = held(answerStream(localMessage()))
    container.answer(local.responder)
    claude.answer(silence)
    const router = await routerOf()
    const pending = router.post(ask('Hello!', { stream }))
    await expect.poll(() => claude.hits).toHaveLength(1)
    local.open()
    const response = await pending
    expect(await textOf(response)).toBe(LOCAL_TEXT)
    expect(response.headers.get('x-router-route')).toBe('local')
    expect(response.headers.has('x-router-fallback')).toBe(false)
    expect(response.headers.get('x-router-attempts')).toBe('2')
    expect(response.headers.has('x-router-cost-usd')).toBe(false)
    expect(claude.hits[0]?.signal.aborted).toBe(true)
    await expect.poll(() => router.kept).toHaveLength(1)
    expect(router.kept[0]).toMatchObject({
      attempts: [{ provider: 'claude', cause: 'hedged', costNanoUsd: null }],
      costNanoUsd: null,
    })
  })
}

test('what Claude told of its tokens before it lost is what it cost', async () => {
  const local = held(answerStream(localMessage()))
  container.answer(local.responder)
  const read = Promise.withResolvers<void>()
  claude.answer(() => {
    let pulls = 0
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      if (pulls++ === 0) controller.enqueue(new TextEncoder().encode(framesOf(claudeMessage())[0]))
      else read.resolve()
    }
    const body = new ReadableStream({ pull }, { highWaterMark: 0 })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  })
  const router = await routerOf()
  const pending = router.post(ask('Hello!', { stream: true }))
  await read.promise
  local.open()
  await (await pending).text()
  await expect.poll(() => router.kept).toHaveLength(1)
  const [attempt] = router.kept[0]?.attempts ?? []
  expect(attempt).toMatchObject({ provider: 'claude', cause: 'hedged' })
  expect(attempt?.costNanoUsd).toBeGreaterThan(0)
})

test('an error of Claude’s is nobody’s answer while the container may have one', async () => {
  const local = held(answerStream(localMessage()))
  container.answer(local.responder)
  claude.answer(() => errorOf('invalid_request_error', 400))
  const router = await routerOf()
  const pending = router.post(ask('Hello!'))
  await expect.poll(() => claude.hits).toHaveLength(1)
  local.open()
  expect((await pending).headers.get('x-router-route')).toBe('local')
})

test('nobody is asked beside the container for those who want or may have nobody else, or by default', async () => {
  const patience = { LOCAL_IDLE_MS: '60' }
  container.answer(silence)
  const off = await routerOf({ HEDGE: 'off', LOCAL_HEADERS_MS: '30', LOCAL_FIRST_CONTENT_MS: '30' })
  expect((await off.post(ask('Hello!'))).headers.get('x-router-fallback')).toBe('timeout')
  expect(claude.hits).toHaveLength(1)
  const quick = { ...patience, LOCAL_HEADERS_MS: '30', LOCAL_FIRST_CONTENT_MS: '30' }
  const only = await routerOf({ ...quick, LLM_STRATEGY: 'local_only' })
  const keyless = await routerOf({ ...quick, ANTHROPIC_API_KEY: '', CLAUDE_KEY_SOURCE: 'router' })
  const hybrid = await routerOf(quick)
  const asked: [Awaited<ReturnType<typeof routerOf>>, Record<string, string>][] = [
    [only, {}],
    [keyless, {}],
    [hybrid, { 'x-router-privacy': 'local' }],
    [hybrid, { 'x-router-force': 'local' }],
  ]
  for (const [router, headers] of asked)
    expect((await router.post(ask('Hello!'), headers)).status).toBeGreaterThanOrEqual(500)
  expect(claude.hits).toHaveLength(1)
})

test('the share of requests and the money are kept, by what answers did cost', async () => {
  const inTime = answerStream(localMessage())
  container.answer((hit, index) => (/Hello [13]!/.test(hit.text) ? silence : inTime)(hit, index))
  const router = await routerOf({ HEDGE: '50%:1ms' })
  const routes: (string | null)[] = []
  for (let count = 0; count < 4; count++)
    routes.push((await router.post(ask(`Hello ${count}!`))).headers.get('x-router-route'))
  expect(routes).toEqual(['local', 'claude', 'local', 'claude'])

  const usage = { input_tokens: 1_000_000, output_tokens: 0 }
  claude.answer(answerNonStreaming(claudeMessage({ usage })))
  container.answer((hit, index) => (hit.text.includes('again') ? inTime : silence)(hit, index))
  const bounded = await routerOf({ HEDGE: '100%:1ms:0.4usd/day' })
  expect((await bounded.post(ask('Hello!'))).headers.get('x-router-fallback')).toBe('hedged')
  expect((await bounded.post(ask('Hello again!'))).headers.get('x-router-route')).toBe('local')
  expect(claude.hits).toHaveLength(3)
})

test('before a judge has spoken, the strong model is asked', async () => {
  readiness.answer(() => ready({ judge: { threshold: 0.5 } }))
  container.answer(silence)
  const router = await routerOf()
  const response = await router.post(ask('Give me a nickname for my cat.'))
  expect(response.headers.get('x-router-reason')).toBe('hybrid: unsure, judged by the local model')
  expect(JSON.parse(claude.hits[0]?.text ?? '').model).toBe('claude-sonnet-5-5')
})

test('a tenant’s limits hold what both may take, and what nobody told of counts as that', async () => {
  const local = held(answerStream(localMessage()))
  container.answer(local.responder)
  claude.answer(silence)
  const limits = { '*': { tenant: { tokensPerDay: 100_000, usdPerDay: 1 } } }
  const router = await routerOf({ LIMITS: JSON.stringify(limits) })
  const pending = router.post(ask('Hello!'))
  await expect.poll(() => claude.hits).toHaveLength(1)
  local.open()
  const response = await pending
  expect(response.headers.get('x-router-route')).toBe('local')
  const question = {
    user: undefined,
    limits: { tenant: limits['*'].tenant, user: undefined, timezone: 'UTC' },
  }
  await expect
    .poll(
      async () =>
        (await router.accounts.use('alice', question)).find(({ limit }) => limit === 'usdPerDay')?.used,
    )
    .toBeGreaterThan(0)
})

test('whoever answers, fails or leaves in whatever order: one answer at most, one receipt, no open connection', async () => {
  const router = await routerOf()
  const acts = ['local', 'claude', 'local fails', 'claude fails', 'leave'] as const
  let count = 0
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([...acts], { minLength: 1 }),
      fc.boolean(),
      async (order, stream) => {
        const before = {
          container: container.hits.length,
          claude: claude.hits.length,
          kept: router.kept.length,
        }
        const sides = { local: Promise.withResolvers<Response>(), claude: Promise.withResolvers<Response>() }
        container.answer(() => sides.local.promise)
        claude.answer(() => sides.claude.promise)
        const client = new AbortController()
        const pending = router.post(ask(`Hello ${count++}!`, { stream }), {}, { signal: client.signal })
        const hits = () => [container.hits.length, claude.hits.length]
        await expect.poll(hits).toEqual([before.container + 1, before.claude + 1])
        const does: Record<(typeof acts)[number], () => void> = {
          local: () => sides.local.resolve(streamOf(framesOf(localMessage()))),
          claude: () =>
            sides.claude.resolve(
              stream ? streamOf(framesOf(claudeMessage())) : Response.json(claudeMessage()),
            ),
          'local fails': () => sides.local.resolve(Response.json({}, { status: 400 })),
          'claude fails': () => sides.claude.resolve(errorOf('invalid_request_error', 400)),
          leave: () => client.abort(),
        }
        for (const act of order) {
          does[act]()
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
        client.abort()
        const text = await (await pending).text().catch(() => '')
        expect([LOCAL_TEXT, CLAUDE_TEXT].filter((each) => text.includes(each)).length).toBeLessThanOrEqual(1)
        await expect.poll(() => router.kept.length).toBe(before.kept + 1)
        expect(hits()).toEqual([before.container + 1, before.claude + 1])
        // Whoever has not answered in full is hung up on.
        for (const [side, hit] of [
          ['local', container.hits.at(-1)],
          ['claude', claude.hits.at(-1)],
        ] as const)
          if (!order.some((act) => act.startsWith(side))) expect(hit?.signal.aborted, side).toBe(true)
      },
    ),
    { numRuns: 40 },
  )
})
