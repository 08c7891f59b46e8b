/** Batches over HTTP, between a client and a Claude on a real port: whose they are, what they may take, what they cost. */
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  type ClaudeBatchesUpstream,
  failed,
  say,
  startClaudeBatches,
  succeeded,
} from '../../support/claude-batches.ts'
import { ADMIN_KEY, ALICE_KEY, BOB_KEY, CLAUDE_KEY, CLIENT_CLAUDE_KEY } from '../../support/edge/canaries.ts'
import { loggedLines } from '../../support/edge/log-collector.ts'
import { createMemoryLedger } from '../../support/edge/memory-ledger.ts'
import { createTestRouter } from '../../support/edge/router.ts'
import { createSqliteTenants } from '../../support/edge/sqlite-accounts.ts'
import { CONTAINER_URL, networkFetch, readiness, ready } from '../../support/edge/upstreams.ts'
import { eventually } from '../../support/processes.ts'

const NOON = Date.UTC(2026, 10, 23)
const LIMITS = JSON.stringify({ alice: { tenant: { usdPerDay: 0.01, tokensPerDay: 1_000_000 } } })

let claude: ClaudeBatchesUpstream
beforeEach(async () => {
  claude = await startClaudeBatches(2)
})
afterEach(() => claude.close())

async function start(settings: Record<string, string> = {}) {
  const ledger = await createMemoryLedger({ now: () => NOON })
  const tenants = createSqliteTenants(() => NOON)
  const toEither = (url: string, init: RequestInit) =>
    url.startsWith(CONTAINER_URL) ? networkFetch(url, init) : fetch(url, init)
  const effects = { ledger, ...tenants, fetch: toEither }
  const router = await createTestRouter({ ANTHROPIC_BASE_URL: claude.url, ...settings }, effects)
  const call = async (method: string, path = '', key = ALICE_KEY, headers: Record<string, string> = {}) =>
    router.request(`/v1/messages/batches${path}`, { method, headers: { 'x-api-key': key, ...headers } })
  const create = async (
    body: unknown = batchOf('one'),
    key = ALICE_KEY,
    headers: Record<string, string> = {},
  ) => router.post(body, { 'x-api-key': key, ...headers }, { path: '/v1/messages/batches' })
  const idOf = async (response: Response): Promise<string> => {
    expect(response.status).toBe(200)
    return JSON.parse(await response.text()).id
  }
  const totals = async (tenant = 'alice') => {
    const query = { from: 0, to: NOON * 2, groupBy: [], timezone: 'UTC' } as const
    const [row] = await ledger.usage({ tenant }, query)
    return row?.totals
  }
  const budget = async (): Promise<Record<string, { used: number; reserved: number } | undefined>> => {
    const response = await router.request('/v1/router/budgets/alice', { headers: { 'x-api-key': ADMIN_KEY } })
    const { usage } = JSON.parse(await response.text())
    return Object.fromEntries(usage.map((use: { limit: string }) => [use.limit, use]))
  }
  return { router, ledger, tenants, call, create, idOf, totals, budget }
}

function batchOf(...ids: readonly string[]) {
  return { requests: ids.map((id) => entry(id)) }
}

function entry(customId: string, params: Record<string, unknown> = {}) {
  return {
    custom_id: customId,
    params: {
      model: 'claude-haiku-4-5',
      max_tokens: 100,
      messages: [{ role: 'user', content: 'Hello' }],
      ...params,
    },
  }
}

async function messageOf(response: Response): Promise<string> {
  return JSON.parse(await response.text()).error.message
}

