/** A chat completions request becomes a Messages request: parameters one by one, and what is refused. */
import { expect, test } from 'vitest'
import { toMessagesRequest } from '../../../edge/chat-completions/messages-request.ts'
import { JSON_OBJECT_INSTRUCTION } from '../../../edge/openai/answer-format.ts'
import { LOCAL_MAX_TOKENS } from '../../../edge/openai/request-fields.ts'
import { parseMessagesRequest } from '../../../shared/messages.ts'
import { thrownBy } from './support.ts'

const hello = { model: 'auto', messages: [{ role: 'user', content: 'hi' }] }

function translate(parameters: Record<string, unknown>) {
  return toMessagesRequest({ ...hello, ...parameters })
}

function refusal(parameters: Record<string, unknown>) {
  const error = thrownBy(() => translate(parameters))
  expect(error.code).toBe('invalid_request')
  return error.message
}

test('translates what the OpenAI SDK sends with a system message and a tool', () => {
  const { request, stream } = toMessagesRequest({
    model: 'gpt-x',
    messages: [
      { role: 'system', content: 's' },
      { role: 'user', content: 'hi' },
    ],
    tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }],
  })
  expect(stream).toBe(false)
  expect(request).toEqual({
    model: 'gpt-x',
    max_tokens: LOCAL_MAX_TOKENS,
    system: 's',
    messages: [{ role: 'user', content: 'hi' }],
    tools: [{ name: 'f', input_schema: { type: 'object', properties: {} } }],
  })
  expect(parseMessagesRequest(request)).toEqual(request)
})

test('translates what the OpenAI SDK sends for a stream with usage', () => {
  const translated = translate({ stream: true, stream_options: { include_usage: true } })
  expect(translated).toMatchObject({ stream: true, includeUsage: true })
  expect(translated.request.stream).toBe(true)
})

test('asks for a usage chunk only when it streams and the client asked', () => {
  expect(translate({ stream: true }).includeUsage).toBe(false)
  expect(translate({ stream_options: { include_usage: true } }).includeUsage).toBe(false)
})

test('prefers max_completion_tokens, then max_tokens, and says where neither is set', () => {
  expect(translate({ max_completion_tokens: 5, max_tokens: 9 })).toMatchObject({
    request: { max_tokens: 5 },
    unlimited: false,
  })
  expect(translate({ max_tokens: 9 })).toMatchObject({ request: { max_tokens: 9 }, unlimited: false })
  expect(translate({ max_tokens: null })).toMatchObject({ request: { max_tokens: 4096 }, unlimited: true })
  expect(refusal({ max_tokens: 0 })).toBe('max_tokens: must be a whole number of at least 1')
})

test('passes on what Claude has although OpenAI has not', () => {
  const fields = {
    thinking: { type: 'enabled', budget_tokens: 2_000 },
    top_k: 40,
    cache_control: { type: 'ephemeral' },
  }
  const { request, ignored } = translate(fields)
  expect(request).toMatchObject(fields)
  expect(ignored).toEqual([])
})

test('cuts at stops that hold only white space and asks the model for the others', () => {
  const translated = translate({ stop: ['\n\n', 'END', ' '] })
  expect(translated.request.stop_sequences).toEqual(['END'])
  expect(translated.cutAt).toEqual(['\n\n', ' '])
  expect(translate({ stop: '\n' }).request).not.toHaveProperty('stop_sequences')
})

test('takes stop as a string or an array and drops empty ones', () => {
  expect(translate({ stop: 'END' }).request.stop_sequences).toEqual(['END'])
  expect(translate({ stop: ['a', '', 'b'] }).request.stop_sequences).toEqual(['a', 'b'])
  expect(translate({ stop: null }).request).not.toHaveProperty('stop_sequences')
})

test('keeps temperatures up to one and clamps the rest', () => {
  expect(translate({ temperature: 0 }).request.temperature).toBe(0)
  expect(translate({ temperature: 0.7, top_p: 0.9 }).request).toMatchObject({ temperature: 0.7, top_p: 0.9 })
  expect(translate({ temperature: 1.6 }).request.temperature).toBe(1)
  expect(refusal({ temperature: 2.1 })).toBe('temperature: must be a number from 0 to 2')
})

