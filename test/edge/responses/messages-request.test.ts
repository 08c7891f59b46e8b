import { expect, test } from 'vitest'
import { toMessagesRequest as translate } from '../../../edge/responses/messages-request.ts'
import { parseResponsesRequest, type RawItem } from '../../../edge/responses/request-schema.ts'
import { thrownBy } from '../chat-completions/support.ts'

function toMessagesRequest(fields: Record<string, unknown>, earlier: RawItem[] = []) {
  const request = parseResponsesRequest({ model: 'auto', input: 'Hi', ...fields })
  const { input } = request
  const own = typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : input
  return translate(request, earlier, own)
}

const user = (content: unknown) => ({ role: 'user', content })
const messagesOf = (...input: unknown[]) => toMessagesRequest({ input }).request.messages
const PNG = 'data:image/png;base64,iVBORw0KGgo='

const CALL = { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' }
const OUTPUT = { type: 'function_call_output', call_id: 'call_1', output: 'Rain' }

test('a text is the user’s turn, instructions are the system prompt', () => {
  const { request, unlimited } = toMessagesRequest({ instructions: 'Be brief.' })
  expect(request).toEqual({ model: 'auto', max_tokens: 4096, messages: [user('Hi')], system: 'Be brief.' })
  expect(unlimited).toBe(true)
})

test('instructions come before what developers say first', () => {
  const input = [{ role: 'developer', content: 'Two.' }, user('Hi')]
  expect(toMessagesRequest({ instructions: 'One.', input }).request.system).toEqual([
    { type: 'text', text: 'One.' },
    { type: 'text', text: 'Two.' },
  ])
})

test('a mark that is none is named, not the text beside it', () => {
  const part = { type: 'input_text', text: 'Look', cache_control: 'ephemeral' }
  expect(thrownBy(() => messagesOf(user([part]))).message).toMatch(
    /^input\.0\.content\.0\.cache_control: must be/,
  )
})

test('a call and what it gave are marked where the client marks them; thoughts cannot be', () => {
  const cache_control = { type: 'ephemeral' }
  const both = messagesOf(user('Hi'), { ...CALL, cache_control }, { ...OUTPUT, cache_control })
  expect(both.slice(1)).toEqual([
    { role: 'assistant', content: [{ type: 'tool_use', id: 'call_1', name: 'f', input: {}, cache_control }] },
    user([{ type: 'tool_result', tool_use_id: 'call_1', content: 'Rain', cache_control }]),
  ])
  const thought = { type: 'reasoning', id: 'rs_1', summary: [], cache_control }
  const named = (item: object) => thrownBy(() => messagesOf(user('Hi'), item, CALL, OUTPUT)).message
  expect(named(thought)).toMatch(/^input\.1\.cache_control: Claude takes no mark/)
  expect(named({ ...CALL, cache_control: 1 })).toMatch(/^input\.1\.cache_control: must be/)
})

test('texts, images and files become blocks', () => {
  const parts = [
    { type: 'input_text', text: 'Look', cache_control: { type: 'ephemeral' } },
    { type: 'input_image', image_url: 'https://example.com/a.png', detail: 'auto' },
    { type: 'input_image', image_url: PNG },
    { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' },
    { type: 'input_file', file_url: 'https://example.com/b.pdf' },
    { type: 'input_text', text: ' ' },
  ]
  expect(messagesOf(user(parts))).toEqual([
    user([
      { type: 'text', text: 'Look', cache_control: { type: 'ephemeral' } },
      { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
      {
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' },
        title: 'a.pdf',
      },
      { type: 'document', source: { type: 'url', url: 'https://example.com/b.pdf' } },
    ]),
  ])
})

test('what the model said and called is one turn, what its tools answered another', () => {
  const messages = messagesOf(
    user('Weather?'),
    { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'of another vendor' },
    {
      type: 'message',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'I look.', annotations: [] }],
    },
    { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{"city":"Oslo"}' },
    { type: 'function_call', call_id: 'call_2', name: 'weather', arguments: '' },
    { type: 'function_call_output', call_id: 'call_2', output: [{ type: 'input_image', image_url: PNG }] },
    { type: 'function_call_output', call_id: 'call_1', output: 'Rain' },
  )
  expect(messages.slice(1)).toMatchObject([
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'I look.' },
        { type: 'tool_use', id: 'call_1', name: 'weather', input: { city: 'Oslo' } },
        { type: 'tool_use', id: 'call_2', input: {} },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'call_2', content: [{ type: 'image' }] },
        { type: 'tool_result', tool_use_id: 'call_1', content: 'Rain' },
      ],
    },
  ])
})

