/** OpenAI's messages become a Messages conversation: roles, parts, tool calls and their results. */
import { expect, test } from 'vitest'
import { toMessagesRequest } from '../../../edge/chat-completions/messages-request.ts'
import { toToolUseId } from '../../../edge/openai/tool-call-ids.ts'
import { thrownBy } from './support.ts'

function translate(...messages: unknown[]) {
  const { request } = toMessagesRequest({ model: 'auto', messages })
  return { system: request.system, messages: request.messages }
}

function refusal(...messages: unknown[]) {
  return thrownBy(() => translate(...messages)).message
}

const hi = { role: 'user', content: 'hi' }
const call = (id: string, name: string, json: string) => ({
  id,
  type: 'function',
  function: { name, arguments: json },
})

test('keeps the boundaries of several leading system and developer messages', () => {
  expect(
    translate(
      { role: 'system', content: 'a' },
      { role: 'developer', content: [{ type: 'text', text: 'b' }] },
      hi,
    ),
  ).toEqual({
    system: [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ],
    messages: [{ role: 'user', content: 'hi' }],
  })
})

test('leaves a later system message where it is', () => {
  const { system, messages } = translate(
    { role: 'system', content: 'a' },
    hi,
    { role: 'developer', content: 'from now on in French' },
    { role: 'assistant', content: 'Salut' },
    hi,
  )
  expect(system).toBe('a')
  expect(messages).toEqual([
    { role: 'user', content: 'hi' },
    { role: 'system', content: 'from now on in French' },
    { role: 'assistant', content: 'Salut' },
    { role: 'user', content: 'hi' },
  ])
})

test('makes the last system message the user turn where there is no other', () => {
  expect(translate({ role: 'system', content: 'a' }, { role: 'system', content: 'b' })).toEqual({
    system: 'a',
    messages: [{ role: 'user', content: 'b' }],
  })
})

test('translates text and images', () => {
  const { messages } = translate({
    role: 'user',
    content: [
      { type: 'text', text: 'What is this?' },
      { type: 'text', text: '' },
      { type: 'image_url', image_url: { url: 'data:image/jpg;base64,QUJD', detail: 'low' } },
      { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
    ],
  })
  expect(messages[0]?.content).toEqual([
    { type: 'text', text: 'What is this?' },
    { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: 'QUJD' } },
    { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
  ])
})

test.each([
  'http://example.com/a.png',
  'data:image/tiff;base64,QUJD',
  'data:image/png,abc',
  'data:image/png;base64,',
  'file:///etc/passwd',
])('refuses the image %s and names its place', (url) => {
  expect(refusal({ role: 'user', content: [{ type: 'image_url', image_url: { url } }] })).toMatch(
    /^messages\.0\.content\.0\.image_url\.url: must be an https URL/,
  )
})

test.each([
  ['input_audio', { input_audio: { data: 'x', format: 'wav' } }, /audio input is not supported/],
  ['file', { file: { file_id: 'f' } }, /stored files \(file_id\) are not offered/],
  [
    'file',
    { file: { file_data: 'data:application/zip;base64,UEsDBA==' } },
    /must be a base64 data URL of a PDF/,
  ],
  ['video', {}, /must be "text", "image_url" or "file"/],
  ['text', { text: 7 }, /text: must be a string/],
  ['image_url', { image_url: 'https://example.com' }, /image_url\.url: must be a string/],
])('refuses a part of type %s', (type, fields, message) => {
  const text = refusal({ role: 'user', content: [{ type, ...fields }] })
  expect(text).toMatch(/^messages\.0\.content\.0\./)
  expect(text).toMatch(message)
})

test('refuses an image in a system or assistant message', () => {
  const image = [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }]
  expect(refusal({ role: 'system', content: image }, hi)).toMatch(/^messages\.0\.content: must hold text/)
  expect(refusal(hi, { role: 'assistant', content: image })).toMatch(/^messages\.1\.content: must hold text/)
})

