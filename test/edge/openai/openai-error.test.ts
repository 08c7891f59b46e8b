/** Errors reach OpenAI's clients in the form that they parse. */
import { expect, test } from 'vitest'
import { toMessagesRequest } from '../../../edge/chat-completions/messages-request.ts'
import { toOpenAiError } from '../../../edge/openai/openai-error.ts'
import { type ErrorCode, errorBody, RouterError } from '../../../shared/errors.ts'
import { thrownBy } from '../chat-completions/support.ts'

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

test.each([
  'prompt is too long: 210000 tokens > 200000 maximum',
  'input length and `max_tokens` exceed context limit: 190000 + 64000 > 200000, decrease input length or `max_tokens` and try again',
  'messages: input exceeds the maximum context length',
])('marks a conversation that is too long, in each wording: %s', (message) => {
  const body = errorBody(new RouterError('invalid_request', message))
  expect(toOpenAiError({ status: 400, body }).body.error.code).toBe('context_length_exceeded')
})

test('marks a model that Claude does not know', () => {
  const body = errorBody(new RouterError('not_found', 'model: claude-nope'))
  expect(toOpenAiError({ status: 404, body })).toEqual({
    status: 404,
    body: {
      error: {
        message: 'model: claude-nope',
        type: 'invalid_request_error',
        param: 'model',
        code: 'model_not_found',
      },
    },
  })
})

test.each([
  ['stop_sequences.0: must hold text', 'stop[0]'],
  ['max_tokens: 999999 > 128000', 'max_completion_tokens'],
  ['metadata.user_id: too long', 'user'],
  ['system.0.text: must hold text', 'messages'],
  ['messages.1.content.0.text: must hold text', 'messages[2].content'],
  ['messages.9.role: unexpected', 'messages'],
  ['messages: text content blocks must be non-empty', 'messages'],
  ['tools.0.custom.input_schema: JSON schema is invalid', 'tools[0].function.parameters'],
  ['tools.0.custom.name: must match', 'tools[0].function.name'],
  ['tools: names must be unique', 'tools'],
  ['output_config.format.schema: not supported', 'response_format'],
  ['output_config.effort: not supported', 'reasoning_effort'],
  ['thinking.budget_tokens: too small', 'thinking.budget_tokens'],
  ['temperature: range', 'temperature'],
])('names the client’s own parameter in %j', (message, param) => {
  const { names } = toMessagesRequest({
    model: 'auto',
    messages: [
      { role: 'system', content: 'a' },
      { role: 'user', content: 'b' },
      { role: 'assistant', content: 'c' },
      { role: 'user', content: 'd' },
    ],
  })
  const { error } = toOpenAiError(
    { status: 400, body: errorBody(new RouterError('invalid_request', message)) },
    names,
  ).body
  expect(error.param).toBe(param)
  expect(error.message).toBe(`${param}${message.slice(message.indexOf(': '))}`)
})

test('names the older parameters where the client used them', () => {
  const { names } = toMessagesRequest({
    model: 'auto',
    max_tokens: 9,
    safety_identifier: 's',
    messages: [{ role: 'user', content: 'b' }],
    functions: [{ name: 'f' }],
  })
  expect(['max_tokens', 'metadata.user_id', 'tools.0.name', 'tool_choice.name'].map(names)).toEqual([
    'max_tokens',
    'safety_identifier',
    'functions[0].name',
    'function_call',
  ])
})

test('hides a body that is not an error of the Messages API', () => {
  expect(toOpenAiError({ status: 502, body: '<html>host-17</html>' }).body.error).toEqual({
    message: 'The model could not answer. Try again.',
    type: 'server_error',
    param: null,
    code: null,
  })
})