test('turns reasoning effort into output effort', () => {
  const effort = (value: string) => translate({ reasoning_effort: value }).request.output_config
  expect(effort('none')).toEqual({ effort: 'low' })
  expect(effort('minimal')).toEqual({ effort: 'low' })
  expect(effort('medium')).toEqual({ effort: 'medium' })
  expect(effort('xhigh')).toEqual({ effort: 'xhigh' })
  expect(refusal({ reasoning_effort: 'huge' })).toMatch(/^reasoning_effort: must be one of "none"/)
})

test('turns a JSON schema into an output format', () => {
  const schema = { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false }
  const { request, jsonObject } = translate({
    response_format: { type: 'json_schema', json_schema: { name: 'x', strict: true, schema } },
    reasoning_effort: 'high',
  })
  expect(request.output_config).toEqual({ effort: 'high', format: { type: 'json_schema', schema } })
  expect(jsonObject).toBe(false)
  expect(refusal({ response_format: { type: 'json_schema', json_schema: { name: 'x' } } })).toBe(
    'response_format.json_schema.schema: must be a JSON object',
  )
})

test('closes the objects of a schema and says in words what cannot be enforced', () => {
  const format = (schema: object) =>
    translate({ response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } }).request
      .output_config
  expect(
    format({
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      properties: {
        name: { type: 'string', maxLength: 5 },
        inner: { type: ['object', 'null'], properties: { n: { type: 'integer', minimum: 1 } } },
        list: { type: 'array', minItems: 2, items: { $ref: '#/definitions/Item' } },
      },
      definitions: { Item: { type: 'object', properties: { definitions: { type: 'string' } } } },
    }),
  ).toEqual({
    format: {
      type: 'json_schema',
      schema: {
        type: 'object',
        properties: {
          name: { type: 'string', description: '{maxLength: 5}' },
          inner: {
            anyOf: [
              {
                type: 'object',
                properties: { n: { type: 'integer', description: '{minimum: 1}' } },
                additionalProperties: false,
              },
              { type: 'null' },
            ],
          },
          list: { type: 'array', items: { $ref: '#/$defs/Item' }, description: '{minItems: 2}' },
        },
        additionalProperties: false,
        $defs: {
          Item: {
            type: 'object',
            properties: { definitions: { type: 'string' } },
            additionalProperties: false,
          },
        },
      },
    },
  })
})

test.each([
  { type: 'object', properties: { anything: {} } },
  { type: 'object', additionalProperties: { type: 'number' } },
  { type: 'object' },
])('asks in words for what fits %j, which no closed schema says', (schema) => {
  const response_format = { type: 'json_schema', json_schema: { name: 'x', schema } }
  const { request, jsonObject } = translate({ response_format })
  expect(jsonObject).toBe(true)
  expect(request).not.toHaveProperty('output_config')
  expect(request.system).toContain(JSON.stringify(schema))
  const strict = { type: 'json_schema', json_schema: { ...response_format.json_schema, strict: true } }
  expect(refusal({ response_format: strict })).toMatch(
    /^response_format\.json_schema\.schema: every part needs/,
  )
})

test('asks for a JSON object by instruction, after the system messages of the client', () => {
  const { request, jsonObject } = translate({
    messages: [{ role: 'system', content: 'Be brief.' }, ...hello.messages],
    response_format: { type: 'json_object' },
  })
  expect(jsonObject).toBe(true)
  expect(request.system).toEqual([
    { type: 'text', text: 'Be brief.' },
    { type: 'text', text: JSON_OBJECT_INSTRUCTION },
  ])
  expect(translate({ response_format: { type: 'json_object' } }).request.system).toBe(JSON_OBJECT_INSTRUCTION)
})

test('adds nothing for a text response format and names an unknown one', () => {
  expect(translate({ response_format: { type: 'text' } }).request).toEqual(translate({}).request)
  expect(refusal({ response_format: { type: 'xml' } })).toBe(
    'response_format.type: must be "text", "json_object" or "json_schema"',
  )
})