test('a batch reaches Claude byte for byte, with the router’s key and the client’s headers', async () => {
  const { create, idOf } = await start()
  const body =
    ' {"requests" : [ {"params":{"max_tokens":1.0e2,"model":"claude-haiku-4-5","messages":[{"role":"user","content":"Gr\\u00fc\u00dfe 🌍"}],"x_n":12345678901234567890},\n"custom_id":"a" } ], "future": {"b":1,"a":2} }\n'
  const response = await create(body, ALICE_KEY, { 'anthropic-beta': 'b-1', 'x-router-session': 's' })
  await idOf(response)
  const [hit] = claude.hits
  expect(hit).toMatchObject({ method: 'POST', path: '/v1/messages/batches', body })
  expect(hit?.headers).toMatchObject({
    'x-api-key': CLAUDE_KEY,
    'anthropic-beta': 'b-1',
    'anthropic-version': '2023-06-01',
    'content-type': 'application/json',
  })
  expect(Object.keys(hit?.headers ?? {}).filter((name) => name.startsWith('x-router'))).toEqual([])
})

test('a batch is its tenant’s alone: for another it does not exist, and Claude is not asked', async () => {
  const { create, idOf, call } = await start()
  const id = await idOf(await create())
  const foreign = claude.make()
  const asked = claude.hits.length
  for (const [method, path] of [
    ['GET', ''],
    ['POST', '/cancel'],
    ['DELETE', ''],
    ['GET', '/results'],
  ] as const) {
    const bobs = await call(method, `/${id}${path}`, BOB_KEY)
    const unknown = await call(method, `/${foreign}${path}`, BOB_KEY)
    expect([bobs.status, unknown.status]).toEqual([404, 404])
    const says = (text: string) => text.replaceAll(/msgbatch_\w+/g, 'ID')
    expect(says(await messageOf(bobs))).toBe(says(await messageOf(unknown)))
  }
  expect((await call('GET', '/..%2F..%2Fmodels')).status).toBe(404)
  expect(claude.hits).toHaveLength(asked)
  expect((await call('GET', `/${id}`)).status).toBe(200)
})

test('the list holds one’s own, newest first, page by page, whatever others have made in between', async () => {
  const { create, idOf, call } = await start()
  const own: string[] = []
  for (let at = 0; at < 5; at++) {
    own.unshift(await idOf(await create()))
    await create(batchOf('x'), BOB_KEY)
    claude.make()
  }
  const page = async (query: string, key = ALICE_KEY) =>
    JSON.parse(await (await call('GET', query, key)).text())
  const first = await page('?limit=2')
  expect(first.data.map(({ id }: { id: string }) => id)).toEqual(own.slice(0, 2))
  expect(first).toMatchObject({ has_more: true, first_id: own[0], last_id: own[1] })
  expect(first.data[0]).toMatchObject({ type: 'message_batch', future_field: 1 })
  const rest = await page(`?limit=10&after_id=${own[1]}`)
  expect(rest.data.map(({ id }: { id: string }) => id)).toEqual(own.slice(2))
  expect(rest.has_more).toBe(false)
  const back = await page(`?limit=2&before_id=${own[3]}`)
  expect(back.data.map(({ id }: { id: string }) => id)).toEqual(own.slice(1, 3))
  expect(await page('', ADMIN_KEY)).toEqual({ data: [], has_more: false, first_id: null, last_id: null })
  for (const query of [
    '?limit=0',
    '?limit=1001',
    '?limit=x',
    '?after_id=msgbatch_9999',
    '?before_id=a&after_id=b',
  ])
    expect((await call('GET', query)).status).toBe(400)
})

test('a list goes on behind a batch that was deleted at Claude past the router', async () => {
  const { create, idOf, call } = await start()
  const own: string[] = []
  for (let at = 0; at < 4; at++) own.unshift(await idOf(await create()))
  await fetch(`${claude.url}/v1/messages/batches/${own[1]}`, { method: 'DELETE' })
  const response = await call('GET', `?after_id=${own[1]}`)
  const { data, has_more } = JSON.parse(await response.text())
  expect([data.map(({ id }: { id: string }) => id), has_more]).toEqual([own.slice(2), false])
})

