/**
 * The container fails in every way a server on a network can: before its first word Claude answers and nothing of
 * the failure is seen, after it the client gets exactly one error event. Real sockets, real workerd.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { FAILS_AFTER_FIRST_WORD, FAILS_BEFORE_FIRST_WORD, OPENING } from '../support/container-faults.ts'
import { eventNames, type Reply, SIMPLE } from '../support/stack-client.ts'
import { type FaultStack, startFaultStack } from '../support/stack-faults.ts'
import type { Script } from '../support/upstream.ts'
import {
  CLAUDE_ANSWER,
  LOCAL_ANSWER,
  nonStreamingBody,
  streamFrames,
  streamHead,
} from '../support/upstream-messages.ts'
import { chunk, complete, drip, pause, respond } from '../support/upstream-steps.ts'

let stack: FaultStack
beforeAll(async () => {
  stack = await startFaultStack()
})
afterAll(() => stack?.stop())
beforeEach(() => stack.recover())

const before = FAILS_BEFORE_FIRST_WORD
const failuresBeforeTheFirstWord: readonly (readonly [string, string, Script])[] = [
  ['F3 the container accepts and says nothing', 'timeout', before.silence],
  ['F4 the container sends its headers too late', 'timeout', before.lateHeaders],
  ['F5 the container sends headers and then nothing', 'timeout', before.headersOnly],
  ['F5 the container sends everything but text', 'timeout', before.noText],
  ['F8 the container closes before headers', 'unavailable', before.closes],
  ['F8 the container resets before headers', 'unavailable', before.resets],
  ['F8 the container closes after headers', 'error', before.closesAfterHeaders],
  ['F8 the container resets after headers', 'error', before.resetsAfterHeaders],
  ['F8 F10 the container ends in order without a word', 'error', before.endsWithoutWord],
  ['F8 the container completes an empty answer', 'error', before.emptyAnswer],
  ['F13 the container sends less than it declared', 'error', before.shorterThanDeclared],
  ['F11 the container sends an event that is not JSON', 'error', before.notJson],
  ['F11 the container sends a line of ten megabytes', 'error', before.longLine],
  ['F11 the container sends bytes that are not UTF-8', 'error', before.notUtf8],
  ['F13 the container sends a truncated chunk', 'error', before.truncatedChunk],
  ['F8 the container sends an error event first', 'error', before.errorFirst],
  ['F14 the container is hidden by a proxy page with 502', 'error', before.page502],
  ['F14 the container is hidden by a proxy page with 503', 'unavailable', before.page503],
  ['F15 the container is hidden by a platform page with 200', 'error', before.page200],
  ['F15 the container is hidden by a platform page with 404', 'error', before.page404],
  ['F15 the container redirects elsewhere', 'error', before.redirects],
  ['F8 the container fails inside', 'error', before.failsInside],
  ['F8 the container finds the request too long', 'unsupported', before.tooLong],
]

test.each(failuresBeforeTheFirstWord)('%s: Claude streams the answer', async (_, cause, script) => {
  stack.container.next(script)
  const reply = await stack.client.ask(SIMPLE, { stream: true })
  expectClaudesStream(reply, cause)
  await stack.container.hits[0]?.closed
})

test.each(failuresBeforeTheFirstWord.filter(([, cause]) => cause !== 'timeout'))(
  '%s: Claude answers in JSON',
  async (_, cause, script) => {
    stack.container.next(script)
    expectClaudesAnswer(await stack.client.ask(SIMPLE), cause)
    await stack.container.hits[0]?.closed
  },
)

test('F6 a first word just in time is the local answer, and Claude is not asked', async () => {
  stack.container.next([streamHead, chunk(OPENING), pause(500), chunk(rest(0)), complete])
  const reply = await stack.client.ask(SIMPLE, { stream: true })
  expect(reply.headers.get('x-router-route')).toBe('local')
  expect(textOf(reply)).toBe('Hello from local.')
  expect(stack.claude.hits).toHaveLength(0)
})

const after = FAILS_AFTER_FIRST_WORD
const failuresAfterTheFirstWord: readonly (readonly [string, Script])[] = [
  ['F7 the container stalls after its first word', after.stalls],
  ['F7 the container stalls but for pings after its first word', after.onlyPings],
  ['F9 the container closes after its first word', after.closes],
  ['F9 the container resets after its first word', after.resets],
  ['F10 the container ends in order, but without message_stop', after.endsWithoutStop],
  ['F11 the container sends an event that is not JSON after its first word', after.notJson],
  ['F11 the container sends an event without what its type promises', after.notWhatItsTypePromises],
  ['F11 the container sends a line of ten megabytes after its first word', after.longLine],
  ['F9 the container sends a truncated chunk after its first word', after.truncatedChunk],
  ['F9 the container sends an error event after its first word', after.errorEvent],
]

test.each(failuresAfterTheFirstWord)('%s: one error event ends the stream', async (_, script) => {
  stack.container.next(script)
  const reply = await stack.client.ask(SIMPLE, { stream: true })
  expect(reply.headers.get('x-router-route')).toBe('local')
  const names = eventNames(reply.body).filter((name) => name !== 'ping')
  expect(names).toEqual(['message_start', 'content_block_start', 'content_block_delta', 'error'])
  expect(reply.body).toMatch(/event: error\ndata: \{"type":"error","error":\{[^\n]*\}\}\n\n$/)
  expect(reply.body).not.toMatch(/local-secret-detail|127\.0\.0\.1/)
  expect(stack.claude.hits).toHaveLength(0)
  await stack.container.hits[0]?.closed
})

test('F9 F13 an answer in JSON that breaks off is Claude’s instead, with nothing of the broken one in it', async () => {
  stack.container.next(after.resets)
  expectClaudesAnswer(await stack.client.ask(SIMPLE), 'error')
})

test('F12 bytes that come one by one, with CRLF or a byte order mark make the same stream', async () => {
  const plain = await stack.client.ask(SIMPLE, { stream: true })
  const text = streamFrames(LOCAL_ANSWER).join('')
  const variants: Script[] = [
    [streamHead, drip(text), complete],
    [streamHead, chunk(text), complete],
    [streamHead, drip(text.replaceAll('\n', '\r\n')), complete],
    [streamHead, chunk(text.replaceAll('\n', '\r')), complete],
    [streamHead, chunk(`\ufeff${text}`), complete],
  ]
  for (const script of variants) {
    stack.container.next(script)
    const reply = await stack.client.ask(SIMPLE, { stream: true })
    expect(reply.headers.get('x-router-route')).toBe('local')
    expect(reply.body).toBe(plain.body)
  }
})

test.each([
  ['F17 a container that answers 429', 429, 'overloaded'],
  ['F17 a container that answers 503', 503, 'unavailable'],
])('%s with Retry-After is left alone that long', async (_, status, cause) => {
  stack.container.next(respond(status, '{}', { 'retry-after': '2' }))
  expectClaudesAnswer(await stack.client.ask(SIMPLE), cause)
  const next = await stack.client.ask(SIMPLE)
  expect(next.headers.get('x-router-fallback')).toBe(cause)
  expect(stack.container.hits).toHaveLength(1)
})

test.each([401, 403])(
  'F20 a container that refuses the secret (%i) is the operator’s trouble',
  async (status) => {
    const from = stack.edge.lines.length
    stack.container.next(respond(status, '{"type":"error"}'))
    expectClaudesAnswer(await stack.client.ask(SIMPLE), 'unavailable')
    expect(stack.container.hits).toHaveLength(1)
    await stack.edge.line(/The local model refuses the shared secret .*LOCAL_LLM_SECRET/, from)
  },
)

// The last one: the breaker stays open for longer than a test should wait.
test('F1 Claude answers when nothing listens, and soon the container is not even tried', async () => {
  await stack.container.close()
  expectClaudesAnswer(await stack.client.ask(SIMPLE), 'unavailable')
  stack.claude.reset()
  expectClaudesStream(await stack.client.ask(SIMPLE, { stream: true }), 'unavailable')
  stack.claude.reset()
  expectClaudesAnswer(await stack.client.ask(SIMPLE), 'unavailable')
  await stack.container.reopen()
  stack.claude.reset()
  expectClaudesAnswer(await stack.client.ask(SIMPLE), 'unavailable')
  expect(stack.container.hits).toHaveLength(0)
})

function expectClaudesAnswer(reply: Reply, cause: string): void {
  expectFallback(reply, cause)
  expect(reply.body).toBe(nonStreamingBody(CLAUDE_ANSWER))
}

function expectClaudesStream(reply: Reply, cause: string): void {
  expectFallback(reply, cause)
  expect(reply.body).toBe(streamFrames(CLAUDE_ANSWER).join(''))
}

function expectFallback(reply: Reply, cause: string): void {
  expect(reply.status).toBe(200)
  expect(reply.headers.get('x-router-route')).toBe('claude')
  expect(reply.headers.get('x-router-fallback')).toBe(cause)
  expect(stack.claude.hits).toHaveLength(1)
}

/** The frames after the first `pieces` deltas. */
function rest(pieces: number): string {
  return streamFrames(LOCAL_ANSWER)
    .slice(2 + pieces)
    .join('')
}

function textOf(reply: Reply): string {
  return [...reply.body.matchAll(/"text_delta","text":"([^"]*)"/g)].map((match) => match[1]).join('')
}