test('says who the user is, the safety identifier first, and puts neither into the request', () => {
  const translated = translate({ user: 'alice@example.com' })
  expect(translated.user).toBe('alice@example.com')
  expect(JSON.stringify(translated.request)).not.toContain('alice')
  expect(translate({ user: 'u1', safety_identifier: 's1' }).user).toBe('s1')
  expect(translate({ user: '', safety_identifier: null }).user).toBeUndefined()
  expect(refusal({ user: { name: 'alice' } })).toBe('user: must be a string, such as "user-17"')
})

test('reports wanted log-probabilities and refuses alternatives without them', () => {
  expect(translate({ logprobs: true, top_logprobs: 3 })).toMatchObject({ logprobs: true, topLogprobs: 3 })
  expect(translate({ logprobs: false, top_logprobs: 0 })).toMatchObject({ logprobs: false, topLogprobs: 0 })
  expect(refusal({ top_logprobs: 3 })).toMatch(/^top_logprobs: /)
  expect(refusal({ logprobs: true, top_logprobs: 21 })).toMatch(/^top_logprobs: /)
})

test.each([
  ['n', 2],
  ['n', 0],
  ['logit_bias', { 50256: -100 }],
  ['modalities', ['text', 'audio']],
  ['audio', { voice: 'alloy', format: 'wav' }],
  ['web_search_options', {}],
])('refuses %s = %j, because the answer would differ', (parameter, value) => {
  expect(refusal({ [parameter]: value })).toMatch(new RegExp(`^${parameter}: `))
})

test.each([
  ['n', 1],
  ['n', null],
  ['logit_bias', {}],
  ['logit_bias', { 50256: 0 }],
  ['modalities', ['text']],
  ['frequency_penalty', 0],
  ['presence_penalty', 0],
  ['store', false],
  ['metadata', {}],
  ['service_tier', 'auto'],
])('takes %s = %j as asking for nothing', (parameter, value) => {
  const translated = translate({ [parameter]: value })
  expect(translated.ignored).toEqual([])
  expect(translated.request).toEqual(translate({}).request)
})

test('ignores what does not change the answer, and says so', () => {
  const translated = translate({
    seed: 1,
    frequency_penalty: 0.5,
    presence_penalty: -0.5,
    verbosity: 'low',
    store: true,
    metadata: { a: 'b' },
    service_tier: 'priority',
    prediction: { type: 'content', content: 'x' },
    prompt_cache_key: 'k',
    reasoning: { effort: 'high' },
    something_new: 1,
    asks_for_nothing: null,
  })
  expect(translated.request).toEqual(translate({}).request)
  expect([...translated.ignored].sort()).toEqual([
    'frequency_penalty',
    'metadata',
    'prediction',
    'presence_penalty',
    'prompt_cache_key',
    'reasoning',
    'seed',
    'service_tier',
    'something_new',
    'store',
    'verbosity',
  ])
})

test.each([
  [{ model: 7 }, 'model: must be a string'],
  [{ messages: [] }, 'messages: must hold at least one message'],
  [{ messages: 'hi' }, 'messages: must be an array of messages'],
  [{ messages: undefined, input: 'hi' }, 'messages: is missing. "input" belongs to POST /v1/responses'],
  [{ messages: ['hi'] }, 'messages.0: must be a message object'],
  [{ messages: [{ role: 'robot', content: 'x' }] }, 'messages.0.role: must be "system", "developer"'],
  [
    { messages: [{ role: 'user', content: 7 }] },
    'messages.0.content: must be a string or an array of content',
  ],
  [{ stream: 'yes' }, 'stream: must be true or false'],
  [{ stop: 7 }, 'stop: must be a string or an array of strings'],
  [{ tools: {} }, 'tools: must be an array of tools'],
])('names the field for %j', (parameters, message) => {
  expect(refusal(parameters)).toContain(message)
})

test('refuses a body that is not an object', () => {
  expect(thrownBy(() => toMessagesRequest([])).message).toBe('The request body must be a JSON object.')
})