test('the results’ address is the router’s, and nothing else of a batch changes', async () => {
  const { create, idOf, call } = await start()
  const id = await idOf(await create())
  claude.end(id, '')
  const text = await (await call('GET', `/${id}`)).text()
  expect(text).toContain(`"results_url":"http://localhost/v1/messages/batches/${id}/results"`)
  expect(JSON.parse(text)).toMatchObject({ id, processing_status: 'ended', future_field: 1 })
  const secure = await call('GET', `/${id}`, ALICE_KEY, { 'x-forwarded-proto': 'https' })
  expect(await secure.text()).toContain('"results_url":"https://localhost/')
  const listed = JSON.parse(await (await call('GET')).text())
  expect(listed.data[0].results_url).toBe(`http://localhost/v1/messages/batches/${id}/results`)
})

test('a deleted batch is forgotten, and what Claude refuses is passed on', async () => {
  const { create, idOf, call } = await start()
  const id = await idOf(await create())
  claude.next((response) =>
    say(response, 400, { type: 'error', error: { type: 'invalid_request_error', message: 'still running' } }),
  )
  const refused = await call('DELETE', `/${id}`)
  expect([refused.status, await messageOf(refused)]).toEqual([400, 'still running'])
  expect(JSON.parse(await (await call('POST', `/${id}/cancel`)).text())).toMatchObject({
    processing_status: 'canceling',
  })
  expect(await (await call('DELETE', `/${id}`)).json()).toEqual({ id, type: 'message_batch_deleted' })
  expect((await call('GET', `/${id}`)).status).toBe(404)
})

test.each([
  [{ 'x-router-privacy': 'local' }, {}],
  [{ 'x-router-force': 'local' }, {}],
  [{}, { LLM_STRATEGY: 'local_only' }],
  [{ 'x-router-strategy': 'local_only' }, {}],
] as const)('nothing of a batch goes to Claude with %o and %o', async (headers, settings) => {
  const { create } = await start(settings)
  const response = await create(batchOf('a'), ALICE_KEY, headers)
  expect(response.status).toBe(400)
  expect(await messageOf(response)).toContain('Batches are answered by Claude only')
  expect(claude.hits).toEqual([])
})

test('privacy holds for every method', async () => {
  const { create, idOf, call } = await start()
  const id = await idOf(await create())
  const asked = claude.hits.length
  const local = { 'x-router-privacy': 'local' }
  for (const [method, path] of [
    ['GET', ''],
    ['GET', `/${id}`],
    ['POST', `/${id}/cancel`],
    ['DELETE', `/${id}`],
    ['GET', `/${id}/results`],
  ] as const)
    expect((await call(method, path, ALICE_KEY, local)).status).toBe(400)
  expect(claude.hits).toHaveLength(asked)
})

test.each([
  ['{"requests":{}}', /requests: must be an array/],
  ['{}', /requests: must be an array/],
  ['[]', /must be a JSON object/],
  ['{"requests":[{"custom_id":"a"}]}', /requests\.0\.params: must be a Messages request/],
  [
    { requests: [entry('a'), entry('b', { model: 'auto' })] },
    /requests\.1\.params\.model: "auto" is no model of Claude's/,
  ],
  [{ requests: [entry('a', { model: 'local' })] }, /"local" is no model/],
  [{ requests: [entry('a', { model: 'tiny-model' })] }, /"tiny-model" is no model/],
  ['{"requests":[],"requests":[]}', /appears twice/],
])('%j is refused in words', async (body, message) => {
  const { create } = await start()
  const response = await create(body)
  expect(response.status).toBe(400)
  expect(await messageOf(response)).toMatch(message)
  expect(claude.hits).toEqual([])
})

