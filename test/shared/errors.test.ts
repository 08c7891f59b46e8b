/**
 * The table of errors and the reading and writing of retry hints. Which error is thrown where is tested there.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type ErrorCode,
  errorBody,
  errorTypeMeaning,
  RouterError,
  readRetryAfterMs,
  retryAfterSeconds,
} from '../../shared/errors.ts'

const TABLE: Record<ErrorCode, readonly [status: number, type: string, tryNextTarget: boolean]> = {
  invalid_request: [400, 'invalid_request_error', false],
  unsupported: [400, 'invalid_request_error', true],
  unauthorized: [401, 'authentication_error', false],
  billing: [503, 'billing_error', false],
  forbidden: [403, 'permission_error', false],
  not_found: [404, 'not_found_error', false],
  method_not_allowed: [405, 'invalid_request_error', false],
  too_large: [413, 'request_too_large', false],
  unsupported_media_type: [415, 'invalid_request_error', false],
  rate_limited: [429, 'rate_limit_error', false],
  overloaded: [529, 'overloaded_error', true],
  unavailable: [503, 'api_error', true],
  configuration: [503, 'api_error', true],
  timeout: [504, 'timeout_error', true],
  upstream: [502, 'api_error', true],
  cancelled: [499, 'api_error', false],
  declined: [409, 'api_error', true],
  low_confidence: [409, 'api_error', true],
  empty_answer: [502, 'api_error', true],
  internal: [500, 'api_error', false],
}

test.each(Object.entries(TABLE))('%s has its status, its type and its way on', (code, meaning) => {
  const error = new RouterError(code as ErrorCode, 'Do something else.')
  expect([error.status, error.type, error.tryNextTarget]).toEqual(meaning)
  expect(error).toMatchObject({ code, name: 'RouterError', message: 'Do something else.' })
  expect(error).toBeInstanceOf(Error)
})

test('a status of its own replaces the one of the code and leaves the type', () => {
  const error = new RouterError('overloaded', 'Full.', { status: 429, retryAfterMs: 1500 })
  expect(error).toMatchObject({ status: 429, type: 'overloaded_error', retryAfterMs: 1500 })
})

test('keeps the cause, and has none where none was given', () => {
  const cause = new Error('why')
  expect(new RouterError('upstream', 'No.', { cause }).cause).toBe(cause)
  expect('cause' in new RouterError('upstream', 'No.')).toBe(false)
})

test('from returns a RouterError as it is', () => {
  const error = new RouterError('timeout', 'Too slow.')
  expect(RouterError.from(error)).toBe(error)
})

test('from hides whatever else was thrown, and keeps it as the cause', () => {
  fc.assert(
    fc.property(fc.anything(), (thrown) => {
      const error = RouterError.from(thrown)
      expect(error.code).toBe('internal')
      expect(error.message).toBe('Internal error. The router has logged it under this request id.')
      expect(error.cause).toBe(thrown)
    }),
  )
  expect(errorBody(RouterError.from(new Error('sk-ant-secret'))).error.message).not.toContain('secret')
})

test('the body is the one that Anthropic sends, without cause, status or code', () => {
  const error = new RouterError('not_found', 'No such model.', { cause: new Error('secret') })
  expect(JSON.parse(JSON.stringify(errorBody(error, 'req_1')))).toEqual({
    type: 'error',
    error: { type: 'not_found_error', message: 'No such model.' },
    request_id: 'req_1',
  })
  expect('request_id' in errorBody(error)).toBe(false)
})

test('Retry-After is a whole number of seconds within its bounds, never sooner than asked', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), fc.integer({ min: 1, max: 600 }), (milliseconds, maxSeconds) => {
      const seconds = retryAfterSeconds(milliseconds, maxSeconds)
      expect(Number.isInteger(seconds)).toBe(true)
      expect(seconds).toBeGreaterThanOrEqual(1)
      expect(seconds).toBeLessThanOrEqual(maxSeconds)
      expect(seconds === maxSeconds || seconds * 1000 >= milliseconds).toBe(true)
    }),
  )
})

test.each([
  [0, 1],
  [-5, 1],
  [1, 1],
  [1000, 1],
  [1001, 2],
  [59_500, 60],
  [3_600_000, 60],
  [Number.POSITIVE_INFINITY, 60],
])('%d ms to wait are %d s in Retry-After', (milliseconds, seconds) => {
  expect(retryAfterSeconds(milliseconds)).toBe(seconds)
})

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)

test.each<[name: string, headers: Record<string, string>, expected: number | undefined]>([
  ['no header', {}, undefined],
  ['seconds', { 'retry-after': '7' }, 7000],
  ['zero seconds', { 'retry-after': '0' }, 0],
  ['fractions of a second', { 'retry-after': '1.5' }, 1500],
  ['negative seconds', { 'retry-after': '-7' }, undefined],
  ['an empty header', { 'retry-after': '' }, undefined],
  ['a word', { 'retry-after': 'soon' }, undefined],
  ['a word with a number, which is no date', { 'retry-after': 'soon 1' }, undefined],
  ['a number in another base', { 'retry-after': '0x10' }, undefined],
  ['infinity', { 'retry-after': 'Infinity' }, undefined],
  ['a number beyond all time', { 'retry-after': '9'.repeat(400) }, undefined],
  ['the header given twice', { 'retry-after': '7, 8' }, undefined],
  ['a date to come', { 'retry-after': 'Fri, 02 Jan 2026 03:04:25 GMT' }, 20_000],
  ['a date gone by', { 'retry-after': 'Fri, 02 Jan 2026 03:00:00 GMT' }, 0],
  ['a weekday alone', { 'retry-after': 'Friday' }, undefined],
  ['milliseconds', { 'retry-after-ms': '250' }, 250],
  ['milliseconds before seconds', { 'retry-after-ms': '250', 'retry-after': '7' }, 250],
  ['seconds where the milliseconds are garbage', { 'retry-after-ms': 'x', 'retry-after': '7' }, 7000],
  ['seconds where the milliseconds are negative', { 'retry-after-ms': '-1', 'retry-after': '7' }, 7000],
])('reads a retry hint: %s', (_name, headers, expected) => {
  expect(readRetryAfterMs(new Headers(headers), NOW)).toBe(expected)
})

test('a retry hint is undefined or a finite wait, whatever the headers say', () => {
  const value = fc.oneof(
    fc.string({ unit: 'grapheme-ascii' }),
    fc.double().map(String),
    fc.date().map(String),
  )
  fc.assert(
    fc.property(value, value, (seconds, milliseconds) => {
      const wait = readRetryAfterMs(
        new Headers({ 'retry-after': seconds, 'retry-after-ms': milliseconds }),
        NOW,
      )
      expect(wait === undefined || (Number.isFinite(wait) && wait >= 0)).toBe(true)
    }),
  )
})

test('knows the status of an error type, and takes types yet unknown for 500', () => {
  expect(errorTypeMeaning('overloaded_error').status).toBe(529)
  expect(errorTypeMeaning('rate_limit_error').status).toBe(429)
  for (const type of ['new_error', '', 'constructor', '__proto__', 'toString'])
    expect(errorTypeMeaning(type).status, type).toBe(500)
})
