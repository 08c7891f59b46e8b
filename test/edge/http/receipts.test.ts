/** The ledger's endpoints over HTTP: who sees what, pages and exports, sums, feedback, and every wrong question. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import type { Ledger } from '../../../edge/ledger/ledger.ts'
import type { SqlDatabase } from '../../../edge/storage/sql-database.ts'
import { databasesIn } from '../../../llm/sqlite-ledger.ts'
import { readLabelledRequests } from '../../../training/labelled-requests.ts'
import { ADMIN_KEY, BOB_KEY, COMPLEX_PROMPT, SIMPLE_PROMPT } from '../../support/edge/canaries.ts'
import { loggedLines } from '../../support/edge/log-collector.ts'
import { createMemoryLedger } from '../../support/edge/memory-ledger.ts'
import { receiptRecord } from '../../support/edge/receipt-records.ts'
import { ask, createTestRouter, type TestRouter } from '../../support/edge/router.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const NOW = Date.UTC(2026, 10, 23)
const HOUR = 3_600_000
const ALICE = { 'x-api-key': 'canary-alice-key-0123456789' }
const BOB = { 'x-api-key': BOB_KEY }
const ADMIN = { 'x-api-key': ADMIN_KEY }

type Caller = typeof ALICE
const get = async (router: TestRouter, path: string, headers: Caller = ALICE) =>
  router.request(`/v1/router/${path}`, { headers })
const read = async (router: TestRouter, path: string, headers: Caller = ALICE) => {
  const response = await get(router, path, headers)
  expect(response.status, path).toBe(200)
  return JSON.parse(await response.text())
}
const feedback = (router: TestRouter, id: string, body: unknown, headers: Caller = ALICE) =>
  router.request(`/v1/router/requests/${id}/feedback`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

/** A router whose ledger holds these receipts, oldest first, one an hour. */
async function routerWith(
  fields: readonly Parameters<typeof receiptRecord>[1][],
  settings: Readonly<Record<string, string>> = {},
) {
  const ledger = await createMemoryLedger()
  const records = fields.map((each, index) => receiptRecord(NOW - (fields.length - index) * HOUR, each))
  for (const record of records) await ledger.append(record)
  return { router: await createTestRouter(settings, { ledger }), records, ledger }
}

test('shows the receipt of an answer that was just given, with its money in USD', async () => {
  const router = await createTestRouter()
  const response = await router.post(ask())
  const id = response.headers.get('x-router-request-id') ?? ''
  await response.text()
  await vi.waitFor(async () => expect((await get(router, `requests/${id}`)).status).toBe(200))
  expect(await read(router, `requests/${id}`)).toMatchObject({
    id,
    tenant: 'alice',
    route: 'local',
    costUsd: 0,
    baselineUsd: 0.000094,
    savedUsd: 0.000094,
    savedNanoUsd: 94_000,
    feedback: null,
  })
})

test('shows a tenant its own receipts and the administrator all, or one tenant’s', async () => {
  const { router, records } = await routerWith([{ tenant: 'alice' }, { tenant: 'bob' }])
  const [alices, bobs] = records.map(({ id }) => id)
  const idsOf = async (query: string, caller: Caller) =>
    (await read(router, `requests${query}`, caller)).data.map(({ id }: { id: string }) => id)
  expect(await idsOf('', ALICE)).toEqual([alices])
  expect(await idsOf('?tenant=alice', ALICE)).toEqual([alices])
  expect(await idsOf('', BOB)).toEqual([bobs])
  expect(await idsOf('', ADMIN)).toEqual([bobs, alices])
  expect(await idsOf('?tenant=bob', ADMIN)).toEqual([bobs])
  expect((await get(router, `requests/${alices}`, BOB)).status).toBe(404)
  expect((await get(router, `requests/${alices}`, ADMIN)).status).toBe(200)
  expect((await feedback(router, alices ?? '', { feedback: 'bad' }, BOB)).status).toBe(404)
  for (const path of ['requests?tenant=alice', 'usage?tenant=alice'])
    expect((await get(router, path, BOB)).status).toBe(403)
  expect((await router.request('/v1/router/usage')).status).toBe(401)
})

