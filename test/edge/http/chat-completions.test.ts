/** Chat completions through the whole router: what reaches Claude, what comes back, how a stream ends. */
import { expect, test } from 'vitest'
import { sha256Hex } from '../../../shared/digest.ts'
import { encodeSseEvent } from '../../../shared/sse.ts'
import { COMPLEX_PROMPT, SIMPLE_PROMPT } from '../../support/edge/canaries.ts'
import { loggedLines } from '../../support/edge/log-collector.ts'
import { claudeMessage, framesOf, localMessage } from '../../support/edge/messages.ts'
import { createTestRouter, type TestRouter } from '../../support/edge/router.ts'
import {
  answerNonStreaming,
  answerStream,
  claude,
  container,
  errorOf,
  readiness,
  ready,
  streamOf,
} from '../../support/edge/upstreams.ts'

type Body = Record<string, unknown>

function chat(router: TestRouter, fields: Body | string = {}, headers: Record<string, string> = {}) {
  const body =
    typeof fields === 'string'
      ? fields
      : { model: 'gpt-5.2', messages: [{ role: 'user', content: COMPLEX_PROMPT }], ...fields }
  return router.post(body, headers, { path: '/v1/chat/completions' })
}

/** What Claude was asked last. */
function asked(): Body {
  return JSON.parse(claude.hits.at(-1)?.text ?? '')
}

/** The data of a stream's frames, in order. */
function dataOf(text: string): string[] {
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => data ?? '')
}

function chunksOf(text: string): Body[] {
  return dataOf(text)
    .filter((data) => data !== '[DONE]')
    .map((data) => JSON.parse(data))
}

const textIn = (text: string) =>
  chunksOf(text)
    .flatMap(({ choices }) => (Array.isArray(choices) ? choices : []))
    .map(({ delta }) => delta.content ?? '')
    .join('')

test('schemas, arguments and answers keep their digits on the way to Claude and back', async () => {
  const answer = JSON.stringify(
    claudeMessage({
      content: [{ type: 'tool_use', id: 'toolu_1', name: 'f', input: { id: 7 } }],
      stop_reason: 'tool_use',
    }),
  ).replace('"id":7', '"id": 2512292042121000001')
  claude.answer(() => new Response(answer, { headers: { 'content-type': 'application/json' } }))
  const tools = '[{"type":"function","function":{"name":"f","parameters":{"maximum":9223372036854775807}}}]'
  const args = JSON.stringify('{"id":2512292042121000001}')
  const response = await chat(
    await createTestRouter(),
    `{"model":"gpt-x","tools":${tools},"messages":[{"role":"user","content":"Go"},{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":${args}}}]},{"role":"tool","tool_call_id":"a","content":"done"}]}`,
  )
  expect(claude.hits[0]?.text).toContain('"input":{"id":2512292042121000001}')
  expect(claude.hits[0]?.text).toContain('"maximum":9223372036854775807')
  expect(await response.json()).toMatchObject({
    choices: [{ message: { tool_calls: [{ function: { arguments: '{"id":2512292042121000001}' } }] } }],
  })
})

test('Claude learns an opaque id of the user, another for each tenant', async () => {
  const router = await createTestRouter()
  await chat(router, { user: 'alice@example.com' })
  const { user_id } = asked().metadata as { user_id: string }
  expect(user_id).toBe(await sha256Hex('["alice","alice@example.com"]'))
  expect(claude.hits[0]?.text).not.toContain('alice@example.com')
  await chat(router, { user: 'x'.repeat(300) }, { 'x-api-key': 'canary-bob-key-0123456789' })
  expect(asked().metadata).toEqual({ user_id: await sha256Hex(`["bob","${'x'.repeat(300)}"]`) })
})

test('Claude may write as much as its model can where the client sets no limit', async () => {
  const router = await createTestRouter()
  await chat(router, { model: 'anthropic/claude-haiku-4.5' })
  expect(asked()).toMatchObject({ model: 'claude-haiku-4-5', max_tokens: 64_000 })
  await chat(router, { model: 'claude-haiku-4-5', max_completion_tokens: 77 })
  expect(asked().max_tokens).toBe(77)
  await chat(router, { messages: [{ role: 'user', content: SIMPLE_PROMPT }] })
  expect(JSON.parse(container.hits[0]?.text ?? '').max_tokens).toBe(4096)
})

test('what is left out is named in a header', async () => {
  const response = await chat(await createTestRouter(), { seed: 1, invented: 2 })
  expect(response.headers.get('x-router-ignored')).toBe('seed, invented')
})

const LINES = 'one line\n\nanother'