test('translates tool calls and joins neighbouring results into one turn', () => {
  const { messages } = translate(
    hi,
    {
      role: 'assistant',
      content: null,
      tool_calls: [call('call_1', 'weather', '{"city":"Oslo"}'), call('call_2', 'time', '')],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'rain' },
    { role: 'tool', tool_call_id: 'call_2', content: [{ type: 'text', text: 'noon' }] },
    { role: 'user', content: 'and?' },
  )
  expect(messages.slice(1)).toEqual([
    {
      role: 'assistant',
      content: [
        { type: 'tool_use', id: 'call_1', name: 'weather', input: { city: 'Oslo' } },
        { type: 'tool_use', id: 'call_2', name: 'time', input: {} },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'call_1', content: 'rain' },
        { type: 'tool_result', tool_use_id: 'call_2', content: [{ type: 'text', text: 'noon' }] },
      ],
    },
    { role: 'user', content: 'and?' },
  ])
})

test('keeps the results of different rounds apart', () => {
  const { messages } = translate(
    hi,
    { role: 'assistant', tool_calls: [call('a', 'f', '{}')] },
    { role: 'tool', tool_call_id: 'a', content: '1' },
    { role: 'assistant', content: 'again', tool_calls: [call('b', 'f', '{}')] },
    { role: 'tool', tool_call_id: 'b', content: '2' },
  )
  expect(messages.map((message) => message.role)).toEqual(['user', 'assistant', 'user', 'assistant', 'user'])
  expect(messages[3]?.content).toEqual([
    { type: 'text', text: 'again' },
    { type: 'tool_use', id: 'b', name: 'f', input: {} },
  ])
})

test('shows the model arguments that were no JSON object instead of failing the conversation', () => {
  const { messages } = translate(hi, {
    role: 'assistant',
    tool_calls: [call('a', 'f', '{"city":"Os'), call('b', 'f', '[1]')],
  })
  expect(messages[1]?.content).toMatchObject([
    { input: { invalid_json: '{"city":"Os' } },
    { input: { invalid_json: '[1]' } },
  ])
})

test('rewrites call ids that the Messages API refuses, in calls and results alike', () => {
  const { messages } = translate(
    hi,
    { role: 'assistant', tool_calls: [call('functions.f:0', 'f', '{}')] },
    { role: 'tool', tool_call_id: 'functions.f:0', content: '1' },
  )
  const id = toToolUseId('functions.f:0')
  expect(id).toMatch(/^[a-zA-Z0-9_-]+$/)
  expect(messages[1]?.content).toMatchObject([{ id }])
  expect(messages[2]?.content).toMatchObject([{ tool_use_id: id }])
})

