/**
 * Claude refuses, breaks off or falls silent: what is retried and how often, what reaches the client verbatim, and
 * that no broken stream ends as if it were whole. Real sockets, real workerd.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { COMPLEX, eventNames, type Reply } from '../support/stack-client.ts'
import { type FaultStack, startFaultStack } from '../support/stack-faults.ts'
import type { Script } from '../support/upstream.ts'
import {
  CLAUDE_ANSWER,
  CLAUDE_KEY,
  CLAUDE_REQUEST_ID,
  claudeError,
  claudeHeaders,
  claudeRefuses,
  frame,
  framesUntilText,
  nonStreamingBody,
  stream,
  streamFrames,
  streamHead,
} from '../support/upstream-messages.ts'
import {
  chunk,
  complete,
  drip,
  finish,
  head,
  hold,
  htmlPage,
  raw,
  repeat,
  reset,
  respond,
  until,
} from '../support/upstream-steps.ts'

let stack: FaultStack
beforeAll(async () => {
  stack = await startFaultStack({ EARLY_HEADERS_MS: '4000', HEARTBEAT_MS: '100', CACHE_TTL_SECONDS: '300' })
})
afterAll(() => stack?.stop())
beforeEach(() => stack.claude.reset())

const WHOLE_STREAM = streamFrames(CLAUDE_ANSWER).join('')
const SPOKEN = framesUntilText(CLAUDE_ANSWER, 1)
const OVERLOADED = frame({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } })
let questions = 0
/** A question that no cache has seen. */
const question = () => `${COMPLEX} (${++questions})`

test.each([
  [400, 'invalid_request_error'],
  [404, 'not_found_error'],
  [413, 'request_too_large'],
])('F24 a %i of Claude’s reaches the client verbatim, at once', async (status, type) => {
  for (const asStream of [false, true]) {
    stack.claude.reset()
    stack.claude.next(claudeRefuses(status, type))
    const reply = await stack.client.ask(question(), { stream: asStream })
    expect(reply.status).toBe(status)
    expect(reply.body).toBe(claudeError(type))
    expect(reply.headers.get('request-id')).toBe(CLAUDE_REQUEST_ID)
    expect(stack.claude.hits).toHaveLength(1)
  }
})

test.each([
  [401, 'authentication_error'],
  [403, 'permission_error'],
])('F25 a %i for the router’s own key is a 502 and a line for the operator', async (status, type) => {
  const from = stack.edge.lines.length
  stack.claude.next(claudeRefuses(status, type))
  const reply = await stack.client.ask(question())
  expect(reply.status).toBe(502)
  expect(errorOf(reply).type).toBe('api_error')
  expect(stack.claude.hits).toHaveLength(1)
  await stack.edge.line(/Claude refuses the router .*ANTHROPIC_API_KEY/, from)
})

test('F26 an account without credit is a 503 that clients do not retry', async () => {
  stack.claude.next(claudeRefuses(402, 'billing_error'))
  const reply = await stack.client.ask(question())
  expect(reply.status).toBe(503)
  expect(errorOf(reply).type).toBe('billing_error')
  expectGivenUp(reply, 1)
})

test('F26 a 429 without Retry-After is a spending limit: passed on, not retried', async () => {
  stack.claude.next(claudeRefuses(429, 'rate_limit_error'))
  const reply = await stack.client.ask(question())
  expect([reply.status, reply.body]).toEqual([429, claudeError('rate_limit_error')])
  expectGivenUp(reply, 1)
})

test('F27 a 429 with a short Retry-After is waited out once', async () => {
  stack.claude.next(claudeRefuses(429, 'rate_limit_error', { 'retry-after': '1' }))
  const reply = await stack.client.ask(question())
  expect([reply.status, reply.body]).toEqual([200, nonStreamingBody(CLAUDE_ANSWER)])
  expect(reply.headers.get('x-router-attempts')).toBe('2')
})