test('what may be the local model’s name gets to Claude in no moment, its server starting or away', async () => {
  const asked = (model: string) => ({ requests: [entry('a'), entry('b', { model })] })
  for (const state of [
    () => Response.json({ status: 'loading', model: null }, { status: 503 }),
    () => Response.error(),
  ]) {
    readiness.answer(state)
    const { create, idOf } = await start()
    const before = claude.hits.length
    for (const model of ['tiny-model', 'qwen3-8b']) {
      const response = await create(asked(model))
      expect(response.status).toBe(400)
      expect(await messageOf(response)).toMatch(
        /^requests\.1\.params\.model: ".*" may be the local model, which has not said its name yet/,
      )
    }
    expect(claude.hits).toHaveLength(before)
    await idOf(await create())
    await idOf(await create(asked('us.anthropic.claude-opus-5-5')))
  }
  readiness.answer(() => ready())
  const known = await start()
  expect(await messageOf(await known.create(asked('tiny-model')))).toContain('is no model of Claude')
  // Of another vendor's models Claude says itself that there are none.
  await known.idOf(await known.create(asked('qwen3-8b')))
  readiness.answer(() => Response.error())
  for (const settings of [{ LOCAL_LLM_MODEL: 'mine' }, { LOCAL_LLM_ENABLED: 'false' }])
    await known.idOf(await (await start(settings)).create(asked('qwen3-8b')))
})

test('a key asks for its models only, in a batch as elsewhere, however often they are named', async () => {
  const keys = [{ id: 'alice', key: ALICE_KEY, models: ['claude-haiku-*'] }]
  const { create } = await start({ ROUTER_KEYS: JSON.stringify(keys) })
  const refused = await create({ requests: [entry('a'), entry('b', { model: 'claude-opus-5-5' })] })
  expect([refused.status, await messageOf(refused)]).toEqual([403, expect.stringContaining('claude-haiku-*')])
  const twice =
    '{"requests":[{"custom_id":"a","params":{"model":"claude-opus-5-5","max_tokens":1,"model":"claude-haiku-4-5"}}]}'
  const hidden = await create(twice)
  expect([hidden.status, await messageOf(hidden)]).toEqual([400, expect.stringContaining('appears twice')])
  expect(claude.hits).toEqual([])
  expect((await create()).status).toBe(200)
})

test('without a key for Claude a batch gets the clear 503 of any request', async () => {
  const { create } = await start({ ANTHROPIC_API_KEY: '' })
  const response = await create()
  expect([response.status, await messageOf(response)]).toEqual([
    503,
    expect.stringContaining('ANTHROPIC_API_KEY'),
  ])
})

test('each row of results gets one receipt at batch price, however often they are fetched', async () => {
  const { create, idOf, call, totals, ledger } = await start()
  const id = await idOf(await create(batchOf('a', 'b', 'c', 'd', 'e')))
  const results = [
    succeeded('a'),
    succeeded('b', { cache_read_input_tokens: 1_000, service_tier: undefined }),
    failed('c', 'errored'),
    failed('d', 'canceled'),
    failed('e', 'expired').trimEnd(),
  ].join('')
  claude.end(id, results)
  for (let times = 0; times < 3; times++) {
    const response = await call('GET', `/${id}/results`)
    expect(response.headers.get('content-type')).toBe('application/x-jsonl')
    expect(await response.text()).toBe(results)
    await eventually('the receipts', async () => (await totals())?.requests === 5)
  }
  // Half of 1 and 5 USD a million: 1,000 + 1,000 in, 200 out, and 1,000 read from the cache.
  expect(await totals()).toMatchObject({
    requests: 5,
    completed: 2,
    failed: 2,
    cancelled: 1,
    inputTokens: 2_000,
    outputTokens: 200,
    costNanoUsd: (2_000 * 0.5 + 200 * 2.5 + 1_000 * 0.05) * 1_000,
    savedNanoUsd: 0,
    unpriced: 0,
  })
  const { receipts } = await ledger.list({ tenant: 'alice' }, {}, { limit: 10 })
  expect(receipts.map(({ surface, reason }) => [surface, reason])).toEqual(
    Array(5).fill(['batches', 'batch']),
  )
  expect(JSON.stringify(receipts)).not.toContain('answer-canary')
})

