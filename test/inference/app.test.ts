import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Engine, EngineEvent } from '../../inference/engine/engine.ts'
import type { ServiceStatus } from '../../inference/http/context.ts'
import { RouterError } from '../../shared/errors.ts'
import { parseStreamEvent } from '../../shared/events.ts'
import { decodeSse } from '../../shared/sse.ts'
import { hello, scriptedContainer } from '../support/scripted-container.ts'
import { createScriptedEngine, SCRIPTED_MODEL } from '../support/scripted-engine.ts'

async function eventsOf(response: Response) {
  const events = []
  for await (const { event, data } of decodeSse(response.body ?? (async function* () {})())) {
    const parsed = parseStreamEvent(data)
    expect(event).toBe(parsed.type)
    events.push(parsed)
  }
  return events
}

test('answers with a whole message in JSON', async () => {
  const { post, lines } = scriptedContainer()
  const response = await post(hello)
  expect(response.status).toBe(200)
  expect(response.headers.get('request-id')).toMatch(/^req_/)
  expect(response.headers.get('x-queue-depth')).toBe('0')
  expect(response.headers.get('x-expected-wait-ms')).toBe('0')
  expect(await response.json()).toEqual({
    id: expect.stringMatching(/^msg_/),
    type: 'message',
    role: 'assistant',
    model: 'scripted',
    content: [{ type: 'text', text: 'Hello there' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: expect.objectContaining({ input_tokens: 1, output_tokens: 3 }),
  })
  expect(lines).toHaveLength(1)
  expect(lines[0]).not.toContain('Hello')
})

test('asks the model for the form that output_config.format demands, and tells it what the schema describes', async () => {
  const { post, engine } = scriptedContainer({ script: { words: ['"good"'] } })
  const schema = { enum: ['good', 'bad'], description: 'How the writer feels.' }
  const response = await post({ ...hello, output_config: { format: { type: 'json_schema', schema } } })
  expect(response.status).toBe(200)
  expect(engine.requests[0]).toMatchObject({
    turns: [{ role: 'user', text: 'Hi\n\nHow the writer feels.' }],
    format: { type: 'choice', choices: ['good', 'bad'], quoted: true },
  })
})

test('refuses a form that it cannot keep to by the name of what is too much, and one for an answer begun', async () => {
  const { post } = scriptedContainer()
  const formatOf = (schema: object) => ({ output_config: { format: { type: 'json_schema', schema } } })
  const list = await post({ ...hello, ...formatOf({ type: 'array', items: { type: 'string' } }) })
  expect([list.status, await list.text()]).toEqual([
    400,
    expect.stringContaining('output_config.format.schema'),
  ])
  const messages = [...hello.messages, { role: 'assistant', content: '{"mood": ' }]
  const begun = await post({ ...hello, messages, ...formatOf({ enum: ['good'] }) })
  expect([begun.status, await begun.text()]).toEqual([
    400,
    expect.stringContaining('end with a user message'),
  ])
})

test('streams Anthropic’s events in their order, with usage at both ends', async () => {
  const { post } = scriptedContainer()
  const events = await eventsOf(await post({ ...hello, stream: true }))
  expect(events.map(({ type }) => type)).toEqual([
    'message_start',
    'ping',
    'content_block_start',
    'content_block_delta',
    'content_block_delta',
    'content_block_delta',
    'content_block_stop',
    'message_delta',
    'message_stop',
  ])
  expect(events[0]).toMatchObject({ message: { usage: { input_tokens: 1 }, stop_reason: null } })
  expect(events[3]).toEqual({
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'text_delta', text: 'Hello' },
  })
  expect(events[7]).toMatchObject({ delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 3 } })
})

test('counts what was read from the prefix cache apart, in answers and in streams', async () => {
  const { app, post } = scriptedContainer({ script: { words: ['a'], cachedTokens: 2 } })
  const question = { ...hello, messages: [{ role: 'user', content: 'one two three' }] }
  const usage = { input_tokens: 1, cache_read_input_tokens: 2, cache_creation_input_tokens: 0 }
  expect(await (await post(question)).json()).toMatchObject({ usage: { ...usage, output_tokens: 1 } })
  const events = await eventsOf(await post({ ...question, stream: true }))
  expect(events[0]).toMatchObject({ message: { usage } })
  expect(events.at(-2)).toMatchObject({ type: 'message_delta', usage: { ...usage, output_tokens: 1 } })
  const text = await (await app.request('/metrics')).text()
  expect(text).toContain('llmrouter_container_tokens_total{direction="input"} 2')
  expect(text).toContain('llmrouter_container_tokens_total{direction="cached"} 4')
})