test('gives pages that hold everything once, and filters by what a receipt says', async () => {
  const { router, records } = await routerWith(
    Array.from({ length: 7 }, (_, index) => ({
      user: index % 2 === 0 ? 'anna' : null,
      route: index < 3 ? ('local' as const) : ('claude' as const),
      outcome: index === 6 ? ('broken' as const) : ('completed' as const),
    })),
  )
  const newestFirst = records.map(({ id }) => id).toReversed()
  const found: string[] = []
  let cursor: string | null = null
  do {
    const query: string = cursor === null ? '' : `&cursor=${cursor}`
    const page = await read(router, `requests?limit=3${query}`)
    found.push(...page.data.map(({ id }: { id: string }) => id))
    cursor = page.cursor
  } while (cursor !== null)
  expect(found).toEqual(newestFirst)
  const count = async (query: string) => (await read(router, `requests?${query}`)).data.length
  expect(await count('user=anna')).toBe(4)
  expect(await count('route=local')).toBe(3)
  expect(await count('outcome=broken')).toBe(1)
  expect(await count('model=claude-haiku-5-5&fallback=timeout&cache=miss&task=simple_qa')).toBe(7)
  expect(await count('user=nobody')).toBe(0)
  expect(await count('from=2026-11-22T22:00Z')).toBe(2)
  expect(await count('from=3h&to=1h')).toBe(2)
})

test('exports all that meets a filter as lines', async () => {
  const { router, records } = await routerWith(Array.from({ length: 450 }, () => ({})))
  const linesOf = async (query: string) => {
    const response = await get(router, `requests?format=jsonl${query}`)
    expect(response.headers.get('content-type')).toBe('application/jsonl; charset=utf-8')
    return (await response.text())
      .trimEnd()
      .split('\n')
      .map((line): { id: string } => JSON.parse(line))
  }
  const exported = await linesOf('')
  expect(exported.map(({ id }) => id)).toEqual(records.map(({ id }) => id).toReversed())
  expect(exported[0]).toMatchObject({ costUsd: 0.000001, savedUsd: 0.000004 })
  expect(await linesOf('&limit=201')).toHaveLength(201)
  const none = await get(router, 'requests?format=jsonl&user=nobody')
  expect(await none.text()).toBe('')
})

test('leaves an export that nobody reads any more', async () => {
  const ledger = await createMemoryLedger()
  for (let at = 0; at < 450; at++) await ledger.append(receiptRecord(NOW - at * 1_000))
  const list = vi.fn(ledger.list)
  const router = await createTestRouter({}, { ledger: { ...ledger, list } })
  const response = await get(router, 'requests?format=jsonl')
  await response.body?.cancel()
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(list.mock.calls.length).toBeLessThan(3)
})

test('keeps feedback with the receipt, the last word of several', async () => {
  const { router, records } = await routerWith([{ tenant: 'alice' }])
  const id = records[0]?.id ?? ''
  for (const word of ['good', 'should_be_claude']) {
    const response = await feedback(router, id, { feedback: word })
    expect(await response.json()).toEqual({ id, feedback: word })
  }
  expect(await read(router, `requests/${id}`)).toMatchObject({ feedback: 'should_be_claude' })
  expect((await read(router, 'requests?feedback=good')).data).toEqual([])
  expect((await read(router, 'requests?feedback=should_be_claude')).data).toHaveLength(1)
  expect((await feedback(router, id, { feedback: 'fine' })).status).toBe(400)
  expect((await feedback(router, id, {})).status).toBe(400)
  expect((await feedback(router, 'req_unknown', { feedback: 'good' })).status).toBe(404)
})

test('makes rows for training out of feedback on requests whose content is kept', async () => {
  const router = await createTestRouter({ LOG_CONTENT: 'full' })
  const give = async (prompt: string, word: string) => {
    const response = await router.post(ask(prompt))
    await response.text()
    const id = response.headers.get('x-router-request-id') ?? ''
    await vi.waitFor(async () => expect((await feedback(router, id, { feedback: word })).status).toBe(200))
  }
  await give(SIMPLE_PROMPT, 'should_be_claude')
  await give(COMPLEX_PROMPT, 'good')
  await give(`${COMPLEX_PROMPT} Again.`, 'should_be_local')
  await (await router.post(ask('Hi there!'))).text()
  const response = await get(router, 'requests?format=training', ADMIN)
  const file = join(temporaryFolder(), 'feedback.jsonl')
  writeFileSync(file, await response.text())
  const rows = readLabelledRequests([file], 'skip')
  expect(rows.map(({ complex, request }) => [complex, request.messages[0]?.content])).toEqual([
    [true, SIMPLE_PROMPT],
    [false, `${COMPLEX_PROMPT} Again.`],
  ])
  const limited = await get(router, 'requests?format=training&limit=2', ADMIN)
  // Of two receipts with feedback one says nothing of the label.
  expect((await limited.text()).trim().split('\n')).toHaveLength(1)
})

