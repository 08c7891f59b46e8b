import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import {
  ALICE_KEY,
  BOB_KEY,
  CLAUDE_TEXT,
  COMPLEX_PROMPT,
  LOCAL_TEXT,
  SIMPLE_PROMPT,
} from '../../support/edge/canaries.ts'
import { createMemoryLedger } from '../../support/edge/memory-ledger.ts'
import { claudeMessage, framesOf, framesToFirstContent, readEvents } from '../../support/edge/messages.ts'
import { createTestRouter, type TestRouter } from '../../support/edge/router.ts'
import { answerNonStreaming, claude, container, errorOf, streamOf } from '../../support/edge/upstreams.ts'

const PATH = '/v1/responses'
const responseSchema = z.looseObject({
  id: z.string(),
  status: z.string(),
  model: z.string(),
  store: z.boolean(),
  output: z.array(z.looseObject({ type: z.string(), id: z.string() })),
})

async function create(
  router: TestRouter,
  body: Record<string, unknown>,
  headers: Record<string, string> = {},
) {
  const response = await router.post({ model: 'gpt-x', ...body }, headers, { path: PATH })
  expect(response.status).toBe(200)
  return { response, body: responseSchema.parse(await response.json()) }
}

async function refusal(router: TestRouter, body: Record<string, unknown>) {
  const response = await router.post({ model: 'gpt-x', ...body }, {}, { path: PATH })
  return { status: response.status, error: JSON.parse(await response.text()).error }
}

const sentToClaude = (at = -1) => JSON.parse(claude.hits.at(at)?.text ?? '{}')

test('a simple question is answered by the local model, with its receipt’s headers', async () => {
  const { response, body } = await create(await createTestRouter(), { input: SIMPLE_PROMPT })
  expect(body).toMatchObject({
    object: 'response',
    status: 'completed',
    model: 'tiny-model',
    error: null,
    output: [{ type: 'message', role: 'assistant', status: 'completed', content: [{ text: LOCAL_TEXT }] }],
    usage: { input_tokens: 12, output_tokens: 7, total_tokens: 19 },
  })
  expect(response.headers.get('x-router-route')).toBe('local')
  expect(response.headers.get('x-router-cost-usd')).toBe('0')
  expect(body.id).toBe(response.headers.get('x-router-request-id')?.replace('req_', 'resp_'))
  expect(claude.hits).toHaveLength(0)
})

test('an exact repeat comes from the cache, under an id of its own', async () => {
  const router = await createTestRouter()
  const first = await create(router, { input: COMPLEX_PROMPT, store: false })
  const second = await create(router, { input: COMPLEX_PROMPT, store: false })
  expect(second.response.headers.get('x-router-route')).toBe('cache')
  expect(second.body.id).not.toBe(first.body.id)
  expect(claude.hits).toHaveLength(1)
})

test('Claude answers where the local model fails, and what is complex', async () => {
  const router = await createTestRouter()
  container.answer(() => errorOf('api_error', 500))
  const { response, body } = await create(router, { input: SIMPLE_PROMPT })
  expect(body.output).toMatchObject([{ content: [{ type: 'output_text', text: CLAUDE_TEXT }] }])
  expect(response.headers.get('x-router-fallback')).toBe('error')
  const complex = await create(router, { input: COMPLEX_PROMPT, instructions: 'Be brief.' })
  expect(complex.response.headers.get('x-router-route')).toBe('claude')
  expect(sentToClaude()).toMatchObject({ system: 'Be brief.', messages: [{ role: 'user' }] })
})

test('a receipt says by which surface a request came, also one that is refused', async () => {
  const ledger = await createMemoryLedger()
  const router = await createTestRouter({}, { ledger })
  await create(router, { input: SIMPLE_PROMPT })
  await refusal(router, { input: SIMPLE_PROMPT, background: true })
  const surfaces = async () => {
    const headers = { 'x-api-key': ALICE_KEY }
    const listed = await router.request('/v1/router/requests', { headers })
    const { data }: { data: { surface: string }[] } = JSON.parse(await listed.text())
    return data.map(({ surface }) => surface)
  }
  // Receipts are kept after the answer.
  await expect.poll(surfaces).toEqual(['responses', 'responses'])
})

