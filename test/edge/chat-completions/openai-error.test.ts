/** Errors reach OpenAI's clients in the form that they parse. */
import { expect, test } from 'vitest'
import { toMessagesRequest } from '../../../edge/chat-completions/messages-request.ts'
import { toOpenAiError } from '../../../edge/chat-completions/openai-error.ts'
import { type ErrorCode, errorBody, RouterError } from '../../../shared/errors.ts'
import { thrownBy } from './support.ts'

test.each<[ErrorCode, number, string, string | null]>([
  ['invalid_request', 400, 'invalid_request_error', null],
  ['unauthorized', 401, 'invalid_request_error', 'invalid_api_key'],
  ['forbidden', 403, 'invalid_request_error', 'permission_denied'],
  ['not_found', 404, 'invalid_request_error', 'not_found'],
  ['too_large', 413, 'invalid_request_error', 'request_too_large'],
  ['rate_limited', 429, 'rate_limit_error', 'rate_limit_exceeded'],
  ['internal', 500, 'server_error', null],
  ['upstream', 502, 'server_error', null],
  ['unavailable', 503, 'server_error', null],
  ['overloaded', 503, 'server_error', 'overloaded'],
  ['timeout', 504, 'server_error', 'timeout'],
  ['billing', 503, 'insufficient_quota', 'insufficient_quota'],
])('translates %s', (code, status, type, openAiCode) => {
  expect(toOpenAiError(new RouterError(code, 'What to change.'))).toEqual({
    status,
    body: { error: { message: 'What to change.', type, param: null, code: openAiCode } },
  })
})

test('names the parameter in OpenAI spelling', () => {
  const error = thrownBy(() => toMessagesRequest({ model: 'x', messages: [{ role: 'robot' }] }))
  expect(toOpenAiError(error).body.error.param).toBe('messages[0].role')
  const other = thrownBy(() =>
    toMessagesRequest({ model: 'x', n: 2, messages: [{ role: 'user', content: 'hi' }] }),
  )
  expect(toOpenAiError(other).body.error.param).toBe('n')
})

test('translates an answer of Claude with its status and message', () => {
  const body = errorBody(new RouterError('invalid_request', 'prompt is too long: 9 tokens > 8 maximum'))
  expect(toOpenAiError({ status: 400, body })).toEqual({
    status: 400,
    body: {
      error: {
        message: 'prompt is too long: 9 tokens > 8 maximum',
        type: 'invalid_request_error',
        param: null,
        code: 'context_length_exceeded',
      },
    },
  })
  expect(
    toOpenAiError({ status: 529, body: errorBody(new RouterError('overloaded', 'Overloaded')) }).status,
  ).toBe(503)
})

test('hides a body that is not an error of the Messages API', () => {
  expect(toOpenAiError({ status: 502, body: '<html>host-17</html>' }).body.error).toEqual({
    message: 'The model could not answer. Try again.',
    type: 'server_error',
    param: null,
    code: null,
  })
})
