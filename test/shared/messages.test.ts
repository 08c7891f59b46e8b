/**
 * The lenient schema of a request: what is refused, in which words, and that everything else is kept.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RouterError } from '../../shared/errors.ts'
import {
  createUsage,
  describeIssue,
  isTextOnly,
  messageResponseSchema,
  parseMessagesRequest,
  textOf,
} from '../../shared/messages.ts'
import { jsonObject, message } from './arbitraries.ts'

const VALID = { model: 'auto', max_tokens: 16, messages: [{ role: 'user', content: 'Hello' }] }
const CONTENT = 'must be a string or an array of content blocks, each with a "type"'

test.each<[name: string, change: Record<string, unknown>, message: string]>([
  ['max_tokens -1', { max_tokens: -1 }, 'max_tokens: must be a whole number, 0 or more'],
  ['max_tokens 1.5', { max_tokens: 1.5 }, 'max_tokens: must be a whole number, 0 or more'],
  ['max_tokens "5"', { max_tokens: '5' }, 'max_tokens: must be a whole number, 0 or more'],
  ['max_tokens 1e400', { max_tokens: JSON.parse('1e400') }, 'max_tokens: must be a whole number, 0 or more'],
  ['max_tokens null', { max_tokens: null }, 'max_tokens: must be a whole number, 0 or more'],
  ['no max_tokens', { max_tokens: undefined }, 'max_tokens: must be a whole number, 0 or more'],
  ['no model', { model: undefined }, 'model: must be the name of a model, such as "auto"'],
  ['an empty model', { model: '' }, 'model: must not be empty'],
  ['a model of 257 characters', { model: 'm'.repeat(257) }, 'model: must be at most 256 characters'],
  ['no messages', { messages: undefined }, 'messages: must be an array of messages'],
  ['messages as a string', { messages: 'Hello' }, 'messages: must be an array of messages'],
  ['empty messages', { messages: [] }, 'messages: must hold at least one message'],
  [
    'a message that is a string',
    { messages: ['Hello'] },
    'messages.0: must be an object with "role" and "content"',
  ],
  [
    'an unknown role',
    { messages: [...VALID.messages, { role: 'tool', content: 'x' }] },
    'messages.1.role: must be "user", "assistant" or "system"',
  ],
  ['no role', { messages: [{ content: 'x' }] }, 'messages.0.role: must be "user", "assistant" or "system"'],
  ['no content', { messages: [{ role: 'user' }] }, `messages.0.content: ${CONTENT}`],
  ['content null', { messages: [{ role: 'user', content: null }] }, `messages.0.content: ${CONTENT}`],
  ['content a number', { messages: [{ role: 'user', content: 5 }] }, `messages.0.content: ${CONTENT}`],
  [
    'a block without type',
    { messages: [{ role: 'user', content: [{ text: 'x' }] }] },
    `messages.0.content: ${CONTENT}`,
  ],
  [
    'a text that is no string',
    { messages: [{ role: 'user', content: [{ type: 'text', text: 5 }] }] },
    `messages.0.content: ${CONTENT}`,
  ],
  ['system a number', { system: 5 }, `system: ${CONTENT}`],
  ['stream as a string', { stream: 'true' }, 'stream: must be true or false'],
  ['one stop sequence', { stop_sequences: 'x' }, 'stop_sequences: must be an array of strings'],
  ['a stop sequence that is no string', { stop_sequences: ['x', 5] }, 'stop_sequences.1: must be a string'],
  ['temperature as a string', { temperature: '1' }, 'temperature: must be a number'],
  ['temperature 1e400', { temperature: JSON.parse('1e400') }, 'temperature: must be a number'],
  ['top_p as a string', { top_p: '1' }, 'top_p: must be a number'],
  ['top_k as a string', { top_k: '1' }, 'top_k: must be a number'],
  ['tools as an object', { tools: {} }, 'tools: must be an array of tools'],
])('refuses %s and says what it must be', (_name, change, expected) => {
  const error = errorOf({ ...VALID, ...change })
  expect(error).toMatchObject({ code: 'invalid_request', status: 400, message: expected })
})

test.each([null, undefined, 5, 'text', true, []])('refuses %j in place of an object', (value) => {
  expect(errorOf(value)).toMatchObject({
    code: 'invalid_request',
    message: 'The request body must be a JSON object.',
  })
})

test.each<[name: string, change: Record<string, unknown>]>([
  [
    'null where a field may be missing',
    { system: null, stream: null, stop_sequences: null, temperature: null, tools: null },
  ],
  ['blocks of unknown types', { messages: [{ role: 'user', content: [{ type: 'of_a_later_year', x: 1 }] }] }],
  ['a system prompt of blocks', { system: [{ type: 'text', text: 'Be brief.' }] }],
  ['tools of any shape', { tools: [{ type: 'of_a_later_year' }, 5] }],
  ['a temperature that Claude would refuse', { temperature: 7 }],
  ['a model of 256 characters', { model: 'm'.repeat(256) }],
])('accepts %s', (_name, change) => {
  expect(parseMessagesRequest({ ...VALID, ...change })).toEqual({ ...VALID, ...change })
})

test('keeps unknown fields of the request, of messages and of blocks', () => {
  fc.assert(
    fc.property(jsonObject, (unknown) => {
      const request = {
        ...unknown,
        ...VALID,
        messages: [{ ...unknown, role: 'user', content: [{ ...unknown, type: 'text', text: 'x' }] }],
        system: null,
        stream: true,
        stop_sequences: [],
        temperature: 1,
        top_p: 1,
        top_k: 1,
        tools: [],
      }
      expect(parseMessagesRequest(request)).toEqual(request)
    }),
  )
})

test('a __proto__ field neither pollutes nor supplies what is missing', () => {
  const hostile: unknown = JSON.parse(
    '{"model":"auto","messages":[{"role":"user","content":"x"}],"__proto__":{"max_tokens":5,"polluted":1}}',
  )
  expect(errorOf(hostile).message).toContain('max_tokens')
  const parsed = parseMessagesRequest({ ...Object(hostile), max_tokens: 1 })
  expect(parsed).not.toHaveProperty('polluted')
  expect({}).not.toHaveProperty('polluted')
})

test('never throws anything but a refusal in one line, whatever it is given', () => {
  const value = fc.oneof(
    fc.anything(),
    fc.record({
      model: fc.jsonValue(),
      max_tokens: fc.jsonValue(),
      messages: fc.jsonValue(),
      system: fc.jsonValue(),
    }),
    fc.record({
      model: fc.constant('auto'),
      max_tokens: fc.constant(1),
      messages: fc.array(fc.record({ role: fc.constantFrom('user', 'x'), content: fc.jsonValue() })),
    }),
  )
  fc.assert(
    fc.property(value, (input) => {
      try {
        parseMessagesRequest(input)
      } catch (error) {
        expect(error).toBeInstanceOf(RouterError)
        expect(RouterError.from(error).code).toBe('invalid_request')
        expect(RouterError.from(error).message).toMatch(/^(The request body must|[\w.]+: must)/)
      }
    }),
  )
})

test('accepts every answer that it may have to pass on, unknown fields included', () => {
  fc.assert(
    fc.property(message, jsonObject, (answer, unknown) => {
      const extended = { ...unknown, ...answer }
      expect(messageResponseSchema.parse(extended)).toEqual(extended)
    }),
  )
})

test('an issue without a path is its message, no issue is still a sentence', () => {
  expect(describeIssue({ path: [], message: 'must be so' })).toBe('must be so')
  expect(describeIssue({ path: ['a', 0, 'b'], message: 'must be so' })).toBe('a.0.b: must be so')
  expect(describeIssue(undefined)).toBe('The request is not valid.')
})

test('the text of a content field is its string, or its text blocks line by line', () => {
  expect(textOf('plain')).toBe('plain')
  expect(textOf(null)).toBe('')
  expect(textOf(undefined)).toBe('')
  expect(textOf([])).toBe('')
  expect(
    textOf([
      { type: 'text', text: 'a' },
      { type: 'image', text: 'hidden' },
      { type: 'text' },
      { type: 'text', text: 'b' },
    ]),
  ).toBe('a\n\nb')
})

test('a content field is text only where every block is text', () => {
  expect(isTextOnly('plain')).toBe(true)
  expect(isTextOnly(null)).toBe(true)
  expect(isTextOnly(undefined)).toBe(true)
  expect(isTextOnly([])).toBe(true)
  expect(isTextOnly([{ type: 'text', text: 'a' }])).toBe(true)
  expect(isTextOnly([{ type: 'text', text: 'a' }, { type: 'image' }])).toBe(false)
})

test('a usage record has every count that clients read', () => {
  expect(createUsage(3, 4)).toEqual({
    input_tokens: 3,
    output_tokens: 4,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    service_tier: 'standard',
  })
})

function errorOf(value: unknown): RouterError {
  try {
    parseMessagesRequest(value)
  } catch (error) {
    return RouterError.from(error)
  }
  throw new Error('The request was accepted.')
}