test('F27 a 429 with a long Retry-After is the client’s to wait for', async () => {
  stack.claude.next(claudeRefuses(429, 'rate_limit_error', { 'retry-after': '3600' }))
  const reply = await stack.client.ask(question())
  expect(reply.status).toBe(429)
  expectGivenUp(reply, 1)
})

const transient: readonly (readonly [string, Script])[] = [
  ['F28 Claude answers 500', claudeRefuses(500, 'api_error')],
  ['F28 Claude answers 529', claudeRefuses(529, 'overloaded_error')],
  ['F29 Claude begins its stream with an error', stream([OVERLOADED])],
  [
    'F29 Claude begins with message_start and then an error',
    stream([framesUntilText(CLAUDE_ANSWER, 0), OVERLOADED]),
  ],
  ['F31 Claude closes before a byte', [finish]],
  ['F31 Claude resets before a byte', [reset]],
  ['F14 Claude is hidden by a proxy page', htmlPage(502)],
]

test.each(transient)('%s: it is asked once more', async (_, script) => {
  stack.claude.next(script)
  const reply = await stack.client.ask(question(), { stream: true })
  expect([reply.status, reply.body]).toEqual([200, WHOLE_STREAM])
  expect(stack.claude.hits).toHaveLength(2)
  expect(reply.headers.get('x-router-attempts')).toBe('2')
})

test.each([
  ['F28 a second 500', 500, 'api_error', claudeRefuses(500, 'api_error')],
  ['F28 a second 504', 504, 'timeout_error', claudeRefuses(504, 'timeout_error')],
  ['F28 a second 529', 529, 'overloaded_error', claudeRefuses(529, 'overloaded_error')],
  ['F29 a second stream that begins with an error', 529, 'overloaded_error', stream([OVERLOADED])],
])('%s is the answer, and clients do not retry it', async (_, status, type, script) => {
  stack.claude.next(script, script)
  const reply = await stack.client.ask(question(), { stream: true })
  expect(reply.status).toBe(status)
  expect(errorOf(reply).type).toBe(type)
  expectGivenUp(reply, 2)
})

const breaks: readonly (readonly [string, Script])[] = [
  ['F31 Claude closes after its first word', [finish]],
  ['F31 Claude resets after its first word', [reset]],
  ['F31 Claude ends in order, but without message_stop', [complete]],
  ['F31 Claude breaks off inside an event', [chunk('event: content_block_delta\ndata: {"ty'), reset]],
  ['F32 Claude falls silent after its first word', [hold]],
  ['F32 Claude sends only pings after its first word', repeat(chunk(frame({ type: 'ping' })), 30, 100)],
]

test.each(breaks)('%s: one error event ends the stream', async (_, ending) => {
  stack.claude.next([streamHead, chunk(SPOKEN), ...ending])
  const reply = await stack.client.ask(question(), { stream: true })
  expect(reply.status).toBe(200)
  expect(reply.body.startsWith(SPOKEN)).toBe(true)
  const names = eventNames(reply.body.slice(SPOKEN.length)).filter((name) => name !== 'ping')
  expect(names).toEqual(['error'])
  expect(reply.body).toMatch(/\n\nevent: error\ndata: \{"type":"error","error":\{[^\n]*\}\}\n\n$/)
  expect(stack.claude.hits).toHaveLength(1)
  await stack.claude.hits[0]?.closed
})

test('F30 an overload in mid-stream is passed on once, without the words of a server that is not Anthropic’s', async () => {
  const error = { type: 'overloaded_error', message: 'proxy-secret-host is full' }
  stack.claude.next(stream([SPOKEN, frame({ type: 'error', error }), SPOKEN]))
  const reply = await stack.client.ask(question(), { stream: true })
  expect(reply.body.startsWith(SPOKEN)).toBe(true)
  const end = reply.body.slice(SPOKEN.length)
  expect(eventNames(end)).toEqual(['error'])
  expect(end).toContain('"type":"overloaded_error"')
  expect(end).not.toContain('proxy-secret-host')
})