test('a stream has one beginning and one end, numbered events, and an end after which nothing comes', async () => {
  const router = await createTestRouter()
  for (const input of [SIMPLE_PROMPT, COMPLEX_PROMPT]) {
    const response = await router.post({ model: 'auto', stream: true, input }, {}, { path: PATH })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const events = readEvents(await response.text())
    expect(events.map(({ event }) => event)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ])
    expect(events.map(({ data }) => data.sequence_number)).toEqual(events.map((_, at) => at))
  }
})

test('a stream that breaks after its beginning fails as a response, and only once', async () => {
  const router = await createTestRouter()
  for (const end of ['break', 'close'] as const) {
    claude.answer(() => streamOf(framesToFirstContent(claudeMessage()), { end }))
    const body = { model: 'auto', stream: true, input: COMPLEX_PROMPT }
    const text = await (await router.post(body, {}, { path: PATH })).text()
    const events = readEvents(text)
    expect(events.at(-1)).toMatchObject({
      event: 'response.failed',
      data: { response: { status: 'failed', error: { code: 'server_error' } } },
    })
    expect(events.filter(({ event }) => /completed|failed|incomplete|error/.test(event))).toHaveLength(1)
    expect(text).not.toContain('internals-canary')
  }
})

test('errors have OpenAI’s shape and name the client’s own parameter', async () => {
  const router = await createTestRouter()
  claude.answer(() =>
    Response.json(
      { type: 'error', error: { type: 'invalid_request_error', message: 'messages.0.content: is odd' } },
      { status: 400 },
    ),
  )
  expect(await refusal(router, { input: COMPLEX_PROMPT })).toMatchObject({
    status: 400,
    error: { type: 'invalid_request_error', param: 'input[0]', message: 'input[0]: is odd' },
  })
  expect(await refusal(router, { input: [{ type: 'message', role: 'user', content: [{}] }] })).toMatchObject({
    status: 400,
    error: { param: 'input[0].content' },
  })
})

test('a response has every member that OpenAI’s types demand', async () => {
  const demanded = {
    access_programs: null,
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    parallel_tool_calls: true,
    temperature: null,
    tool_choice: 'auto',
    tools: [],
    top_p: null,
  }
  const router = await createTestRouter()
  const { body } = await create(router, { input: SIMPLE_PROMPT })
  expect(body).toMatchObject({ ...demanded, object: 'response', created_at: expect.any(Number) })
  const streamed = await router.post(
    { model: 'auto', stream: true, input: SIMPLE_PROMPT },
    {},
    { path: PATH },
  )
  for (const { data } of readEvents(await streamed.text()))
    if ('response' in data) expect(data.response).toMatchObject(demanded)
})

test('a function without parameters is repeated as OpenAI’s types demand it', async () => {
  const tools = [{ type: 'function', name: 'now' }]
  const { body } = await create(await createTestRouter(), { input: COMPLEX_PROMPT, tools })
  expect(body.tools).toEqual([{ type: 'function', name: 'now', parameters: null, strict: false }])
})

test('what is left out is told in a header', async () => {
  const { response } = await create(await createTestRouter(), {
    input: SIMPLE_PROMPT,
    truncation: 'auto',
    text: { verbosity: 'low' },
    x_future: 1,
  })
  expect(response.headers.get('x-router-ignored')).toBe('truncation, x_future, text.verbosity')
})

test('a conversation goes on from the response that it names, branches too', async () => {
  const router = await createTestRouter({ LLM_STRATEGY: 'claude_only' })
  const first = await create(router, { input: COMPLEX_PROMPT, instructions: 'Be brief.' })
  expect(first.body.store).toBe(true)
  const previous_response_id = first.body.id
  const second = await create(router, { input: 'And then?', previous_response_id })
  const turns = [
    { role: 'user', content: [{ type: 'text', text: COMPLEX_PROMPT }] },
    { role: 'assistant', content: [{ type: 'text', text: CLAUDE_TEXT }] },
  ]
  const asked = [{ role: 'user', content: [{ type: 'text', text: 'And then?' }] }]
  expect(sentToClaude()).toMatchObject({ messages: [...turns, ...asked] })
  // Instructions are of one request only, as at OpenAI.
  expect(sentToClaude().system).toBeUndefined()
  const third = await create(router, { input: 'More.', previous_response_id: second.body.id, stream: false })
  expect(sentToClaude().messages).toHaveLength(5)
  expect(third.body.previous_response_id).toBe(second.body.id)
  await create(router, { input: 'Otherwise?', previous_response_id })
  expect(sentToClaude().messages).toHaveLength(3)
})