test('shows content in a receipt and in exports, and not in lists', async () => {
  const content = { request: '{"messages":[]}', answer: '[]' }
  const { router, records } = await routerWith([{ content }])
  expect(await read(router, `requests/${records[0]?.id}`)).toMatchObject({ content })
  expect((await read(router, 'requests')).data[0]).not.toHaveProperty('content')
  expect(await (await get(router, 'requests?format=jsonl')).text()).toContain('"content"')
})

test('adds up, by group and over time, with rent, net saving and the share of unknown prices', async () => {
  const { router } = await routerWith(
    [
      { route: 'local', costNanoUsd: 0, savedNanoUsd: 5_000 },
      { tenant: 'bob', latencyMs: 90 },
      { costNanoUsd: null, savedNanoUsd: null },
      { user: null },
    ],
    { CONTAINER_USD_PER_MONTH: '30' },
  )
  const usage = await read(router, 'usage?from=2026-11-01&to=2026-12-01&groupBy=tenant,route', ADMIN)
  expect(usage).toMatchObject({
    from: '2026-11-01T00:00:00.000Z',
    to: '2026-12-01T00:00:00.000Z',
    timezone: 'UTC',
    groupBy: ['tenant', 'route'],
    baselineModel: 'claude-sonnet-5-5',
    // Of the month 22 days of 30 are over, and the first receipt is of the last of them.
    containerUsd: 1,
    totals: {
      requests: 4,
      unpriced: 1,
      unpricedShare: 0.25,
      identified: 3,
      costUsd: 0.000002,
      savedUsd: 0.000013,
      fallbacks: { timeout: 4 },
    },
    netSavedUsd: -0.999987,
  })
  expect(usage.data).toHaveLength(3)
  const bobs = usage.data.find(({ group }: { group: { tenant: string } }) => group.tenant === 'bob')
  expect(bobs).toMatchObject({ group: { route: 'claude' }, totals: { requests: 1, latencyMs: { p50: 88 } } })
  // Of one tenant the rent of the whole says nothing.
  expect(await read(router, 'usage', BOB)).toMatchObject({ containerUsd: 0, totals: { requests: 1 } })
  const csv = await get(router, 'usage?groupBy=tenant&format=csv', ADMIN)
  expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  expect((await csv.text()).split('\r\n').filter((line) => /^(alice|bob),/.test(line))).toHaveLength(2)
})

test('rent counts from the day of the first receipt on, whosever it is and also where receipts are over', async () => {
  const at = (day: number, month = 10) => Date.UTC(2026, month, day, 15)
  const clock = { now: at(3) }
  const ledger = await createMemoryLedger({ now: () => clock.now, retentionDays: 1 })
  const CONTAINER_USD_PER_MONTH = '30'
  const settings = { CONTAINER_USD_PER_MONTH }
  const rentSince = async (from: string) => {
    const router = await createTestRouter(settings, { ledger })
    return (await read(router, `usage?from=${from}&to=2026-12-01`, ADMIN)).containerUsd
  }
  expect(await rentSince('2026-11-01')).toBe(0)
  await ledger.append(receiptRecord(at(20), { tenant: 'bob' }))
  await ledger.append(receiptRecord(at(13)))
  expect(await rentSince('2026-01-01')).toBe(10)
  expect(await rentSince('2026-11-21')).toBe(2)
  // The month is over and only its sums are kept: what is asked a year later begins on the same day.
  const later = await createMemoryLedger({ now: () => clock.now, retentionDays: 1 })
  await later.append(receiptRecord(at(13, 8)))
  clock.now = at(10)
  await later.tend()
  const router = await createTestRouter(settings, { ledger: later })
  expect((await read(router, 'usage?from=2026-09-01&to=2026-10-01', ADMIN)).containerUsd).toBe(18)
})

