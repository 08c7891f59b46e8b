/** What clients may send to `POST /v1/messages`, and what they read when they send something else. */
import { expect, test } from 'vitest'
import { ALICE_KEY, COMPLEX_PROMPT, SIMPLE_PROMPT } from '../../support/edge/canaries.ts'
import { expectNoCanary, loggedLines } from '../../support/edge/log-collector.ts'
import { claudeMessage, framesOf } from '../../support/edge/messages.ts'
import { ask, createTestRouter } from '../../support/edge/router.ts'
import { claude, container } from '../../support/edge/upstreams.ts'

const deep = `{"model":"auto","max_tokens":1,"messages":[{"role":"user","content":"Hi"}],"x":${'['.repeat(5_000)}${']'.repeat(5_000)}}`
const withMaxTokens = (text: string) =>
  `{"model":"auto","max_tokens":${text},"messages":[{"role":"user","content":"Hi"}]}`
const valid = JSON.stringify(ask())
const names = [...Array.from({ length: 100_000 }, (_, at) => `x${at}`), 'x99999']
const manyFields = `{${names.map((name) => `"${name}":1`).join(',')}}`

const BAD: [string, string | Uint8Array, number, RegExp][] = [
  ['an empty body', '', 400, /empty/],
  ['something that is not JSON', '{"model":', 400, /not valid JSON/],
  ['JSON with a comma too many', valid.replace('}', ',}'), 400, /not valid JSON/],
  ['an array', '[]', 400, /JSON object/],
  ['null', 'null', 400, /JSON object/],
  ['bytes that are not UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]), 400, /UTF-8/],
  ['objects nested too deep', deep, 400, /64 deep/],
  ['a field twice', valid.replace('{', '{"model":"x",'), 400, /"model" appears twice/],
  ['a field twice, once escaped', valid.replace('{', '{"mod\\u0065l":"x",'), 400, /"model" appears twice/],
  ['the last of a hundred thousand fields twice', manyFields, 400, /"x99999" appears twice/],
  ['no model', valid.replace('"model":"auto",', ''), 400, /^model: /],
  ['an empty model', valid.replace('"auto"', '""'), 400, /^model: must not be empty/],
  [
    'a model of a megabyte',
    valid.replace('"auto"', `"${'x'.repeat(1_000_000)}"`),
    400,
    /^model: must be at most/,
  ],
  ['no messages', '{"model":"auto","max_tokens":1}', 400, /^messages: /],
  ['empty messages', '{"model":"auto","max_tokens":1,"messages":[]}', 400, /at least one message/],
  ['an unknown role', valid.replace('"user"', '"robot"'), 400, /^messages\.0\.role: /],
  ['a message that is none', '{"model":"auto","max_tokens":1,"messages":[1]}', 400, /^messages\.0: /],
  [
    'content that is a number',
    valid.replace(/"content":"[^"]*"/, '"content":1'),
    400,
    /^messages\.0\.content: /,
  ],
  [
    'a block without a type',
    valid.replace(/"content":"[^"]*"/, '"content":[{"text":"x"}]'),
    400,
    /^messages\.0\.content/,
  ],
  ['a stream that is no boolean', valid.replace('{', '{"stream":"yes",'), 400, /^stream: /],
  ['tools that are no array', valid.replace('{', '{"tools":{},'), 400, /^tools: /],
  ['stop sequences that are no texts', valid.replace('{', '{"stop_sequences":[1],'), 400, /^stop_sequences/],
  ...['-1', '1.5', '"5"', '1e400', 'null', 'true'].map((text): [string, string, number, RegExp] => [
    `max_tokens of ${text}`,
    withMaxTokens(text),
    400,
    /^max_tokens: must be a whole number, 0 or more/,
  ]),
]
for (const [what, body, status, message] of BAD)
  test(`answers ${what} with ${status} and says what to change`, async () => {
    const response = await (await createTestRouter()).post(body)
    expect(response.status).toBe(status)
    const error: unknown = JSON.parse(await response.text())
    expect(error).toEqual({
      type: 'error',
      error: { type: 'invalid_request_error', message: expect.stringMatching(message) },
      request_id: expect.stringMatching(/^req_[0-9a-f]{32}$/),
    })
    expect(response.headers.get('request-id')).toMatch(/^req_[0-9a-f]{32}$/)
    expect(claude.hits.length + container.hits.length).toBe(0)
    expectNoCanary(JSON.stringify(error))
  })

test('takes JSON only, and says so', async () => {
  const router = await createTestRouter()
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonx',
    'multipart/form-data',
  ])
    expect((await router.post(valid, { 'content-type': type })).status, type).toBe(415)
  for (const type of [
    'application/json',
    'application/json; charset=utf-8',
    'APPLICATION/JSON',
    'application/vnd.x+json',
  ])
    expect((await router.post(valid, { 'content-type': type })).status, type).toBe(200)
})