test('a streamed response is kept before the client reads that it is complete', async () => {
  const router = await createTestRouter({ LLM_STRATEGY: 'claude_only' })
  const body = { model: 'auto', input: COMPLEX_PROMPT, stream: true }
  const response = await router.post(body, {}, { path: PATH })
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  while (!text.includes('event: response.completed')) text += decoder.decode((await reader?.read())?.value)
  const id = /"id":"(resp_[0-9a-f]+)"/.exec(text)?.[1]
  await create(router, { input: 'And then?', previous_response_id: id })
  expect(sentToClaude().messages).toHaveLength(3)
  await reader?.cancel()
})

test('no tenant goes on with another’s conversation, nor reads or deletes it', async () => {
  const router = await createTestRouter({ LLM_STRATEGY: 'claude_only' })
  const { body } = await create(router, { input: COMPLEX_PROMPT })
  const asBob = { 'x-api-key': BOB_KEY, 'content-type': 'application/json' }
  const answer = await router.request(PATH, {
    method: 'POST',
    headers: asBob,
    body: JSON.stringify({ model: 'auto', input: 'And then?', previous_response_id: body.id }),
  })
  expect(answer.status).toBe(400)
  expect(JSON.parse(await answer.text()).error).toMatchObject({
    param: 'previous_response_id',
    code: 'previous_response_not_found',
  })
  for (const method of ['GET', 'DELETE'])
    expect((await router.request(`${PATH}/${body.id}`, { method, headers: asBob })).status).toBe(404)
  const own = { headers: { 'x-api-key': ALICE_KEY } }
  expect((await router.request(`${PATH}/${body.id}`, own)).status).toBe(200)
})

test('a tool’s call and its output make a turn, by previous_response_id or by references', async () => {
  const router = await createTestRouter()
  const call = { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Oslo' } }
  const content = [{ type: 'text', text: 'Let me see.' }, call]
  claude.answer(answerNonStreaming(claudeMessage({ content, stop_reason: 'tool_use' })))
  const tools = [
    { type: 'function', name: 'weather', parameters: { type: 'object', properties: {} }, strict: false },
  ]
  const { body } = await create(router, { input: COMPLEX_PROMPT, tools })
  const [message, called] = body.output
  expect(called).toMatchObject({ type: 'function_call', call_id: 'toolu_1', arguments: '{"city":"Oslo"}' })
  const output = { type: 'function_call_output', call_id: 'toolu_1', output: 'Rain' }
  const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'Rain' }] }
  await create(router, { input: [output], previous_response_id: body.id, tools })
  expect(sentToClaude().messages.slice(1)).toEqual([{ role: 'assistant', content }, result])
  const references = [message, called].map((item) => ({ type: 'item_reference', id: item?.id }))
  const asked = { role: 'user', content: 'Weather?' }
  await create(router, { input: [asked, ...references, output], tools })
  expect(sentToClaude().messages.slice(1)).toEqual([{ role: 'assistant', content }, result])
  const cache_control = { type: 'ephemeral' }
  const marked = references.map((reference, at) => (at === 0 ? reference : { ...reference, cache_control }))
  await create(router, { input: [asked, ...marked, output], tools })
  expect(sentToClaude().messages[1].content).toEqual([content[0], { ...call, cache_control }])
  expect(await refusal(router, { input: [{ type: 'item_reference', id: 'fc_nobody' }] })).toMatchObject({
    status: 400,
    error: { param: 'input[0].id' },
  })
})