test('keeps apart what is known of the prompts of different tenants', async () => {
  const { post, engine } = scriptedContainer()
  await post(hello, { 'x-router-tenant': 'a1b2' })
  await post(hello)
  expect(engine.requests.map(({ cacheScope }) => cacheScope)).toEqual(['a1b2', 'default'])
})

test.each(['', ' ', 'a b', 'x'.repeat(65), 'naïve'])('refuses the tenant "%s"', async (tenant) => {
  const { post, engine } = scriptedContainer()
  const response = await post(hello, { 'x-router-tenant': encodeURIComponent(tenant) })
  expect(response.status).toBe(400)
  expect(await response.text()).toContain('x-router-tenant: must be')
  expect(engine.requests).toHaveLength(0)
})

test('gives log-probabilities to those who ask for them', async () => {
  const { post } = scriptedContainer()
  const events = await eventsOf(await post({ ...hello, stream: true }, { 'x-logprobs': '1' }))
  expect(events[3]).toMatchObject({ delta: { text: 'Hello', logprob: -0.5 } })
})

test('cuts max_tokens to its own limit', async () => {
  const { post, engine } = scriptedContainer()
  await post({ ...hello, max_tokens: 1_000_000_000 })
  expect(engine.requests[0]?.maxTokens).toBe(8)
})

test('pings while nothing comes', async () => {
  const hold = Promise.withResolvers<void>()
  const { post } = scriptedContainer({ script: { words: ['a', 'b'], hold: hold.promise }, pingIntervalMs: 5 })
  const response = await post({ ...hello, stream: true })
  const reader = response.body?.getReader()
  let text = ''
  while (text.split('event: ping').length < 4) text += new TextDecoder().decode((await reader?.read())?.value)
  hold.resolve()
  for (let done = false; !done; ) {
    const chunk = await reader?.read()
    done = chunk?.done ?? true
    text += new TextDecoder().decode(chunk?.value)
  }
  expect(text).toContain('event: message_stop')
})

test('ends a stream that fails in the middle with one error event', async () => {
  const { post, lines } = scriptedContainer({ script: { words: ['a'], failure: new Error('secret detail') } })
  const response = await post({ ...hello, stream: true })
  const events = await eventsOf(response)
  expect(events.at(-1)).toMatchObject({ type: 'error', error: { type: 'api_error' } })
  expect(events.filter(({ type }) => type === 'message_stop')).toEqual([])
  expect(JSON.stringify([events, lines])).not.toContain('secret detail')
})

test('stops the model when the reader of a stream leaves', async () => {
  const { post, engine, scheduler } = scriptedContainer({
    script: { words: ['a', 'b'], hold: new Promise(() => {}) },
  })
  const response = await post({ ...hello, stream: true })
  await response.body?.cancel()
  await expect.poll(() => engine.aborted()).toBe(1)
  await expect.poll(() => scheduler.load().running).toBe(0)
})

test('a reader that takes nothing holds no slot', async () => {
  const { post } = scriptedContainer()
  await post({ ...hello, stream: true })
  expect((await post(hello)).status).toBe(200)
})

test('whom it turns away whatever it asks it tells so before it reads the body', async () => {
  const hold = Promise.withResolvers<void>()
  const { app, post } = scriptedContainer({ script: { words: ['a', 'b'], hold: hold.promise }, maxQueue: 1 })
  const running = await post({ ...hello, stream: true })
  const waiting = post(hello)
  let reads = 0
  const body = new ReadableStream<Uint8Array>({ pull: () => void reads++ }, { highWaterMark: 0 })
  const headers = { 'content-type': 'application/json' }
  await expect.poll(async () => (await post(hello)).status).toBe(429)
  const init = { method: 'POST', headers, body, duplex: 'half' }
  const response = await app.request('/v1/messages', init as RequestInit)
  expect([response.status, response.headers.get('retry-after'), reads]).toEqual([429, '1', 0])
  hold.resolve()
  expect([(await waiting).status, (await running.text()).includes('message_stop')]).toEqual([200, true])
})