test('F13 F31 an answer in JSON that breaks off is a 502, asked for once', async () => {
  const content = nonStreamingBody(CLAUDE_ANSWER)
  const headers = { ...claudeHeaders, 'content-length': String(content.length) }
  stack.claude.next([head(200, headers), raw(content.slice(0, 40)), finish])
  const reply = await stack.client.ask(question())
  expect(reply.status).toBe(502)
  expectGivenUp(reply, 1)
})

test('F15 a page in place of an answer never reaches the client', async () => {
  // A 200 is never asked for again: it may have been paid for.
  stack.claude.next(htmlPage(200), htmlPage(503), htmlPage(503))
  for (const status of [502, 529]) {
    const reply = await stack.client.ask(question(), { stream: status === 529 })
    expect(reply.status).toBe(status)
    expect(reply.body).not.toMatch(/html|proxy-secret-host/)
  }
})

test('F32 silence before headers is bounded: comments meanwhile, then one error event', async () => {
  stack.claude.next([hold])
  const reply = await stack.client.ask(question(), { stream: true })
  expect(reply.status).toBe(200)
  expect(reply.body).toMatch(/^(: waiting\n)+event: error\ndata: \{"type":"error",.*"timeout_error".*\}\n\n$/)
  await stack.claude.hits[0]?.closed
})

test('an answer that comes late follows the comments unchanged', async () => {
  const waited = Promise.withResolvers<void>()
  stack.claude.next([until(waited.promise), ...stream([WHOLE_STREAM])])
  const opened = await stack.client.open(question())
  await opened.readUntil(': waiting\n: waiting\n')
  waited.resolve()
  expect((await opened.rest()).replaceAll(': waiting\n', '')).toBe(WHOLE_STREAM)
})

test('F32 pings are no progress: an answer that never begins ends in time', async () => {
  stack.claude.next([streamHead, ...repeat(chunk(frame({ type: 'ping' })), 60, 50)])
  const reply = await stack.client.ask(question(), { stream: true })
  expect(reply.status).toBe(504)
  expectGivenUp(reply, 1)
})

test('F12 F33 what this version does not know passes through byte for byte', async () => {
  const frames = [
    ...streamFrames(CLAUDE_ANSWER).slice(0, 3),
    ': a comment\n\n',
    'event: future_event\ndata: {"type":"future_event",  "n": 1.0}\n\n',
    'event: content_block_delta\r\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"future_delta","x":"ü"}}\r\n\r\n',
    ...streamFrames(CLAUDE_ANSWER).slice(3),
  ]
  stack.claude.next([streamHead, drip(frames.join('')), complete])
  const reply = await stack.client.ask(question(), { stream: true })
  expect(reply.body).toBe(frames.join(''))
})

test('F33 F51 neither a refusal of the model nor a broken nor a cut-off answer is ever kept', async () => {
  const ended = (reason: string) => nonStreamingBody(CLAUDE_ANSWER).replace('"end_turn"', `"${reason}"`)
  const scripts: Script[] = [
    respond(200, ended('refusal'), claudeHeaders),
    respond(200, ended('max_tokens'), claudeHeaders),
    [streamHead, chunk(SPOKEN), reset],
    stream([SPOKEN, OVERLOADED]),
  ]
  for (const script of scripts) {
    const text = question()
    stack.claude.reset()
    stack.claude.next(script)
    await stack.client.ask(text, { stream: script[0] === streamHead })
    const again = await stack.client.ask(text)
    expect(again.headers.get('x-router-cache')).toBe('miss')
    expect(stack.claude.hits).toHaveLength(2)
  }
})

test('F60 the operator’s key is in no line of the log', () => {
  expect(stack.edge.lines.join('\n')).not.toContain(CLAUDE_KEY)
})

function errorOf(reply: Reply): { type: string; message: string } {
  return JSON.parse(reply.body).error
}

function expectGivenUp(reply: Reply, attempts: number): void {
  expect(reply.headers.get('x-should-retry')).toBe('false')
  expect(stack.claude.hits).toHaveLength(attempts)
}