test('pairs an older function call with its result', () => {
  const { messages } = translate(
    hi,
    { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{"a":1}' } },
    { role: 'function', name: 'f', content: 'done' },
  )
  expect(messages.slice(1)).toEqual([
    { role: 'assistant', content: [{ type: 'tool_use', id: 'call_function_1', name: 'f', input: { a: 1 } }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_function_1', content: 'done' }] },
  ])
  expect(refusal(hi, { role: 'function', name: 'f', content: 'done' })).toMatch(/^messages\.1: must follow/)
})

test('keeps what the assistant refused as its text', () => {
  const { messages } = translate(hi, { role: 'assistant', content: null, refusal: 'No.' }, hi)
  expect(messages[1]).toEqual({ role: 'assistant', content: [{ type: 'text', text: 'No.' }] })
})

test('leaves out assistant turns and system messages that say nothing', () => {
  expect(translate({ role: 'system', content: '' }, hi, { role: 'system', content: [] }, hi)).toEqual({
    system: undefined,
    messages: [
      { role: 'user', content: 'hi' },
      { role: 'user', content: 'hi' },
    ],
  })
  expect(translate(hi, { role: 'assistant', content: '' }, { role: 'assistant' }, hi).messages).toEqual([
    { role: 'user', content: 'hi' },
    { role: 'user', content: 'hi' },
  ])
  expect(refusal({ role: 'assistant', content: '' })).toMatch(/^messages: must hold at least one message/)
})

const BLANKS = ['', ' ', '\n', ' \t\r\n', '\u0085', '\u001c', '\u00a0\u2003\ufeff']

test.each(BLANKS)('takes %j for no text, wherever it stands', (blank) => {
  const { system, messages } = translate(
    { role: 'system', content: blank },
    { role: 'user', content: 'One' },
    { role: 'assistant', content: blank },
    { role: 'system', content: blank },
    { role: 'user', content: blank },
    {
      role: 'user',
      content: [
        { type: 'text', text: blank },
        { type: 'text', text: 'Two' },
      ],
    },
    { role: 'assistant', content: blank, tool_calls: [call('a', 'f', blank)] },
    { role: 'tool', tool_call_id: 'a', content: blank },
    { role: 'assistant', content: null, refusal: blank },
    { role: 'user', content: 'Three' },
  )
  expect(system).toBeUndefined()
  expect(messages).toEqual([
    { role: 'user', content: 'One' },
    { role: 'user', content: [{ type: 'text', text: 'Two' }] },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'f', input: {} }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a' }] },
    { role: 'user', content: 'Three' },
  ])
})

test.each(BLANKS)('names a last user turn of %j', (blank) => {
  const last = { role: 'user', content: [{ type: 'text', text: blank }] }
  expect(refusal(hi, { role: 'assistant', content: 'a' }, last)).toMatch(
    /^messages\.2\.content: must hold something besides white space/,
  )
  expect(refusal({ role: 'user', content: blank }, { role: 'system', content: 'later' })).toMatch(
    /^messages\.0\.content: /,
  )
  expect(refusal({ role: 'system', content: blank })).toMatch(/^messages\.0\.content: /)
})

test('ends a begun answer before its trailing white space, which the API refuses', () => {
  expect(translate(hi, { role: 'assistant', content: 'Sure: \n' }).messages[1]?.content).toBe('Sure:')
})

test('says who of several people speaks', () => {
  const { system, messages } = translate(
    { role: 'system', name: 'example_user', content: 'hm' },
    { role: 'user', name: 'alice', content: 'hi' },
    { role: 'user', name: 'bob', content: [{ type: 'text', text: 'ho' }] },
  )
  expect(system).toBe('example_user: hm')
  expect(messages).toEqual([
    { role: 'user', content: 'alice: hi' },
    { role: 'user', content: [{ type: 'text', text: 'bob: ho' }] },
  ])
})

test('keeps where a prefix ends that Claude shall cache', () => {
  const cache_control = { type: 'ephemeral' }
  const { system, messages } = translate(
    { role: 'system', content: 'a', cache_control },
    { role: 'user', content: [{ type: 'text', text: 'b', cache_control }] },
    { role: 'assistant', content: 'c', cache_control },
    hi,
  )
  expect(system).toEqual([{ type: 'text', text: 'a', cache_control }])
  expect(messages[0]?.content).toEqual([{ type: 'text', text: 'b', cache_control }])
  expect(messages[1]?.content).toEqual([{ type: 'text', text: 'c', cache_control }])
  const called = { name: 'f', arguments: '{}' }
  const calls = [
    { id: 'one', function: called, cache_control },
    { id: 'two', function: called },
  ]
  const results = calls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: 'Rain' }))
  const marked = translate(hi, { role: 'assistant', tool_calls: calls }, ...results)
  expect(marked.messages[1]?.content).toEqual([
    { type: 'tool_use', id: 'one', name: 'f', input: {}, cache_control },
    { type: 'tool_use', id: 'two', name: 'f', input: {} },
  ])
})