test('thinking comes back to Claude unchanged: from what is kept, or by the client’s hand', async () => {
  const router = await createTestRouter()
  const thinking = { type: 'thinking', thinking: 'Hm, Größe.', signature: 'sig-1' }
  const content = [thinking, { type: 'text', text: 'Four.' }]
  claude.answer(answerNonStreaming(claudeMessage({ content })))
  const asked = { input: COMPLEX_PROMPT, reasoning: { effort: 'high', summary: 'auto' } }
  const { body } = await create(router, asked)
  expect(sentToClaude()).toMatchObject({
    thinking: { type: 'adaptive', display: 'summarized' },
    output_config: { effort: 'high' },
  })
  expect(body.output[0]).toEqual({
    type: 'reasoning',
    id: expect.stringMatching(/^rs_/),
    summary: [{ type: 'summary_text', text: 'Hm, Größe.' }],
  })
  const said = { role: 'assistant', content }
  await create(router, { ...asked, input: 'And?', previous_response_id: body.id })
  expect(sentToClaude().messages[1]).toEqual(said)
  await create(router, { ...asked, input: [...body.output, { role: 'user', content: 'And?' }] })
  expect(sentToClaude().messages[0]).toEqual(said)
  const include = ['reasoning.encrypted_content']
  const own = await create(router, { ...asked, include, store: false })
  const again = [...own.body.output, { role: 'user', content: 'And?' }]
  await create(await createTestRouter({ RESPONSES_RETENTION_HOURS: '0' }), { ...asked, input: again })
  expect(sentToClaude().messages[0]).toEqual(said)
})

test('where nothing is kept, answers say so, and a conversation to go on with is a 400 that names the setting', async () => {
  const router = await createTestRouter({ RESPONSES_RETENTION_HOURS: '0' })
  const { body } = await create(router, { input: SIMPLE_PROMPT, store: true })
  expect(body.store).toBe(false)
  const { status, error } = await refusal(router, { input: 'x', previous_response_id: body.id })
  expect(status).toBe(400)
  expect(error).toMatchObject({ param: 'previous_response_id' })
  expect(error.message).toContain('RESPONSES_RETENTION_HOURS')
  const kept = await router.request(`${PATH}/${body.id}`, {
    headers: { 'x-api-key': ALICE_KEY },
  })
  expect(kept.status).toBe(404)
  expect(await kept.text()).toContain('RESPONSES_RETENTION_HOURS')
})

test('a store that fails costs the client its follow-up only', async () => {
  const failing = async () => {
    throw new Error('storage-internals-canary')
  }
  const shelf = { keep: failing, chain: failing, gather: failing, find: failing, remove: failing }
  const router = await createTestRouter({}, { responses: { of: () => shelf } })
  const { body } = await create(router, { input: SIMPLE_PROMPT })
  expect(body).toMatchObject({ status: 'completed', store: false })
  const streamed = await router.post(
    { model: 'auto', stream: true, input: SIMPLE_PROMPT },
    {},
    { path: PATH },
  )
  expect(readEvents(await streamed.text()).at(-1)).toMatchObject({
    event: 'response.completed',
    data: { response: { store: false } },
  })
  for (const fields of [
    { input: 'x', previous_response_id: body.id },
    { input: [{ type: 'item_reference', id: body.output[0]?.id }] },
  ]) {
    const refused = await router.post({ model: 'gpt-x', ...fields }, {}, { path: PATH })
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toBe('2')
    expect(await refused.text()).not.toContain('canary')
  }
})

test('a kept response is read, its input is listed in pages, and it is deleted', async () => {
  const router = await createTestRouter()
  const headers = { 'x-api-key': ALICE_KEY }
  const read = async (path: string, method = 'GET') => {
    const response = await router.request(path, { method, headers })
    return { status: response.status, body: JSON.parse(await response.text()) }
  }
  const input = ['One', 'Two', 'Three'].map((content) => ({ role: 'user', content }))
  const { body } = await create(router, { input, metadata: { topic: 'x' } })
  expect((await read(`${PATH}/${body.id}`)).body).toEqual(body)
  const page = await read(`${PATH}/${body.id}/input_items?limit=2`)
  expect(page.body).toMatchObject({
    object: 'list',
    has_more: true,
    data: [{ content: 'Three' }, { content: 'Two' }],
  })
  const rest = await read(`${PATH}/${body.id}/input_items?limit=2&after=${page.body.last_id}`)
  expect(rest.body).toMatchObject({ has_more: false, data: [{ content: 'One', type: 'message' }] })
  expect((await read(`${PATH}/${body.id}/input_items?order=asc`)).body.data[0]).toMatchObject({
    content: 'One',
  })
  for (const query of ['limit=0', 'limit=x', 'order=up', 'after=nobody'])
    expect(await read(`${PATH}/${body.id}/input_items?${query}`)).toMatchObject({
      status: 400,
      body: { error: { param: query.split('=')[0] } },
    })
  expect((await read(`${PATH}/${body.id}`, 'DELETE')).body).toEqual({
    id: body.id,
    object: 'response',
    deleted: true,
  })
  expect((await read(`${PATH}/${body.id}`)).status).toBe(404)
})