test('answers 429 with Retry-After when the queue is full', async () => {
  const hold = Promise.withResolvers<void>()
  const { post } = scriptedContainer({ script: { words: ['a', 'b'], hold: hold.promise }, maxQueue: 0 })
  const running = await post({ ...hello, stream: true })
  const response = await post(hello)
  expect(response.status).toBe(429)
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'overloaded_error' } })
  hold.resolve()
  expect((await eventsOf(running)).at(-1)?.type).toBe('message_stop')
})

test.each(['loading', 'restarting', 'draining', 'failed'] satisfies ServiceStatus[])(
  'answers 503 with Retry-After while %s, and lives',
  async (status) => {
    const { app, post } = scriptedContainer({ status: () => status })
    for (const response of [await post(hello), await app.request('/readyz')]) {
      expect(response.status).toBe(503)
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    }
    expect((await app.request('/healthz')).status).toBe(200)
  },
)

test('tells in readiness which model, for what, how, how much and how busy', async () => {
  const { app } = scriptedContainer()
  expect(await (await app.request('/readyz')).json()).toEqual({
    status: 'ready',
    structuredOutputs: true,
    judge: null,
    handover: false,
    verification: null,
    model: 'scripted',
    card: SCRIPTED_MODEL.card,
    serving: { loop: 'generate', weights: 'fp32', rows: 1, reason: 'written down beforehand' },
    maxInputTokens: 10,
    maxOutputTokens: 8,
    queueDepth: 0,
    expectedWaitMs: 0,
  })
})

test('lets nobody in without the secret, and tells a missing from a wrong one in no way', async () => {
  const { app, post } = scriptedContainer({ secret: 'correct horse battery' })
  const bodies = new Set<string>()
  for (const headers of [{}, { 'x-api-key': 'wrong' }, { authorization: 'Bearer wrong' }] as Record<
    string,
    string
  >[]) {
    const response = await post(hello, headers)
    expect(response.status).toBe(401)
    bodies.add(((await response.json()) as { error: { message: string } }).error.message)
  }
  expect(bodies.size).toBe(1)
  for (const path of ['/metrics', '/v1/models']) expect((await app.request(path)).status).toBe(401)
  for (const path of ['/healthz', '/readyz']) expect((await app.request(path)).status).toBe(200)
  expect((await post(hello, { 'x-api-key': 'correct horse battery' })).status).toBe(200)
  expect((await post(hello, { authorization: 'Bearer correct horse battery' })).status).toBe(200)
})

test.each([
  ['tools', { tools: [{ name: 'x' }] }, /tools/],
  ['an image', { messages: [{ role: 'user', content: [{ type: 'image' }] }] }, /type "image"/],
  [
    'a long prompt',
    { messages: [{ role: 'user', content: 'a '.repeat(30).trim() }] },
    /30 tokens.*at most 10/,
  ],
  [
    'a prompt too long to be worth counting',
    { messages: [{ role: 'user', content: 'a'.repeat(641) }] },
    /641 characters.*at most 10 tokens/,
  ],
  ['max_tokens 0', { max_tokens: 0 }, /max_tokens/],
  ['temperature 2.1', { temperature: 2.1 }, /temperature: must be from 0 to 2/],
  ['top_p 1.1', { top_p: 1.1 }, /top_p: must be from 0 to 1/],
  ['top_k -1', { top_k: -1 }, /top_k/],
  ['min_p 2', { min_p: 2 }, /min_p: must be from 0 to 1/],
  ['a repetition_penalty of 0', { repetition_penalty: 0 }, /repetition_penalty: must be above 0/],
  ['half a seed', { seed: 0.5 }, /seed: must be a whole number/],
  ['a seed of letters', { seed: 'abc' }, /seed: must be a whole number/],
  ['an empty stop sequence', { stop_sequences: [''] }, /stop_sequences\.0/],
  ['a blank stop sequence', { stop_sequences: [' \n'] }, /stop_sequences\.0/],
  ['17 stop sequences', { stop_sequences: Array.from({ length: 17 }, String) }, /at most 16/],
  ['a stop sequence of 201 characters', { stop_sequences: ['x'.repeat(201)] }, /at most 200/],
  ['no user message', { messages: [{ role: 'assistant', content: 'x' }] }, /begin with a user message/],
])('refuses %s with 400 and says why', async (_name, change, text) => {
  const { post } = scriptedContainer()
  const response = await post({ ...hello, ...change })
  expect(response.status).toBe(400)
  const body = (await response.json()) as { error: { type: string; message: string }; request_id: string }
  expect(body.error.type).toBe('invalid_request_error')
  expect(body.error.message).toMatch(text)
  expect(body.request_id).toBe(response.headers.get('request-id'))
})