test('takes no more than the operator allows, by its word and by its bytes', async () => {
  const router = await createTestRouter({ MAX_BODY_BYTES: '1024' })
  const large = JSON.stringify(ask('x'.repeat(2_000)))
  expect((await router.post(large)).status).toBe(413)
  expect((await router.post(valid, { 'content-length': '5000' })).status).toBe(413)
  let pulled = 0
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled += 512
      controller.enqueue(new Uint8Array(512).fill(0x20))
    },
  })
  const chunked = await router.request('/v1/messages', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': ALICE_KEY, 'content-length': '10' },
    body: endless,
    duplex: 'half',
  } as RequestInit)
  expect(chunked.status).toBe(413)
  expect(JSON.parse(await chunked.text())).toMatchObject({ error: { type: 'request_too_large' } })
  expect(pulled).toBeLessThan(4_096)
})

test('keeps fields that it does not know, byte for byte', async () => {
  const router = await createTestRouter()
  const body = `{ "model":"claude-opus-5-5", "max_tokens": 64.0,"messages":[{"role":"user","content":${JSON.stringify(COMPLEX_PROMPT)},"cache_control":{"type":"ephemeral"}}] ,"new_field":{"x":1.0,"y":"\\u0041"}, "__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}} }`
  const response = await router.post(body)
  expect(response.status).toBe(200)
  expect(claude.hits[0]?.text).toBe(body)
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
})

test('gives JSON from Claude byte for byte', async () => {
  const json = `{ "id":"msg_1","type":"message","role":"assistant","model":"claude-opus-5-5","content":[{"type":"text","text":"claude-answer-canary \\u00e9"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":2},"new":1.0 }\n`
  claude.answer(() => new Response(json, { headers: { 'content-type': 'application/json' } }))
  expect(await (await (await createTestRouter()).post(ask(COMPLEX_PROMPT))).text()).toBe(json)
})

test.each(['auto', 'claude-opus-5-5'])(
  'hands numbers that no double holds on as they came, for %s',
  async (model) => {
    const odd = '"a_new_field":[1e400,-1E999,12345678901234567890,1.0],'
    const text = JSON.stringify(ask(SIMPLE_PROMPT, { model, temperature: 0.5 })).replace('{', `{${odd}`)
    const response = await (await createTestRouter({ LLM_STRATEGY: 'claude_only' })).post(text)
    expect(response.status).toBe(200)
    expect(claude.hits[0]?.text).toContain(odd)
  },
)

test('answers under the short path as well', async () => {
  const response = await (await createTestRouter()).post(ask(), {}, { path: '/messages' })
  expect(response.status).toBe(200)
})

test('says which method an endpoint takes, and that others do not exist', async () => {
  const router = await createTestRouter()
  const headers = { 'x-api-key': ALICE_KEY }
  const got = await router.request('/v1/messages', { headers })
  expect(got.status).toBe(405)
  expect(got.headers.get('allow')).toBe('POST')
  expect((await router.request('/v1/nothing', { headers })).status).toBe(404)
})

test('answers with exactly the headers of the contract', async () => {
  const router = await createTestRouter()
  const names = async (body: unknown) =>
    [...(await router.post(body)).headers.keys()].filter((name) => name.startsWith('x-router-')).toSorted()
  const always = [
    'x-router-attempts',
    'x-router-cache',
    'x-router-model',
    'x-router-reason',
    'x-router-request-id',
    'x-router-route',
    'x-router-score',
    'x-router-strategy',
    'x-router-task',
  ]
  const totals = ['x-router-cost-usd', 'x-router-latency-ms', 'x-router-saved-usd']
  expect(await names(ask())).toEqual([...always, ...totals].toSorted())
  expect(await names(ask(SIMPLE_PROMPT, { stream: true, max_tokens: 9 }))).toEqual(always)
})