test('a conversation cannot go on from a response that was deleted, nor from one after it', async () => {
  const router = await createTestRouter({ LLM_STRATEGY: 'claude_only' })
  const first = await create(router, { input: COMPLEX_PROMPT })
  const second = await create(router, { input: 'And then?', previous_response_id: first.body.id })
  const headers = { 'x-api-key': ALICE_KEY }
  await router.request(`${PATH}/${first.body.id}`, { method: 'DELETE', headers })
  const asked = claude.hits.length
  for (const previous of [first, second])
    for (const stream of [false, true])
      expect(
        await refusal(router, { input: 'And now?', previous_response_id: previous.body.id, stream }),
      ).toMatchObject({
        status: 400,
        error: {
          type: 'invalid_request_error',
          param: 'previous_response_id',
          code: 'previous_response_not_found',
          message: expect.stringContaining('deleted'),
        },
      })
  expect(claude.hits).toHaveLength(asked)
})

test('input items that share an id are listed each with its own, to the end', async () => {
  const router = await createTestRouter()
  const input = ['One', 'Two', 'Three'].map((content) => ({ id: 'msg_same', role: 'user', content }))
  const { body } = await create(router, { input })
  const listed: unknown[] = []
  for (let after = ''; ; ) {
    const path = `${PATH}/${body.id}/input_items?limit=1&order=asc${after}`
    const response = await router.request(path, { headers: { 'x-api-key': ALICE_KEY } })
    const page = JSON.parse(await response.text())
    listed.push(page.data[0].content)
    if (page.has_more !== true || listed.length > 3) break
    after = `&after=${page.last_id}`
  }
  expect(listed).toEqual(['One', 'Two', 'Three'])
})

test('marks for Claude’s prompt cache are of one request: of those kept, a conversation would soon have too many', async () => {
  const router = await createTestRouter()
  const mark = { cache_control: { type: 'ephemeral' } }
  let previous: string | undefined
  for (let turn = 1; turn <= 5; turn++) {
    const content = [{ type: 'input_text', text: `${COMPLEX_PROMPT} ${turn}`, ...mark }]
    const input = [{ role: 'user', content, ...mark }]
    previous = (await create(router, { input, previous_response_id: previous })).body.id
    expect(claude.hits.at(-1)?.text.split('"cache_control"')).toHaveLength(2)
  }
})

test('a conversation that outgrows a body is a 413', async () => {
  const router = await createTestRouter({ MAX_BODY_BYTES: '4096' })
  const { body } = await create(router, { input: 'x'.repeat(3_000) })
  const next = await create(router, { input: 'And?', previous_response_id: body.id })
  const longer = { input: 'y'.repeat(1_000), previous_response_id: next.body.id }
  expect(await refusal(router, longer)).toMatchObject({
    status: 413,
    error: { message: expect.stringMatching(/^previous_response_id: the conversation/) },
  })
})

test('an item counts as often as it is referred to, beside what the conversation holds', async () => {
  const router = await createTestRouter({ MAX_BODY_BYTES: '4096', LLM_STRATEGY: 'claude_only' })
  const { body } = await create(router, { input: [{ role: 'user', content: 'x'.repeat(1_500) }] })
  const listed = await router.request(`${PATH}/${body.id}/input_items`, {
    headers: { 'x-api-key': ALICE_KEY },
  })
  const id = JSON.parse(await listed.text()).data[0].id
  const references = (count: number) => Array.from({ length: count }, () => ({ type: 'item_reference', id }))
  await create(router, { input: references(2) })
  expect(JSON.stringify(sentToClaude()).match(/x{1500}/g)).toHaveLength(2)
  const asked = claude.hits.length
  const tooLarge = { status: 413, error: { message: expect.stringMatching(/^input: the kept items/) } }
  expect(await refusal(router, { input: references(3) })).toMatchObject(tooLarge)
  const previous_response_id = body.id
  expect(await refusal(router, { input: references(2), previous_response_id })).toMatchObject(tooLarge)
  await create(router, { input: references(1), previous_response_id })
  expect(claude.hits).toHaveLength(asked + 1)
})