test('results that break off are broken for the client, and the rows that came are counted once', async () => {
  const { create, idOf, call, totals } = await start()
  const id = await idOf(await create(batchOf('a', 'b')))
  claude.end(id, (response) => {
    response.writeHead(200, { 'content-type': 'application/x-jsonl' })
    // The end of a chunked answer is missing.
    response.write(succeeded('a') + succeeded('b').slice(0, 40), () => response.socket?.end())
  })
  await expect((await call('GET', `/${id}/results`)).text()).rejects.toThrow()
  await eventually('one receipt', async () => (await totals())?.requests === 1)
  claude.end(id, succeeded('a') + succeeded('b'))
  await (await call('GET', `/${id}/results`)).text()
  await eventually('two receipts', async () => (await totals())?.requests === 2)
})

test.each([
  ['of a kind that nobody knows', '{"custom_id":"b","result":{"type":"paused"}}\n', true],
  ['that is broken', `${succeeded('b').slice(0, 60)}\n`, false],
  ['that has not come', '', false],
])(
  'a row %s counts as the largest request of its batch, the others as what they took',
  async (_, row, isFinal) => {
    const { create, idOf, call, totals, budget } = await start({ LIMITS })
    const spent = async () => ((await budget()).usdPerDay?.used ?? 0) * 1e6
    await idOf(await create({ requests: [entry('alone', { max_tokens: 200 })] }))
    const largest = await spent()
    const id = await idOf(
      await create({ requests: [entry('a'), entry('b', { max_tokens: 200 }), entry('c')] }),
    )
    const [read, last] = [succeeded('a', { input_tokens: 8, output_tokens: 2 }), failed('c', 'expired')]
    claude.end(id, read + row + last)
    for (let times = 0; times < 2; times++) {
      expect(await (await call('GET', `/${id}/results`)).text()).toBe(read + row + last)
      await eventually('two receipts', async () => (await totals())?.requests === 2)
      await eventually('the bound of one row', async () => Math.abs((await spent()) - 2 * largest - 9) < 1)
    }
    claude.end(id, read + succeeded('b', { input_tokens: 16, output_tokens: 4 }) + last)
    await (await call('GET', `/${id}/results`)).text()
    if (isFinal) expect((await totals())?.requests).toBe(2)
    else await eventually('what it took', async () => Math.abs((await spent()) - largest - 27) < 1)
    expect(loggedLines().find(({ message }) => message.endsWith('Batch results'))).toMatchObject({
      level: 'error',
      fields: { rows: 2, missing: 1, all: isFinal },
    })
  },
)

test.each([
  ['nothing', ''],
  ['an error', '{"type":"error","error":{"type":"api_error","message":"upstream-canary"}}'],
  ['two lines of something else', '<html>\n<p>upstream-canary</p>\n'],
])(
  'what ends well and holds %s leaves the batch booked, and its rows are counted when they come',
  async (_, body) => {
    const { create, idOf, call, totals, budget } = await start({ LIMITS })
    const id = await idOf(await create(batchOf('a', 'b')))
    const booked = (await budget()).usdPerDay?.used
    claude.end(id, body)
    expect(await (await call('GET', `/${id}/results`)).text()).toBe(body)
    await eventually('the end of the results', () =>
      loggedLines().some(({ message, fields }) => message.endsWith('Batch results') && fields.batch === id),
    )
    expect((await budget()).usdPerDay?.used).toBe(booked)
    claude.end(id, succeeded('a') + succeeded('b'))
    await (await call('GET', `/${id}/results`)).text()
    await eventually('two receipts', async () => (await totals())?.requests === 2)
    await eventually('what was used', async () => (await budget()).usdPerDay?.used !== booked)
  },
)

test('a page of a proxy in the place of results is no answer', async () => {
  const { create, idOf, call } = await start()
  const id = await idOf(await create(batchOf('a')))
  claude.end(id, (response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
    response.end('<h1>proxy-canary</h1>')
  })
  const response = await call('GET', `/${id}/results`)
  expect(response.status).toBe(502)
  expect(await response.text()).not.toContain('proxy-canary')
})