test('ids of calls that are used twice stay apart, each with its own result', () => {
  const call = { type: 'function_call', call_id: 'c:1', name: 'f', arguments: '{}' }
  const output = (text: string) => ({ type: 'function_call_output', call_id: 'c:1', output: text })
  const messages = messagesOf(user('x'), call, output('one'), call, output('two'))
  const ids = messages.flatMap(({ content }) =>
    typeof content === 'string' ? [] : content.map((block) => block.id ?? block.tool_use_id),
  )
  expect(ids).toEqual(['c_x3a1', 'c_x3a1', 'c_x3a1_2', 'c_x3a1_2'])
})

test('tools, choices and strictness as chat completions have them', () => {
  const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
  const tools = [
    { type: 'function', name: 'a', description: 'A.', parameters, strict: true },
    { type: 'function', name: 'b', parameters, strict: false },
  ]
  const of = (fields: object) => toMessagesRequest({ tools, ...fields }).request
  expect(of({}).tools).toMatchObject([
    { name: 'a', strict: true, input_schema: { additionalProperties: false } },
    { name: 'b', input_schema: parameters },
  ])
  expect(of({ tool_choice: 'required', parallel_tool_calls: false }).tool_choice).toEqual({
    type: 'any',
    disable_parallel_tool_use: true,
  })
  expect(of({ tool_choice: { type: 'function', name: 'b' } }).tool_choice).toEqual({
    type: 'tool',
    name: 'b',
  })
  const allowed = { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'b' }] }
  expect(of({ tool_choice: allowed })).toMatchObject({ tools: [{ name: 'b' }], tool_choice: { type: 'any' } })
})

test('a demanded form is Claude’s structured output, effort its effort, a summary its thinking', () => {
  const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] }
  const format = { type: 'json_schema', name: 'x', schema, strict: true }
  const { request } = toMessagesRequest({
    text: { format },
    reasoning: { effort: 'minimal', summary: 'detailed' },
    max_output_tokens: 7,
    temperature: 1.5,
    top_p: 0.5,
  })
  expect(request).toMatchObject({
    max_tokens: 7,
    temperature: 1,
    top_p: 0.5,
    thinking: { type: 'adaptive', display: 'summarized' },
    output_config: {
      effort: 'low',
      format: { type: 'json_schema', schema: { additionalProperties: false } },
    },
  })
  const object = toMessagesRequest({ text: { format: { type: 'json_object' } } })
  expect(object.jsonObject).toBe(true)
  expect(object.request.system).toContain('JSON object')
})

test('harmless parameters are left out and told, empty ones are not told', () => {
  const { ignored } = toMessagesRequest({
    truncation: 'auto',
    service_tier: 'flex',
    prompt_cache_key: 'x',
    include: ['reasoning.encrypted_content', 'future.thing'],
    text: { verbosity: 'low' },
    reasoning: { context: 'auto' },
    tools: [{ type: 'function', name: 'a', defer_loading: true }],
    x_new: 1,
    stream_options: { include_obfuscation: false },
    background: false,
    max_tool_calls: null,
    metadata: {},
  })
  expect(ignored.toSorted()).toEqual(
    [
      'truncation',
      'service_tier',
      'prompt_cache_key',
      'include.future.thing',
      'text.verbosity',
      'reasoning.context',
      'tools[].defer_loading',
      'x_new',
    ].toSorted(),
  )
})