test('who refers to a whole conversation needs room for it once, though each response keeps it anew', async () => {
  const router = await createTestRouter({ MAX_BODY_BYTES: '4096', LLM_STRATEGY: 'claude_only' })
  const history: object[] = [{ role: 'user', content: 'x'.repeat(1_200) }]
  for (let step = 0; step < 5; step += 1) {
    const { body } = await create(router, { input: history })
    history.push({ type: 'item_reference', id: body.output[0]?.id }, { role: 'user', content: 'On.' })
  }
  expect(sentToClaude().messages).toHaveLength(9)
})

test('what came with x-router-privacy: local stays local in all that goes on from it or refers to it', async () => {
  const router = await createTestRouter()
  const secret = { 'x-router-privacy': 'local' }
  const { body } = await create(router, { input: COMPLEX_PROMPT }, secret)
  const follow = { input: COMPLEX_PROMPT, previous_response_id: body.id }
  const next = await create(router, follow)
  const refer = {
    input: [
      { type: 'item_reference', id: body.output[0]?.id },
      { role: 'user', content: COMPLEX_PROMPT },
    ],
  }
  const referring = await create(router, refer)
  const third = await create(router, { input: COMPLEX_PROMPT, previous_response_id: next.body.id })
  const last = await create(router, { input: COMPLEX_PROMPT, previous_response_id: referring.body.id })
  for (const { response } of [next, referring, third, last])
    expect(response.headers.get('x-router-route')).toBe('local')
  // Not even where the local model fails, nor where Claude is asked for.
  container.answer(() => errorOf('api_error', 500))
  const failed = await router.post({ model: 'auto', ...follow, input: 'Else?' }, {}, { path: PATH })
  expect(failed.ok).toBe(false)
  const forced = await router.post(
    { model: 'auto', ...follow },
    { 'x-router-force': 'claude' },
    { path: PATH },
  )
  expect(forced.status).toBe(400)
  expect(await forced.text()).toContain('x-router-privacy')
  expect(claude.hits).toHaveLength(0)
})

test('who the end user is, is told in the answer and not kept', async () => {
  const router = await createTestRouter({
    HASH_USERS: 'true',
    USER_HASH_SALT: 'salt-of-at-least-32-characters-xxxx',
  })
  const { body } = await create(router, {
    input: SIMPLE_PROMPT,
    user: 'ann@example.com',
    safety_identifier: 'bob@example.com',
  })
  expect(body).toMatchObject({ user: 'ann@example.com', safety_identifier: 'bob@example.com' })
  const read = await router.request(`${PATH}/${body.id}`, { headers: { 'x-api-key': ALICE_KEY } })
  const text = await read.text()
  expect(JSON.parse(text)).toMatchObject({ id: body.id, safety_identifier: null })
  expect(text).not.toContain('@example.com')
})

test('Claude’s refusal is a message that says so, in a response that is not complete', async () => {
  const router = await createTestRouter()
  const refused = claudeMessage({ content: [], stop_reason: 'refusal', stop_details: { explanation: 'No.' } })
  claude.answer(answerNonStreaming(refused))
  const expected = {
    status: 'incomplete',
    incomplete_details: { reason: 'content_filter' },
    output: [{ type: 'message', content: [{ type: 'refusal', refusal: 'No.' }] }],
  }
  expect((await create(router, { input: COMPLEX_PROMPT })).body).toMatchObject(expected)
  claude.answer(() => streamOf(framesOf(refused)))
  const body = { model: 'auto', stream: true, input: COMPLEX_PROMPT }
  const events = readEvents(await (await router.post(body, {}, { path: PATH })).text())
  expect(events.at(-1)).toMatchObject({ event: 'response.incomplete', data: { response: expected } })
  expect(events.map(({ event }) => event)).toContain('response.refusal.done')
})