test('results are pulled as they are read, and closed when the client leaves', async () => {
  const { create, idOf, call, totals } = await start()
  const id = await idOf(await create())
  const closed = Promise.withResolvers<void>()
  let written = 0
  claude.end(id, (response) => {
    response.on('close', () => closed.resolve())
    response.writeHead(200, { 'content-type': 'application/x-jsonl' })
    const more = () => {
      while (!response.destroyed) {
        written += 1
        if (!response.write(succeeded(`row-${written}`, { padding: 'x'.repeat(10_000) }))) break
      }
    }
    response.on('drain', more)
    more()
  })
  const body = (await call('GET', `/${id}/results`)).body
  const reader = body?.getReader()
  await reader?.read()
  let before = -1
  await eventually('Claude waits', async () => {
    const waits = before === written
    before = written
    return waits
  })
  // Sockets buffer some megabytes; a router that does not wait would take all there is.
  expect(written).toBeLessThan(3_000)
  await reader?.cancel()
  await closed.promise
  await eventually('the rows that came', async () => ((await totals())?.requests ?? 0) > 0)
})

test('a batch counts as the most that it can take until its results say what it took', async () => {
  const { create, idOf, call, budget } = await start({ LIMITS })
  const id = await idOf(await create(batchOf('a', 'b')))
  const booked = (await budget()).usdPerDay
  expect(booked?.reserved).toBe(0)
  // Two answers of 100 tokens at 2.50 USD a million, and the prompts.
  expect(booked?.used).toBeGreaterThan(0.0005)
  expect(booked?.used).toBeLessThan(0.001)
  claude.end(id, succeeded('a', { input_tokens: 8, output_tokens: 2 }) + failed('b', 'expired'))
  for (let times = 0; times < 2; times++) {
    await (await call('GET', `/${id}/results`)).text()
    await eventually('what it took', async () => (await budget()).usdPerDay?.used === 9e-6)
  }
  expect((await budget()).tokensPerDay).toMatchObject({ used: 10, reserved: 0 })
})

test('a batch that could take more than is left is held back, and says why', async () => {
  const { create, budget } = await start({ LIMITS })
  const response = await create({ requests: [entry('a', { max_tokens: 60_000 })] })
  expect(response.status).toBe(429)
  const message = await messageOf(response)
  expect(message).toContain('$0.0100 a day')
  expect(message).toContain('A batch counts as a whole')
  const unpriced = await create({ requests: [entry('a', { model: 'claude-unheard-of-9' })] })
  expect([unpriced.status, await messageOf(unpriced)]).toEqual([
    403,
    expect.stringContaining('claude-unheard-of-9'),
  ])
  expect((await budget()).usdPerDay).toMatchObject({ used: 0, reserved: 0 })
  expect(claude.hits).toEqual([])
})

test('a batch that Claude refuses takes nothing', async () => {
  const { create, budget } = await start({ LIMITS })
  claude.next((response) =>
    say(response, 429, { type: 'error', error: { type: 'rate_limit_error', message: 'too many batches' } }),
  )
  const response = await create()
  expect([response.status, await messageOf(response)]).toEqual([429, 'too many batches'])
  expect((await budget()).usdPerDay).toMatchObject({ used: 0, reserved: 0 })
})

const held = async (answer: (response: ServerResponse) => void, settings: Record<string, string> = {}) => {
  const { create, budget, ...rest } = await start({ LIMITS, ...settings })
  claude.next(answer)
  const { status } = await create()
  return { status, used: (await budget()).usdPerDay?.used ?? 0, create, budget, ...rest }
}
const doubts = () => loggedLines().filter(({ message }) => message.includes('A batch may exist'))