test.each<[object, RegExp]>([
  [{ background: true }, /^background: must be false/],
  [{ conversation: 'conv_1' }, /^conversation: is not offered/],
  [{ prompt: { id: 'pmpt_1' } }, /^prompt: .*"instructions"/],
  [{ tools: [{ type: 'web_search' }] }, /^tools\.0\.type: must be "function"; hosted tools/],
  [{ tools: [{ type: 'mcp', server_label: 'x' }] }, /^tools\.0\.type: .*MCP/],
  [{ tools: [{ type: 'custom', name: 'x' }] }, /^tools\.0\.type: .*free-form/],
  [{ tool_choice: { type: 'web_search_preview' } }, /^tool_choice: must be/],
  [{ tool_choice: 'required' }, /^tool_choice: is only allowed together with tools/],
  [{ input: [] }, /^input: must not be empty/],
  [{ input: 7 }, /^input: must be a string or an array/],
  [{ input: ' ' }, /^input\.0\.content: must hold something/],
  [{ input: [{ type: 'web_search_call', id: 'ws_1' }] }, /^input\.0\.type: must be .*hosted/],
  [{ input: [{ role: 'tool', content: 'x' }] }, /^input\.0\.role: must be/],
  [
    { input: [{ type: 'function_call', name: 'f', arguments: '{}' }] },
    /^input\.0\.call_id: must be a string/,
  ],
  [{ input: [user([{ type: 'input_audio' }])] }, /^input\.0\.content\.0\.type: audio/],
  [{ input: [user([{ type: 'input_image', file_id: 'file_1' }])] }, /image_url: .*stored files/],
  [{ input: [user([{ type: 'input_file', file_id: 'file_1' }])] }, /file_data: .*stored files/],
  [{ input: [user([{ type: 'input_file', file_url: 'http://x/y.pdf' }])] }, /file_url: must be an https URL/],
  [
    { input: [{ role: 'system', content: [{ type: 'input_image', image_url: PNG }] }, user('x')] },
    /text parts only/,
  ],
  [{ text: { format: { type: 'xml' } } }, /^text\.format\.type: must be/],
  [{ reasoning: { effort: 'huge' } }, /^reasoning\.effort: must be one of/],
  [{ max_output_tokens: 0 }, /^max_output_tokens: /],
  [{ metadata: { a: 1 } }, /^metadata\.a: must be/],
  [{ metadata: { a: 'x'.repeat(513) } }, /^metadata\.a: must be .*512 characters/],
  [{ metadata: { ['k'.repeat(65)]: 'x' } }, /^metadata: must be .*name of at most 64/],
  [
    { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`k${at}`, 'x'])) },
    /^metadata: must be .*at most 16/,
  ],
  [{ model: '' }, /^model: /],
  [{ input: undefined, messages: [user('x')] }, /^input: is missing\. "messages" belong to POST \/v1\/chat/],
  [{ messages: [user('x')] }, /^messages: .*Here it is "input"/],
  [{ response_format: { type: 'json_object' } }, /^response_format: .*Here it is "text\.format"/],
  [{ max_tokens: 5 }, /^max_tokens: .*Here it is "max_output_tokens"/],
  [{ reasoning_effort: 'low' }, /^reasoning_effort: .*Here it is "reasoning\.effort"/],
  [{ stop: ['x'] }, /^stop: is no parameter/],
  [{ input: [OUTPUT] }, /^input\.0\.call_id: no function call with this id stands before it/],
  [{ input: [user('x'), OUTPUT, CALL] }, /^input\.1\.call_id: no function call/],
  [{ input: [user('x'), CALL] }, /^input: the function call "call_1" has no output/],
  [
    { input: [CALL, OUTPUT, { ...CALL, call_id: 'call_2' }, user('x')] },
    /^input: the function call "call_2"/,
  ],
])('%j is refused by name', (fields, message) => {
  const error = thrownBy(() => toMessagesRequest({ ...fields }))
  expect(error.code).toBe('invalid_request')
  expect(error.message).toMatch(message)
})

test('an output answers a call of what came before, and a call there wants its output', () => {
  const earlier = [user('Weather?'), CALL]
  expect(toMessagesRequest({ input: [OUTPUT] }, earlier).request.messages).toHaveLength(3)
  const error = thrownBy(() => toMessagesRequest({ input: [user('Go on')] }, earlier))
  expect(error.message).toMatch(/^input: the function call "call_1" has no output/)
})

test('fields of Claude’s errors have the client’s names', () => {
  const earlier = [{ type: 'message', role: 'user', content: 'Before' }]
  const input = [{ role: 'assistant', content: 'Yes' }, user('And?')]
  const { names } = toMessagesRequest({ input, user: 'u' }, earlier)
  expect(names('messages.0.content')).toBe('previous_response_id')
  expect(names('messages.2.content.0.text')).toBe('input[1]')
  expect(names('messages.9')).toBe('input')
  expect(names('max_tokens')).toBe('max_output_tokens')
  expect(names('logprobs')).toBe('include[message.output_text.logprobs]')
  expect(names('tools.1.input_schema.type')).toBe('tools[1].parameters')
  expect(names('output_config.format.schema')).toBe('text.format')
  expect(names('output_config.effort')).toBe('reasoning.effort')
  expect(names('thinking.type')).toBe('reasoning')
  expect(names('metadata.user_id')).toBe('user')
  expect(names('system')).toBe('instructions')
})