test('refuses what is not JSON: 415 for the type, 400 for the bytes, 413 for the size', async () => {
  const { app, post } = scriptedContainer()
  expect((await post(hello, { 'content-type': 'text/plain' })).status).toBe(415)
  for (const body of ['', '{', '[1]', '"x"', `${'['.repeat(5000)}${']'.repeat(5000)}`])
    expect((await post(body)).status).toBe(400)
  expect((await post(`"${'x'.repeat(1024 * 1024)}"`)).status).toBe(413)
  const chunk = new Uint8Array(64 * 1024)
  let pulled = 0
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled++
      controller.enqueue(chunk)
    },
  })
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: endless,
    duplex: 'half',
  }
  expect((await app.request('/v1/messages', init as RequestInit)).status).toBe(413)
  expect(pulled).toBeLessThan(25)
})

test('never fails with a 500 for any JSON', async () => {
  const { post } = scriptedContainer()
  await fc.assert(
    fc.asyncProperty(
      fc.json(),
      fc.dictionary(fc.constantFrom(...Object.keys(hello), 'system', 'stream'), fc.jsonValue()),
      async (json, fields) => {
        for (const body of [json, JSON.stringify({ ...hello, ...fields })]) {
          const response = await post(body)
          await response.text()
          expect(response.status).toBeLessThan(500)
        }
      },
    ),
    { numRuns: 60 },
  )
})

test('ignores unknown fields and folds system messages and neighbours of one role', async () => {
  const { post, engine } = scriptedContainer()
  const response = await post({
    ...hello,
    system: [{ type: 'text', text: 'S1' }],
    thinking: { type: 'adaptive' },
    future: true,
    messages: [
      { role: 'user', content: 'a' },
      { role: 'system', content: 'S2' },
      { role: 'user', content: [{ type: 'text', text: 'b', cache_control: {} }] },
      { role: 'assistant', content: 'c' },
      { role: 'user', content: 'd' },
    ],
  })
  expect(response.status).toBe(200)
  expect(engine.requests[0]).toMatchObject({
    system: 'S1\n\nS2',
    turns: [
      { role: 'user', text: 'a\n\nb' },
      { role: 'assistant', text: 'c' },
      { role: 'user', text: 'd' },
    ],
  })
})

test('lists its one model, and counts tokens', async () => {
  const { app, post } = scriptedContainer()
  const list = (await (await app.request('/v1/models')).json()) as { data: unknown[] }
  expect(list.data).toEqual([
    expect.objectContaining({
      type: 'model',
      id: 'scripted',
      object: 'model',
      card: SCRIPTED_MODEL.card,
      max_input_tokens: 10,
      max_tokens: 8,
      license: 'MIT',
    }),
  ])
  expect((await app.request('/v1/models/scripted')).status).toBe(200)
  expect((await app.request('/v1/models/other')).status).toBe(404)
  const { max_tokens: _, ...countable } = hello
  expect(await (await post(countable, {}, '/v1/messages/count_tokens')).json()).toEqual({ input_tokens: 1 })
})

test('counts requests, tokens and load for Prometheus', async () => {
  const { app, post } = scriptedContainer()
  await post(hello)
  await post({ ...hello, tools: [{}] })
  const text = await (await app.request('/metrics')).text()
  expect(text).toContain('llmrouter_container_requests_total{outcome="ok"} 1')
  expect(text).toContain('llmrouter_container_requests_total{outcome="unsupported"} 1')
  expect(text).toContain('llmrouter_container_tokens_total{direction="output"} 3')
  expect(text).toContain('llmrouter_container_queue_depth 0')
  expect(text).toContain('llmrouter_container_queue_seconds_count 1')
  expect(text).toContain('llmrouter_container_time_to_first_token_seconds_count 1')
  expect(text).toContain('llmrouter_container_time_per_output_token_seconds_count 1')
})

test('answers unknown paths with 404 and wrong methods with 405 in Anthropic’s shape', async () => {
  const { app } = scriptedContainer()
  expect((await app.request('/nothing')).status).toBe(404)
  const response = await app.request('/v1/messages')
  expect(response.status).toBe(405)
  expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } })
})