test.each([
  ['no answer in time', () => {}, { CLAUDE_TIMEOUT_MS: '50' }, 504, {}],
  [
    'an answer that breaks off',
    (response: ServerResponse): void => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' })
      response.write('{"id":"msgbatch_', () => response.socket?.destroy())
    },
    {},
    502,
    { status: 200 },
  ],
  ['an answer of nobody’s', (response: ServerResponse) => say(response, 200, []), {}, 502, { status: 200 }],
  [
    'a proxy that gives up',
    (response: ServerResponse): void => {
      response.writeHead(502).end('<html>')
    },
    {},
    502,
    { status: 502 },
  ],
] as const)(
  'a batch that Claude may have made stays counted: %s',
  async (_, answer, settings, status, told) => {
    const { status: answered, used } = await held(answer, settings)
    expect(answered).toBe(status)
    expect(used).toBeGreaterThan(0)
    expect(doubts()).toMatchObject([{ level: 'error', fields: { tenant: 'alice', ...told } }])
  },
)

test.each([
  [401, 502],
  [402, 503],
  [403, 502],
  [413, 413],
])('a refusal of Claude’s with %i takes nothing', async (claudes, status) => {
  const { status: answered, used } = await held((response) =>
    say(response, claudes, { type: 'error', error: { type: 'api_error', message: 'no' } }),
  )
  expect([answered, used]).toEqual([status, 0])
  expect(doubts()).toEqual([])
})

test('a batch that could not be sent takes nothing', async () => {
  const { create, budget } = await start({ LIMITS, ANTHROPIC_BASE_URL: 'http://127.0.0.1:1' })
  expect((await create()).status).toBe(503)
  expect([(await budget()).usdPerDay?.used, doubts()]).toEqual([0, []])
})

test('an upload may take longer than an answer may take to begin', async () => {
  const late = (response: ServerResponse) => {
    const id = claude.make()
    setTimeout(() => say(response, 200, { id }), 50)
  }
  const { status, call } = await held(late, { CLAUDE_HEADERS_MS: '1' })
  expect(status).toBe(200)
  claude.next(() => {})
  expect((await call('GET', '/msgbatch_0001')).status).toBe(504)
})

test('results that are on their way when their batch is deleted are counted', async () => {
  const { create, idOf, call, totals, budget } = await start({ LIMITS })
  const id = await idOf(await create(batchOf('a', 'b')))
  const deleted = Promise.withResolvers<void>()
  claude.end(id, async (response) => {
    response.writeHead(200, { 'content-type': 'application/x-jsonl' })
    response.write(succeeded('a', { input_tokens: 8, output_tokens: 2 }))
    await deleted.promise
    response.end(failed('b', 'expired'))
  })
  const results = await call('GET', `/${id}/results`)
  expect((await call('DELETE', `/${id}`)).status).toBe(200)
  expect((await call('GET', `/${id}`)).status).toBe(404)
  deleted.resolve()
  await results.text()
  await eventually('the receipts', async () => (await totals())?.requests === 2)
  await eventually('what it took', async () => (await budget()).usdPerDay?.used === 9e-6)
})

test('each refused call of a tenant leaves one line of the log, and one of nobody’s none', async () => {
  const { create, call } = await start({ LIMITS })
  await create('{}')
  await create({ requests: [entry('a', { max_tokens: 60_000 })] })
  claude.next((response) =>
    say(response, 413, { type: 'error', error: { type: 'request_too_large', message: 'too large' } }),
  )
  await create()
  await call('GET', '/msgbatch_9999')
  await call('GET', '', 'wrong-key')
  const told = loggedLines().filter(({ message }) => message === '[Router] Batch call refused')
  expect(told.map(({ fields: { tenant, method, status, code } }) => [tenant, method, status, code])).toEqual([
    ['alice', 'POST', 400, 'invalid_request'],
    ['alice', 'POST', 429, 'rate_limited'],
    ['alice', 'POST', 413, undefined],
    ['alice', 'GET', 404, 'not_found'],
  ])
})