test('who asks without a key pays the rent only where nobody has a key', async () => {
  const CONTAINER_USD_PER_MONTH = '30'
  const { router } = await routerWith([{}], {
    CONTAINER_USD_PER_MONTH,
    ALLOW_ANONYMOUS: 'true',
    ROUTER_KEYS: '',
  })
  const rentOf = async (headers?: HeadersInit) => {
    const response = await router.request('/v1/router/usage?from=2026-11-01', headers ? { headers } : {})
    return JSON.parse(await response.text()).containerUsd
  }
  expect(await rentOf()).toBeGreaterThan(0)
  const made = await router.request('/v1/router/keys', {
    method: 'POST',
    headers: { ...ADMIN, 'content-type': 'application/json' },
    body: JSON.stringify({ tenant: 'carol' }),
  })
  const { key } = JSON.parse(await made.text())
  expect(await rentOf({ 'x-api-key': key })).toBe(0)
  expect(await rentOf()).toBe(0)
  expect(await rentOf(ADMIN)).toBeGreaterThan(0)
})

test('sums are those of the receipts to the last nano-dollar, in every grouping', async () => {
  const { router, records } = await routerWith(
    Array.from({ length: 60 }, (_, index) => ({
      tenant: index % 3 === 0 ? 'bob' : 'alice',
      user: `user-${index % 5}`,
      costNanoUsd: 100_000_007 * index,
      baselineNanoUsd: 200_000_011 * index,
      savedNanoUsd: 100_000_004 * index,
    })),
  )
  const cost = records.reduce((sum, { costNanoUsd }) => sum + (costNanoUsd ?? 0), 0)
  for (const groupBy of [
    '',
    'tenant',
    'user',
    'tenant,user',
    'model,route,task',
    'day',
    'hour',
    'user,day',
  ]) {
    const query = groupBy === '' ? '' : `?groupBy=${groupBy}`
    const { data, totals } = await read(router, `usage${query}`, ADMIN)
    expect(totals.costNanoUsd, groupBy).toBe(cost)
    const sum = data.reduce(
      (all: number, row: { totals: { costNanoUsd: number } }) => all + row.totals.costNanoUsd,
      0,
    )
    expect(sum, groupBy).toBe(cost)
  }
})

test('says of nothing that it is nothing', async () => {
  const { router } = await routerWith([])
  expect(await read(router, 'requests')).toEqual({ data: [], cursor: null, unread: [] })
  expect(await read(router, 'usage?groupBy=day')).toMatchObject({ data: [], totals: { requests: 0 } })
  expect((await get(router, 'requests/req_0123456789abcdef')).status).toBe(404)
})

const WRONG: readonly (readonly [string, RegExp])[] = [
  ['requests?limit=0', /limit must be a whole number from 1 to 200/],
  ['requests?limit=201', /limit must be a whole number from 1 to 200/],
  ['requests?limit=ten', /limit must be a whole number/],
  ['requests?cursor=nonsense', /cursor must be the one that came with the page before/],
  ['requests?cursor=x&format=jsonl', /cursor goes with format=json/],
  ['requests?route=cloud', /route must be one of local, claude, cache/],
  ['requests?task=chat', /task must be one of simple_chat/],
  ['requests?outcome=ok', /outcome must be one of completed, refused/],
  ['requests?cache=no', /cache must be one of hit, miss, bypass/],
  ['requests?feedback=fine', /feedback must be one of good, bad/],
  ['requests?format=xml', /format must be one of json, jsonl, training/],
  ['requests?from=yesterday', /from must be a date/],
  ['requests?to=2026-02-30', /to must be a date/],
  ['requests?from=1h&to=2h', /from must be before to/],
  ['requests?timezone=Mars/Olympus', /timezone must be an IANA name/],
  ['requests?usr=anna', /There is no parameter "usr"\. Possible: from, to,/],
  ['requests?user=', /user is empty/],
  ['requests?user=a&user=b', /user is given twice/],
  ['usage?groupBy=colour', /groupBy must be some of tenant, user, model/],
  ['usage?groupBy=day,day', /groupBy names a group twice/],
  ['usage?groupBy=day,hour', /groupBy takes day or hour/],
  ['usage?groupBy=user,model', /groupBy: user goes with tenant and day, not with model/],
  ['usage?format=jsonl', /format must be one of json, csv/],
  ['usage?from=2026-12-01', /from must be before to/],
  ['usage?timezone=CET-1', /timezone must be an IANA name/],
  ['usage?limit=3', /There is no parameter "limit"/],
]
test.each(WRONG)('answers %s with 400 and says what is wrong', async (path, message) => {
  const { router } = await routerWith([])
  const response = await get(router, path)
  expect(response.status).toBe(400)
  const { type, error } = JSON.parse(await response.text())
  expect(type).toBe('error')
  expect(error).toMatchObject({ type: 'invalid_request_error', message: expect.stringMatching(message) })
})