test('takes a body that breaks off for a client that has left, not for an error of its own', async () => {
  const body = new ReadableStream({
    pull(controller) {
      controller.error(new Error('canary: connection lost'))
    },
  })
  const headers = { 'content-type': 'application/json', 'x-api-key': ALICE_KEY }
  const init: RequestInit & { duplex: 'half' } = { method: 'POST', headers, body, duplex: 'half' }
  const response = await (await createTestRouter()).request('/v1/messages', init)
  expect(response.status).toBe(499)
  const fields = { outcome: 'cancelled', error: 'cancelled' }
  expect(loggedLines()).toMatchObject([{ level: 'info', fields }])
})

test('never takes a client’s request id over', async () => {
  const { headers } = await (await createTestRouter()).post(ask(), {
    'request-id': 'mine',
    'x-request-id': 'mine',
  })
  expect(headers.get('request-id')).toMatch(/^req_[0-9a-f]{32}$/)
  expect(headers.get('x-router-request-id')).toMatch(/^req_[0-9a-f]{32}$/)
})

test('lets nobody keep or sniff an answer on the way', async () => {
  const router = await createTestRouter()
  const json = await router.post(ask())
  expect(json.headers.get('cache-control')).toBe('no-store')
  expect(json.headers.get('x-content-type-options')).toBe('nosniff')
  const stream = await router.post(ask(COMPLEX_PROMPT, { stream: true }))
  expect(stream.headers.get('cache-control')).toContain('no-transform')
  expect(await stream.text()).toBe(framesOf(claudeMessage()).join(''))
})

const FORBIDDEN: [string, string, string][] = [
  ['force', 'x-router-force', 'local'],
  ['strategy', 'x-router-strategy', 'hybrid'],
  ['cache', 'x-router-cache', 'skip'],
  ['privacy', 'x-router-privacy', 'local'],
]
for (const [control, name, value] of FORBIDDEN)
  test(`answers 403 where ${name} is forbidden, and 400 where it says nonsense`, async () => {
    const keys = JSON.stringify([{ id: 'alice', key: ALICE_KEY, forbid: [control] }])
    const strict = await createTestRouter({ ROUTER_KEYS: keys })
    const refused = await strict.post(ask(), { [name]: value })
    expect(refused.status).toBe(403)
    expect(JSON.parse(await refused.text()).error.message).toContain(name)
    expect((await strict.post(ask())).status).toBe(200)
    const nonsense = await (await createTestRouter()).post(ask(), { [name]: 'nonsense' })
    expect(nonsense.status).toBe(400)
    expect(JSON.parse(await nonsense.text()).error.message).toContain(name)
  })

test('refuses controls that contradict each other', async () => {
  const headers = { 'x-router-privacy': 'local', 'x-router-force': 'claude' }
  expect((await (await createTestRouter()).post(ask(), headers)).status).toBe(400)
})

test('passes a request that only fills Claude’s prompt cache on to Claude', async () => {
  const router = await createTestRouter()
  const response = await router.post(ask(SIMPLE_PROMPT, { max_tokens: 0 }))
  expect(response.headers.get('x-router-route')).toBe('claude')
  expect(response.headers.get('x-router-reason')).toBe('prompt cache warm-up')
  expect(JSON.parse(claude.hits[0]?.text ?? '').max_tokens).toBe(0)
})

test('takes a byte order mark off the body, whoever answers and whatever model is named', async () => {
  const router = await createTestRouter()
  for (const model of ['claude-opus-5-5', 'auto']) {
    const json = JSON.stringify(ask(COMPLEX_PROMPT, { model }))
    const marked = new Uint8Array([0xef, 0xbb, 0xbf, ...new TextEncoder().encode(json)])
    expect((await router.post(marked)).status).toBe(200)
    expect(claude.hits.at(-1)?.text.startsWith('{')).toBe(true)
    expect([...(claude.hits.at(-1)?.bytes.subarray(0, 1) ?? [])]).toEqual([0x7b])
  }
})

test('a model of Claude’s that nobody knows is asked for by its name, and its cost is unknown, not nothing', async () => {
  claude.answer(() => Response.json(claudeMessage({ model: 'claude-next-6-20270101' })))
  const response = await (await createTestRouter()).post(ask(COMPLEX_PROMPT, { model: 'claude-next-6' }))
  expect(response.status).toBe(200)
  expect(claude.hits[0]?.text).toContain('"model":"claude-next-6"')
  expect(response.headers.get('x-router-model')).toBe('claude-next-6-20270101')
  expect(response.headers.has('x-router-cost-usd')).toBe(false)
})