test('gives a call id that comes back in another turn a name of its own, with its results', () => {
  const turn = (result: string) => [
    { role: 'assistant', tool_calls: [call('call_0', 'f', '{}'), call('call_0', 'g', '{}')] },
    { role: 'tool', tool_call_id: 'call_0', content: `${result} of f` },
    { role: 'tool', tool_call_id: 'call_0', content: `${result} of g` },
  ]
  const { messages } = translate(hi, ...turn('first'), ...turn('second'))
  const blocks = messages.flatMap(({ content }) => (typeof content === 'string' ? [] : content))
  const calls = blocks.filter(({ type }) => type === 'tool_use')
  expect(new Set(calls.map(({ id }) => id)).size).toBe(4)
  expect(
    calls.map(({ id, name }) => [name, blocks.find((block) => block.tool_use_id === id)?.content]),
  ).toEqual([
    ['f', 'first of f'],
    ['g', 'first of g'],
    ['f', 'second of f'],
    ['g', 'second of g'],
  ])
})

const PNG = 'iVBORw0KGgoAAAANSUhEUg=='
const JPEG = '/9j/4AAQSkZJRg=='
const WEBP = 'UklGRiQAAABXRUJQVlA4IA=='
const PDF = 'JVBERi0xLjQKJeLjz9M='

test.each([
  ['a JPEG that is called a PNG', `data:image/png;base64,${JPEG}`, 'image/jpeg', JPEG],
  ['parameters before the data', `data:image/jpeg;charset=utf-8;base64,${JPEG}`, 'image/jpeg', JPEG],
  ['no type at all', `data:;base64,${PNG}`, 'image/png', PNG],
  ['a type of bytes', `data:application/octet-stream;base64,${WEBP}`, 'image/webp', WEBP],
])('believes the bytes of an image: %s', (_, url, media_type, data) => {
  const { messages } = translate({ role: 'user', content: [{ type: 'image_url', image_url: { url } }] })
  expect(messages[0]?.content).toEqual([{ type: 'image', source: { type: 'base64', media_type, data } }])
})

test('makes a document of a PDF, whichever part it came in', () => {
  const source = { type: 'base64', media_type: 'application/pdf', data: PDF }
  const { messages } = translate({
    role: 'user',
    content: [
      { type: 'file', file: { file_data: `data:application/pdf;base64,${PDF}`, filename: 'a.pdf' } },
      { type: 'file', file: { file_data: PDF } },
      { type: 'image_url', image_url: { url: `data:application/pdf;base64,${PDF}` } },
      { type: 'file', file: { file_data: `data:text/plain;base64,${btoa('hello')}` } },
    ],
  })
  expect(messages[0]?.content).toEqual([
    { type: 'document', source, title: 'a.pdf' },
    { type: 'document', source },
    { type: 'document', source },
    { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'hello' } },
  ])
})

test('keeps every digit of the arguments that a model wrote', () => {
  const json = '{"id":2512292042121000001,"price":1.10,"tiny":1e-400,"minus":-0}'
  const { messages } = translate(hi, { role: 'assistant', tool_calls: [call('a', 'f', json)] })
  expect(JSON.stringify(messages[1])).toContain(`"input":${json}`)
})

test('shows arguments that nest too deep as text', () => {
  const json = `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`
  const { messages } = translate(hi, { role: 'assistant', tool_calls: [call('a', 'f', json)] })
  expect(messages[1]?.content).toMatchObject([{ input: { invalid_json: json } }])
})

test('names the first of many wrong messages', () => {
  const wrong = Array.from({ length: 200_000 }, () => ({ role: 'robot' }))
  expect(thrownBy(() => toMessagesRequest({ model: 'auto', messages: wrong })).message).toMatch(
    /^messages\.0\.role: must be/,
  )
  expect(thrownBy(() => toMessagesRequest({ model: 'auto', messages: [hi], stop: wrong })).message).toMatch(
    /^stop: must be/,
  )
})

test('names the place of a malformed tool call', () => {
  expect(refusal(hi, { role: 'assistant', tool_calls: [{ id: 'a', type: 'custom' }] })).toBe(
    'messages.1.tool_calls.0.type: must be "function"; custom (free-form) tools are not offered. Describe the tool as a function with one string parameter',
  )
  expect(refusal({ role: 'tool', content: 'x' })).toBe('messages.0.tool_call_id: must be a string')
})