test('shows what can be read where one object cannot be, and says whose receipts are lacking', async () => {
  const databases = databasesIn(':memory:')
  const bobs = new Map<string, SqlDatabase>()
  const open = async (name: string): Promise<SqlDatabase> => {
    const database = await databases(name)
    if (!name.endsWith(':bob')) return database
    bobs.set(name, { ...database })
    return {
      ...database,
      exec: (...given) => (bobs.get(name) ?? database).exec(...given),
      scan: (...given) => (bobs.get(name) ?? database).scan(...given),
    }
  }
  const ledger = await createMemoryLedger({ open })
  await ledger.append(receiptRecord(NOW - HOUR))
  await ledger.append(receiptRecord(NOW - HOUR, { tenant: 'bob' }))
  const router = await createTestRouter({}, { ledger })
  expect(await read(router, 'usage', ADMIN)).toMatchObject({ totals: { requests: 2 }, unread: [] })
  const broken = () => {
    throw new Error('internals-canary')
  }
  for (const [name, database] of bobs) bobs.set(name, { ...database, exec: broken, scan: broken })
  const unread = [{ tenant: 'bob', month: '2026-11' }]
  expect(await read(router, 'usage', ADMIN)).toMatchObject({ totals: { requests: 1 }, unread })
  const page = await read(router, 'requests', ADMIN)
  expect(page).toMatchObject({ data: [{ tenant: 'alice' }], cursor: null, unread })
  expect(await read(router, 'usage')).toMatchObject({ totals: { requests: 1 }, unread: [] })
  // Neither a table nor an export can say what it lacks; and of bob nothing is left that could be shown.
  for (const [path, caller] of [
    ['usage?format=csv', ADMIN],
    ['requests?format=jsonl', ADMIN],
    ['usage', BOB],
  ] as const)
    expect((await get(router, path, caller)).status, path).toBe(503)
})

test('counts what reached limits did, and finds the receipts of it', async () => {
  const effects = ['cheaper', 'cheaper', 'local', 'refused', null] as const
  const { router } = await routerWith(effects.map((budget) => ({ budget })))
  const { totals } = await read(router, 'usage')
  expect(totals).toMatchObject({ budgetCheaper: 2, budgetLocal: 1, budgetRefused: 1 })
  expect((await read(router, 'requests?budget=cheaper')).data).toHaveLength(2)
  expect((await get(router, 'requests?budget=dear')).status).toBe(400)
  const csv = await (await get(router, 'usage?format=csv')).text()
  expect(csv).toContain('budgetCheaper,budgetLocal,budgetRefused')
})

test('says that the ledger cannot be read, and nothing of why', async () => {
  const failing = () => Promise.reject(new TypeError('internals-canary'))
  const ledger = { list: failing, find: failing, usage: failing, giveFeedback: failing }
  const memory = await createMemoryLedger()
  const router = await createTestRouter({}, { ledger: { ...memory, ...ledger } satisfies Ledger })
  for (const path of [
    'requests',
    'requests?format=jsonl',
    'requests?format=training',
    'requests/x',
    'usage',
  ]) {
    const response = await get(router, path)
    expect(response.status, path).toBe(503)
    expect(await response.text()).not.toContain('canary')
  }
  expect((await feedback(router, 'x', { feedback: 'good' })).status).toBe(503)
  expect(loggedLines()).toHaveLength(6)
})
