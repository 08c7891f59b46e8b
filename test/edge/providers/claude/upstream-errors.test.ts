/** What Claude's errors mean: how long to wait, and whose affair they are. */
import { expect, test } from 'vitest'
import {
  isAnthropic,
  ownError,
  ownWords,
  readUpstreamError,
  retryWaitMs,
  visibleBody,
} from '../../../../edge/providers/claude/upstream-errors.ts'

const upstreamError = (
  status: number,
  headers: Record<string, string> = {},
  body = '{"type":"error","error":{"type":"x","message":"y"}}',
) => readUpstreamError(status, new Headers(headers), new TextEncoder().encode(body))
const NOW = Date.UTC(2026, 10, 23)
const waitOf = (status: number, headers: Record<string, string> = {}) =>
  retryWaitMs(upstreamError(status, headers), NOW, 300)

test('waits a random while where Claude says nothing, and as long as it says up to five seconds', () => {
  for (const status of [408, 409, 500, 502, 503, 504, 529]) expect(waitOf(status), String(status)).toBe(300)
  expect(waitOf(529, { 'retry-after': '2' })).toBe(2_000)
  expect(waitOf(429, { 'retry-after': '5' })).toBe(5_000)
  expect(waitOf(429, { 'retry-after-ms': '5001' })).toBeUndefined()
  expect(waitOf(429, { 'retry-after': '0' })).toBe(1)
  expect(waitOf(429, { 'retry-after': new Date(NOW + 3_000).toUTCString() })).toBe(3_000)
})

test('never tries again what would fail again', () => {
  for (const status of [400, 401, 402, 403, 404, 413, 422])
    expect(waitOf(status), String(status)).toBeUndefined()
  expect(waitOf(429)).toBeUndefined()
  expect(waitOf(529, { 'x-should-retry': 'false' })).toBeUndefined()
})

test('leaves Claude’s own words to the client, but for the operator’s affairs', () => {
  for (const status of [400, 404, 413, 429, 500, 529])
    expect(ownError(upstreamError(status), true)).toBeUndefined()
  for (const status of [401, 402, 403]) {
    expect(ownError(upstreamError(status), false)).toBeUndefined()
    expect(ownError(upstreamError(status), true)?.status).toBe(status === 402 ? 503 : 502)
  }
})

test('puts its own words in the place of what is not Claude’s', () => {
  for (const [status, code] of [
    [529, 'overloaded'],
    [503, 'overloaded'],
    [504, 'timeout'],
    [408, 'timeout'],
    [500, 'upstream'],
    [404, 'upstream'],
  ] as const)
    for (const body of ['<html>', '', '{}', '[]', 'null', '{"type":"error"}'])
      expect(ownError(upstreamError(status, {}, body), true)?.code, `${status} ${body}`).toBe(code)
})

test('shows the 5xx texts of nobody but Anthropic, and every 4xx text, which says what to change', () => {
  const body = '{"type":"error","error":{"type":"api_error","message":"db-7 is down"},"request_id":"req_1"}'
  const seen = (status: number, fromAnthropic: boolean) =>
    new TextDecoder().decode(visibleBody(upstreamError(status, {}, body), fromAnthropic))
  expect(seen(500, true)).toBe(body)
  expect(seen(400, false)).toBe(body)
  expect(JSON.parse(seen(500, false))).toEqual({
    type: 'error',
    error: { type: 'api_error', message: 'Claude failed to answer. Try again later.' },
    request_id: 'req_1',
  })
})

test('takes a type that Anthropic does not document for a text as well', () => {
  for (const type of ['db-7.internal', '', 'constructor']) expect(ownWords(type).type).toBe('api_error')
  for (const type of ['rate_limit_error', 'overloaded_error']) expect(ownWords(type).type).toBe(type)
})

test('takes a status that no error has for something else in Claude’s place', () => {
  for (const status of [300, 301, 304, 307, 600, 999])
    expect(ownError(upstreamError(status), true)?.status, String(status)).toBe(502)
})

test('knows Anthropic’s own addresses', () => {
  expect(isAnthropic('https://api.anthropic.com')).toBe(true)
  for (const url of ['https://anthropic.com.evil.example', 'https://notanthropic.com', 'http://127.0.0.1:1'])
    expect(isAnthropic(url)).toBe(false)
})
