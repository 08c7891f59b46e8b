/** A Messages answer becomes a chat completion. */
import { expect, test } from 'vitest'
import { toChatCompletion } from '../../../edge/chat-completions/chat-completion.ts'
import { logprobOf } from '../../../edge/openai/logprobs.ts'
import { withExactInputs } from '../../../edge/openai/tool-arguments.ts'
import type { ContentBlock } from '../../../shared/messages.ts'
import { answer } from './support.ts'

const options = { id: 'chatcmpl-1', created: 1_700_000_000 }

test('gives the answer under the model that really made it', () => {
  expect(toChatCompletion(answer(), options)).toEqual({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'claude-haiku-5-5',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'Hello!', refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: {
      prompt_tokens: 10,
      completion_tokens: 3,
      total_tokens: 13,
      prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0 },
    },
  })
})

test.each([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['pause_turn', 'stop'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool_calls'],
  ['refusal', 'content_filter'],
  ['something_new', 'stop'],
  [null, 'stop'],
])('finishes %s as %s', (stop_reason, expected) => {
  expect(toChatCompletion(answer({ stop_reason }), options).choices[0].finish_reason).toBe(expected)
})

test('counts cached and written input as prompt tokens, and says how many were read from the cache and written to it', () => {
  const usage = {
    input_tokens: 5,
    cache_creation_input_tokens: 20,
    cache_read_input_tokens: 100,
    output_tokens: 50,
    output_tokens_details: { thinking_tokens: 30 },
  }
  expect(toChatCompletion(answer({ usage }), options).usage).toEqual({
    prompt_tokens: 125,
    completion_tokens: 50,
    total_tokens: 175,
    prompt_tokens_details: { cached_tokens: 100, cache_write_tokens: 20 },
    completion_tokens_details: { reasoning_tokens: 30 },
  })
})

test('counts fields that are missing or null as zero', () => {
  const usage = { input_tokens: 5, cache_read_input_tokens: null, output_tokens: 1 }
  expect(toChatCompletion(answer({ usage }), options).usage).toMatchObject({
    prompt_tokens: 5,
    total_tokens: 6,
  })
})

test('joins text as the stream would bring it and leaves thinking and server tools out', () => {
  const content = [
    { type: 'thinking', thinking: 'hm', signature: 'x' },
    { type: 'text', text: 'One' },
    { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
    { type: 'text', text: ' two' },
  ]
  expect(toChatCompletion(answer({ content }), options).choices[0].message).toEqual({
    role: 'assistant',
    content: 'One two',
    refusal: null,
  })
})

const calls = answer({
  stop_reason: 'tool_use',
  content: [
    { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Oslo' } },
    { type: 'tool_use', id: 'toolu_2', name: 'time', input: {} },
  ],
})

test('gives tool calls with their arguments as JSON text and no content', () => {
  const [choice] = toChatCompletion(calls, options).choices
  expect(choice.message).toEqual({
    role: 'assistant',
    content: null,
    refusal: null,
    tool_calls: [
      { id: 'toolu_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
      { id: 'toolu_2', type: 'function', function: { name: 'time', arguments: '{}' } },
    ],
  })
})

test('gives arguments with the digits that the model wrote', () => {
  const json =
    '{"content":[{"type":"tool_use","id":"t","name":"f","input":{"id":2512292042121000001,"p":1.10}}]}'
  const content: ContentBlock[] = JSON.parse(json).content
  const message = withExactInputs(answer({ content, stop_reason: 'tool_use' }), json)
  const [choice] = toChatCompletion(message, options).choices
  expect(choice.message.tool_calls?.[0]?.function.arguments).toBe('{"id":2512292042121000001,"p":1.10}')
  expect(withExactInputs(answer(), 'not even JSON')).toEqual(answer())
})

test('passes arguments that were cut off on as the model wrote them', () => {
  const content = [{ type: 'tool_use', id: 't', name: 'f', input: '{"a":' }]
  const { message } = toChatCompletion(answer({ content, stop_reason: 'max_tokens' }), options).choices[0]
  expect(message.tool_calls?.[0]?.function.arguments).toBe('{"a":')
})

test('answers the older dialect with one function call', () => {
  const [choice] = toChatCompletion(calls, { ...options, legacyFunctions: true }).choices
  expect(choice.message).toEqual({
    role: 'assistant',
    content: null,
    refusal: null,
    function_call: { name: 'weather', arguments: '{"city":"Oslo"}' },
  })
  expect(choice.finish_reason).toBe('function_call')
})

test('gives a refusal as such, with the explanation where there is one', () => {
  const refused = answer({
    content: [],
    stop_reason: 'refusal',
    stop_details: { type: 'refusal', category: 'cyber', explanation: 'Not this.' },
  })
  expect(toChatCompletion(refused, options).choices[0].message).toMatchObject({
    content: null,
    refusal: 'Not this.',
  })
  const { refusal } = toChatCompletion({ ...refused, stop_details: null }, options).choices[0].message
  expect(refusal).toBe('The model declined to answer this request.')
})

test('gives an empty answer as an empty string', () => {
  expect(toChatCompletion(answer({ content: [] }), options).choices[0].message.content).toBe('')
})

test('gives one log-probability entry for each delta that carried one', () => {
  const delta = (text: string, logprob?: number) => ({
    type: 'content_block_delta' as const,
    index: 0,
    delta: { type: 'text_delta', text, ...(logprob === undefined ? {} : { logprob }) },
  })
  const logprobs = [delta('Hé', -0.25), delta('llo'), delta('', -1)].flatMap(
    (event) => logprobOf(event) ?? [],
  )
  expect(logprobs).toEqual([{ token: 'Hé', logprob: -0.25, bytes: [72, 195, 169], top_logprobs: [] }])
  expect(toChatCompletion(answer(), { ...options, logprobs }).choices[0].logprobs).toEqual({
    content: logprobs,
    refusal: null,
  })
  expect(toChatCompletion(answer(), { ...options, logprobs: [] }).choices[0].logprobs).toBeNull()
})
