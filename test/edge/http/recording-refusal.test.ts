/** Requests that end before the gateway: one receipt each where somebody was let in, none of strangers. */
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { type ReceiptRecord, receiptRecordSchema } from '../../../edge/ledger/receipt-record.ts'
import { ALICE_KEY, BOB_KEY } from '../../support/edge/canaries.ts'
import { loggedLines, requestMessages } from '../../support/edge/log-collector.ts'
import { createMemoryLedger } from '../../support/edge/memory-ledger.ts'
import { ask, createTestRouter } from '../../support/edge/router.ts'

const KEYS = JSON.stringify([
  { id: 'alice', key: ALICE_KEY, models: ['auto'], forbid: ['force'] },
  { id: 'bob', key: BOB_KEY },
])
const CHAT = '/v1/chat/completions'

async function refusingRouter(settings: Readonly<Record<string, string>> = {}) {
  const records: ReceiptRecord[] = []
  const ledger = {
    ...(await createMemoryLedger()),
    append: async (record: ReceiptRecord) => void records.push(receiptRecordSchema.parse(record)),
  }
  return { records, router: await createTestRouter({ ROUTER_KEYS: KEYS, ...settings }, { ledger }) }
}

async function settled(records: readonly ReceiptRecord[], count: number): Promise<void> {
  await vi.waitFor(() => expect(records).toHaveLength(count))
}

const chat = (fields: object) => ({ model: 'auto', messages: [{ role: 'user', content: 'Hi' }], ...fields })
const long = 'x'.repeat(3_000)
const REFUSED = [
  ['no JSON', '/v1/messages', '{', {}, 400, { requestedModel: '', errorCode: 'invalid_request' }],
  ['no object', '/v1/messages', '[]', {}, 400, { requestedModel: '' }],
  [
    'no messages',
    '/v1/messages',
    { model: 'auto', stream: true },
    {},
    400,
    { requestedModel: 'auto', stream: true },
  ],
  ['a model that is none', '/v1/messages', { model: 7 }, {}, 400, { requestedModel: '', stream: false }],
  ['another model', '/v1/messages', ask('Hi', { model: 'claude-x' }), {}, 403, { errorCode: 'forbidden' }],
  [
    'a forbidden control',
    '/v1/messages',
    ask(),
    { 'x-router-force': 'local' },
    403,
    { requestedModel: 'auto' },
  ],
  ['a wrong control', '/v1/messages', ask(), { 'x-router-strategy': 'best' }, 400, { strategy: 'hybrid' }],
  ['too much', '/v1/messages', ask(long), {}, 413, { errorCode: 'too_large', requestedModel: '' }],
  ['no JSON by its type', '/v1/messages', ask(), { 'content-type': 'text/plain' }, 415, {}],
  ['a chat without messages', CHAT, { model: 'auto', user: 'ann' }, {}, 400, { surface: 'chat_completions' }],
  [
    'a chat for a model that is not allowed',
    CHAT,
    chat({ model: 'claude-x', user: 'ann' }),
    {},
    403,
    { user: 'ann' },
  ],
] as const

test.each(REFUSED)(
  'leaves one receipt of a request with %s',
  async (_, path, body, headers, status, fields) => {
    const { router, records } = await refusingRouter({ MAX_BODY_BYTES: '2048' })
    const response = await router.post(body, headers, { path })
    expect(response.status).toBe(status)
    await response.text()
    await settled(records, 1)
    expect(records[0]).toMatchObject({
      id: response.headers.get('x-router-request-id'),
      tenant: 'alice',
      outcome: 'refused',
      route: null,
      model: null,
      cache: 'bypass',
      tokens: null,
      costNanoUsd: 0,
      baselineNanoUsd: 0,
      savedNanoUsd: 0,
      evidence: [],
      attempts: [],
      ...fields,
    })
    expect(records[0]?.reason).toBe(`before routing: ${records[0]?.errorCode}`)
    expect(requestMessages()).toEqual([`[Router] Refused (${records[0]?.reason})`])
    expect(router.sent).toHaveLength(0)
  },
)

test('keeps nothing of what a refused request said, also where content is kept', async () => {
  const { router, records } = await refusingRouter({ LOG_CONTENT: 'full' })
  await router.post('{"model": "auto", "messages": "prompt-canary"}')
  await settled(records, 1)
  expect(JSON.stringify(records)).not.toContain('canary')
  expect(JSON.stringify(loggedLines())).not.toContain('prompt-canary')
})

test('strangers leave a log line and no receipt', async () => {
  const { router, records } = await refusingRouter()
  for (const headers of [{ 'x-api-key': 'made-up' }, { 'x-api-key': '' }])
    expect((await router.post(ask(), headers)).status).toBe(401)
  const line = {
    message: '[Router] Refused (no key of this router)',
    fields: { requestId: expect.any(String) },
  }
  expect(loggedLines()).toMatchObject([line, line])
  expect(records).toEqual([])
})

test('under ALLOW_ANONYMOUS everybody is let in, and refusals are anonymous’ ones', async () => {
  const { router, records } = await refusingRouter({ ROUTER_KEYS: '', ALLOW_ANONYMOUS: 'true' })
  expect((await router.post('{', { 'x-api-key': 'made-up' })).status).toBe(400)
  await settled(records, 1)
  expect(records[0]).toMatchObject({ tenant: 'anonymous', outcome: 'refused' })
})

test('what asks no model leaves no receipt when it is refused', async () => {
  const { router, records } = await refusingRouter()
  for (const path of ['/v1/messages/count_tokens', '/v1/router/explain', '/v1/nothing'])
    await router.post('{', {}, { path })
  // A receipt of these would be here before the one of the request that follows.
  await router.post('{')
  await settled(records, 1)
})

test('any body leaves exactly one receipt', async () => {
  const { router, records } = await refusingRouter()
  const bodies = fc.oneof(fc.string(), fc.json(), fc.uint8Array({ minLength: 1, maxLength: 64 }))
  await fc.assert(
    fc.asyncProperty(bodies, fc.constantFrom('/v1/messages', CHAT), async (body, path) => {
      records.length = 0
      await (await router.post(body, {}, { path })).text()
      await settled(records, 1)
    }),
    { numRuns: 60 },
  )
})