test('under limits for end users a batch is of one user', async () => {
  const limits = JSON.stringify({ alice: { user: { tokensPerDay: 100_000 } } })
  const { create, ledger, idOf, call, totals } = await start({ LIMITS: limits })
  const of = (...users: string[]) => ({
    requests: users.map((user_id, at) => entry(`r${at}`, { metadata: { user_id } })),
  })
  const several = await create(of('ann', 'ben'))
  expect([several.status, await messageOf(several)]).toEqual([
    400,
    expect.stringContaining('a batch for each user'),
  ])
  expect(
    (
      await create({
        requests: [
          entry('a', { max_tokens: 64_000, metadata: { user_id: 'ann' } }),
          entry('b', { max_tokens: 64_000 }),
        ],
      })
    ).status,
  ).toBe(429)
  const id = await idOf(await create(of('ann', 'ann')))
  claude.end(id, succeeded('r0'))
  await (await call('GET', `/${id}/results`)).text()
  await eventually('the receipt', async () => (await totals())?.requests === 1)
  const { receipts } = await ledger.list({ tenant: 'alice' }, { user: 'ann' }, { limit: 10 })
  expect(receipts).toHaveLength(1)
})

test('a batch that cannot be remembered is cancelled, and its client told', async () => {
  const tenants = createSqliteTenants(() => NOON)
  const batchBook = { ...tenants.batchBook, bind: () => Promise.reject(new Error('storage-canary')) }
  const router = await createTestRouter(
    { ANTHROPIC_BASE_URL: claude.url },
    { batchBook, fetch: (url, init) => fetch(url, init) },
  )
  const response = await router.post(batchOf('a'), {}, { path: '/v1/messages/batches' })
  expect([response.status, await messageOf(response)]).toEqual([
    503,
    expect.stringContaining('was cancelled'),
  ])
  await eventually(
    'the cancellation',
    async () => claude.hits.at(-1)?.path === '/v1/messages/batches/msgbatch_0001/cancel',
  )
})

test('where nothing can be remembered Claude is not asked', async () => {
  const tenants = createSqliteTenants(() => NOON)
  const batchBook = { ...tenants.batchBook, find: () => Promise.reject(new Error('storage-canary')) }
  const router = await createTestRouter(
    { ANTHROPIC_BASE_URL: claude.url },
    { batchBook, fetch: (url, init) => fetch(url, init) },
  )
  const response = await router.post(batchOf('a'), {}, { path: '/v1/messages/batches' })
  expect(response.status).toBe(503)
  expect(await messageOf(response)).toMatch(/none was made/)
  expect(claude.hits).toEqual([])
})

test('what answers in Claude’s place is no batch', async () => {
  const { create } = await start()
  for (const page of ['<html>proxy-canary</html>', '[]', '{"id":"../x"}', '{}']) {
    claude.next((response) => {
      response.writeHead(200, { 'content-type': 'text/html' })
      response.end(page)
    })
    const response = await create()
    expect(response.status).toBe(502)
    expect(await response.text()).not.toContain('canary')
  }
})

test('where clients pay with keys of their own, a batch is paid with the key and belongs to it', async () => {
  const settings = {
    ROUTER_KEYS: '',
    ALLOW_ANONYMOUS: 'true',
    CLAUDE_KEY_SOURCE: 'client',
    ANTHROPIC_API_KEY: '',
  }
  const { create, idOf, call } = await start(settings)
  const other = 'sk-ant-canary-client-9876543210'
  const id = await idOf(await create(batchOf('a'), CLIENT_CLAUDE_KEY))
  expect(claude.hits[0]?.headers['x-api-key']).toBe(CLIENT_CLAUDE_KEY)
  expect((await call('GET', `/${id}`, CLIENT_CLAUDE_KEY)).status).toBe(200)
  expect((await call('GET', `/${id}`, other)).status).toBe(404)
})

test('a HEAD request opens no results that nobody reads', async () => {
  const { create, idOf, call } = await start()
  const id = await idOf(await create())
  const closed = Promise.withResolvers<void>()
  claude.end(id, (response) => {
    response.on('close', () => closed.resolve())
    response.writeHead(200, { 'content-type': 'application/x-jsonl' })
    response.write(succeeded('a'))
  })
  const response = await call('HEAD', `/${id}/results`)
  expect([response.status, await response.text()]).toEqual([200, ''])
  await closed.promise
})