test('counts tokens in the queue and under the limits of messages', async () => {
  const hold = Promise.withResolvers<void>()
  const { post } = scriptedContainer({
    script: { words: ['Hello', ' there'], hold: hold.promise },
    maxQueue: 0,
  })
  const { max_tokens: _, ...countable } = hello
  const running = post({ ...hello, stream: true })
  await running
  expect((await post(countable, {}, '/v1/messages/count_tokens')).status).toBe(429)
  hold.resolve()
  await (await running).text()
  const long = { ...countable, messages: [{ role: 'user', content: 'a'.repeat(10_000) }] }
  expect((await post(long, {}, '/v1/messages/count_tokens')).status).toBe(400)
})

test('answers this machine’s own names only where it has no secret', async () => {
  const { app } = scriptedContainer()
  const statusFor = async (host: string) => (await app.request('/readyz', { headers: { host } })).status
  expect(await statusFor('127.0.0.1:8080')).toBe(200)
  expect(await statusFor('evil.example')).toBe(403)
})

test('names the first wrong one of very many messages, and refuses a body of too many values', async () => {
  const { post } = scriptedContainer()
  const wrong = await post({ ...hello, messages: new Array(150_000).fill(1) })
  expect(wrong.status).toBe(400)
  expect(await wrong.text()).toContain('messages.0: must be an object')
  expect((await post({ ...hello, metadata: new Array(250_000).fill({}) })).status).toBe(413)
})

/** An engine that reads its prompt until it is told to go on, and then does as `after` says. */
function readingEngine(read: Promise<void>, after: () => EngineEvent): Engine {
  return {
    ...createScriptedEngine({ words: [] }),
    async *generate() {
      yield { type: 'start', inputTokens: 1, cachedTokens: 0 }
      await read
      yield { type: 'prefilled' }
      yield after()
    },
  }
}

test('sends headers before the prompt is read, and says declined afterwards in an event', async () => {
  const read = Promise.withResolvers<void>()
  const levels: string[] = []
  const declining = readingEngine(read.promise, () => {
    throw new RouterError('declined', 'The request is left to another model.')
  })
  const { app, post } = scriptedContainer({
    engine: () => declining,
    log: (_message, _fields, level) => void levels.push(level ?? 'info'),
  })
  const streamed = await post({ ...hello, stream: true })
  expect(streamed.status).toBe(200)
  read.resolve()
  expect((await eventsOf(streamed)).at(-1)).toMatchObject({
    type: 'error',
    error: { type: 'api_error', code: 'declined', message: 'The request is left to another model.' },
  })
  expect((await post(hello)).status).toBe(409)
  expect(levels).toEqual(['info', 'info'])
  const metrics = await (await app.request('/metrics')).text()
  expect(metrics).toContain('llmrouter_container_requests_total{outcome="declined"} 2')
})

test('answers with 200 and no text where the first words are a stop sequence', async () => {
  const stopped = readingEngine(Promise.resolve(), () => ({
    type: 'end',
    stopReason: 'stop_sequence',
    stopSequence: 'Hello',
    outputTokens: 1,
  }))
  const { post } = scriptedContainer({ engine: () => stopped })
  const response = await post({ ...hello, stop_sequences: ['Hello'] })
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({
    content: [],
    stop_reason: 'stop_sequence',
    stop_sequence: 'Hello',
  })
})

test('refuses at once with 429 where the answer could not come in time', async () => {
  const { post, engine } = scriptedContainer({ now: () => 0 })
  const long = { ...hello, max_tokens: 8, messages: [{ role: 'user', content: 'a b c d e f g h' }] }
  // Ten tokens are read in 10 ms, eight written in 12.
  expect((await post({ ...long, stream: true }, { 'x-deadline-ms': '15' })).status).toBe(200)
  const refused = await post(long, { 'x-deadline-ms': '15' })
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toBe('1')
  expect((await post({ ...long, stream: true }, { 'x-deadline-ms': '1' })).status).toBe(429)
  expect(engine.requests).toHaveLength(1)
})

test.each(['', ' ', '-1', 'soon', '0x10', '1e999'])('refuses the deadline "%s"', async (deadline) => {
  const { post, engine } = scriptedContainer()
  const response = await post(hello, { 'x-deadline-ms': deadline })
  expect(response.status).toBe(400)
  expect(await response.text()).toContain('x-deadline-ms: must be a number of milliseconds')
  expect(engine.requests).toHaveLength(0)
})

test('names the content-encoding that it does not take', async () => {
  const response = await scriptedContainer().post(hello, { 'content-encoding': 'gzip' })
  expect(response.status).toBe(415)
  expect(await response.text()).toContain('content-encoding \\"gzip\\"')
})