test.each([
  ['the first line', '\n', 'one line', ['one', ' li', 'ne\n', '\nanother']],
  ['the first paragraph', ['\n\n', 'END'], 'one line', ['one line\n', '\n', 'another']],
  ['a stop in one piece', '\n\n', 'one line', [LINES]],
  ['everything, where the stop never comes', '\t', LINES, ['one line\n', '\nanother']],
  ['nothing, where the stop comes first', ' ', '', [' one']],
])('a white-space stop gives %s', async (_, stop, expected, pieces) => {
  const [start, block, , ...end] = framesOf(claudeMessage({ content: [{ type: 'text', text: 'x' }] }))
  const ping = encodeSseEvent({ type: 'ping' })
  const deltas = pieces.map((text) =>
    encodeSseEvent({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
  )
  claude.answer(() =>
    streamOf([start ?? '', block ?? '', ...deltas.flatMap((delta) => [delta, ping]), ...end]),
  )
  const router = await createTestRouter()
  const options = { stream: true, stream_options: { include_usage: true } }
  const text = await (await chat(router, { stop, ...options })).text()
  expect(textIn(text)).toBe(expected)
  expect(dataOf(text).at(-1)).toBe('[DONE]')
  expect(chunksOf(text).at(-2)?.choices).toMatchObject([{ finish_reason: 'stop' }])
  expect(chunksOf(text).at(-1)?.usage).toMatchObject({ prompt_tokens: 12 })
  expect(asked().stop_sequences).toEqual(Array.isArray(stop) ? ['END'] : undefined)
  expect(loggedLines().at(-1)?.fields.outcome).toBeUndefined()
})

test('a white-space stop ends a non-streaming answer, from either side, and the cache keeps none', async () => {
  const router = await createTestRouter()
  claude.answer(answerNonStreaming(claudeMessage({ content: [{ type: 'text', text: LINES }] })))
  container.answer(answerStream(localMessage({ content: [{ type: 'text', text: LINES }] })))
  for (const content of [COMPLEX_PROMPT, SIMPLE_PROMPT]) {
    const response = await chat(router, { stop: '\n', messages: [{ role: 'user', content }] })
    expect(await response.json()).toMatchObject({
      choices: [{ message: { content: 'one line' }, finish_reason: 'stop' }],
    })
    expect(response.headers.get('x-router-cache')).toBe('bypass')
  }
  expect(container.hits).toHaveLength(1)
})

test('Claude is closed where the router ends the answer itself', async () => {
  const [start, block] = framesOf(claudeMessage())
  const delta = encodeSseEvent({
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'text_delta', text: 'one\n' },
  })
  claude.answer(() => streamOf([start ?? '', block ?? '', delta], { end: 'stall' }))
  const text = await (await chat(await createTestRouter(), { stop: '\n', stream: true })).text()
  expect(textIn(text)).toBe('one')
  expect(dataOf(text).at(-1)).toBe('[DONE]')
  expect(claude.hits[0]?.signal.aborted).toBe(true)
})

test.each(['stall', 'break'] as const)(
  'message_stop ends a stream, although the connection will %s',
  async (end) => {
    claude.answer(() => streamOf(framesOf(claudeMessage()), { end }))
    const text = await (await chat(await createTestRouter(), { stream: true })).text()
    expect(dataOf(text).at(-1)).toBe('[DONE]')
    expect(text).not.toContain('"error"')
  },
)

test('an error event ends a stream: neither text nor [DONE] follows', async () => {
  const frames = framesOf(claudeMessage())
  const error = encodeSseEvent({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } })
  claude.answer(() => streamOf([...frames.slice(0, 3), error, ...frames.slice(2)]))
  const text = await (await chat(await createTestRouter(), { stream: true })).text()
  expect(JSON.parse(dataOf(text).at(-1) ?? '').error).toMatchObject({ code: 'overloaded' })
})

test('an answer from the cache tells the usage that it had, as a stream as well', async () => {
  const router = await createTestRouter()
  const fields = { messages: [{ role: 'user', content: SIMPLE_PROMPT }] }
  const usage = { prompt_tokens: 12, completion_tokens: 7, total_tokens: 19 }
  const whole = async () => {
    const response = await chat(router, fields)
    const body: Body = await response.json()
    return { ...body, cache: response.headers.get('x-router-cache') }
  }
  await expect.poll(whole).toMatchObject({ cache: 'hit', usage })
  const streamed = await chat(router, { ...fields, stream: true, stream_options: { include_usage: true } })
  expect(streamed.headers.get('x-router-cache')).toBe('hit')
  expect(chunksOf(await streamed.text()).at(-1)?.usage).toMatchObject(usage)
})

test('the local model is known by its own name from the first request on', async () => {
  readiness.answer(() => ready({ model: 'tiny/model' }))
  const response = await chat(await createTestRouter(), { model: 'tiny/model' })
  expect(response.headers.get('x-router-route')).toBe('local')
})

test('an error of Claude names the parameter that the client sent', async () => {
  claude.answer(() =>
    Response.json(
      { type: 'error', error: { type: 'invalid_request_error', message: 'max_tokens: 9 > 8' } },
      { status: 400 },
    ),
  )
  const response = await chat(await createTestRouter(), { max_tokens: 9 })
  expect(await response.json()).toMatchObject({ error: { param: 'max_tokens' } })
  claude.answer(() => errorOf('not_found_error', 404))
  expect((await chat(await createTestRouter())).status).toBe(404)
})

test('a blank last turn is named before anybody is asked', async () => {
  const router = await createTestRouter()
  const response = await chat(router, {
    messages: [{ role: 'user', content: [{ type: 'text', text: ' ' }] }],
  })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ error: { param: 'messages[0].content' } })
  expect(claude.hits).toHaveLength(0)
})
