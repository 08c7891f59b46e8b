/** A local server's chunks become Messages events, whatever such servers get wrong. */
import { expect, test } from 'vitest'
import { createMessagesTranslator } from '../../../edge/chat-completions/messages-translator.ts'
import { collect, type KnownEvent } from '../../../shared/events.ts'
import { stream, thrownBy } from './support.ts'

const identity = { id: 'msg_1', model: 'local' }

function frame(delta: unknown, fields: Record<string, unknown> = {}, choice: Record<string, unknown> = {}) {
  const choices = [{ index: 0, delta, finish_reason: null, ...choice }]
  return JSON.stringify({ id: 'x', object: 'chat.completion.chunk', model: '/m.gguf', choices, ...fields })
}

function translate(...frames: string[]): KnownEvent[] {
  const translator = createMessagesTranslator(identity)
  return [...frames.flatMap(translator.push), ...translator.end()]
}

function message(...frames: string[]) {
  return collect(stream(translate(...frames)))
}

const stop = frame({}, {}, { finish_reason: 'stop' })
const usage = { prompt_tokens: 12, completion_tokens: 2, total_tokens: 14 }

test('opens a block with the first text and closes it before the end', () => {
  expect(translate(frame({ role: 'assistant' }), frame({ content: 'Hi' }), stop, '[DONE]')).toMatchObject([
    { type: 'message_start', message: { id: 'msg_1', model: 'local', usage: { input_tokens: 0 } } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null } },
    { type: 'message_stop' },
  ])
})

test.each([
  ['in a chunk with empty choices', [stop, JSON.stringify({ choices: [], usage })]],
  ['in a chunk without choices', [stop, JSON.stringify({ usage })]],
  ['in the last content chunk', [frame({}, { usage }, { finish_reason: 'stop' })]],
  [
    'in every chunk',
    [frame({}, { usage: { prompt_tokens: 12, completion_tokens: 1 } }), frame({}, { usage }), stop],
  ],
])('reads usage %s', async (_, tail) => {
  const { usage: counted } = await message(frame({ content: 'Hi' }), ...tail, '[DONE]')
  expect(counted).toMatchObject({ input_tokens: 12, output_tokens: 2, cache_read_input_tokens: 0 })
})

test('does not count cached tokens twice', async () => {
  const details = { prompt_tokens_details: { cached_tokens: 8, cache_write_tokens: 1 } }
  const { usage: counted } = await message(
    frame({ content: 'Hi' }),
    stop,
    JSON.stringify({ usage: { ...usage, ...details } }),
  )
  expect(counted).toMatchObject({
    input_tokens: 3,
    cache_read_input_tokens: 8,
    cache_creation_input_tokens: 1,
  })
})

test('leaves usage out where the server reports none, so that the caller knows', () => {
  const events = translate(
    frame({ content: 'Hi' }, { usage: null }),
    frame({}, { usage: {} }, { finish_reason: 'stop' }),
  )
  expect(events.find((event) => event.type === 'message_delta')).not.toHaveProperty('usage')
})

test.each([
  ['stop', 'end_turn'],
  ['length', 'max_tokens'],
  ['content_filter', 'refusal'],
  ['tool_calls', 'end_turn'],
  ['eos', 'end_turn'],
])('finishes %s as %s', async (finish_reason, expected) => {
  expect((await message(frame({ content: 'Hi' }), frame({}, {}, { finish_reason }))).stop_reason).toBe(
    expected,
  )
})

test('names the stop sequence where the server does', async () => {
  const last = frame({}, {}, { finish_reason: 'stop', stop_reason: 'END' })
  expect(await message(frame({ content: 'Hi' }), last)).toMatchObject({
    stop_reason: 'stop_sequence',
    stop_sequence: 'END',
  })
  const byToken = frame({}, {}, { finish_reason: 'stop', stop_reason: 128_009 })
  expect((await message(frame({ content: 'Hi' }), byToken)).stop_reason).toBe('end_turn')
})

test('takes an empty or missing finish reason as none', async () => {
  const running = [
    frame({ content: 'H' }, {}, { finish_reason: '' }),
    JSON.stringify({ choices: [{ delta: { content: 'i' } }] }),
  ]
  expect(thrownBy(() => translate(...running)).code).toBe('upstream')
  expect((await message(...running, stop)).content).toEqual([{ type: 'text', text: 'Hi' }])
})

test('takes [DONE] without a finish reason as the end', async () => {
  expect((await message(frame({ content: 'Hi' }), '[DONE]')).stop_reason).toBe('end_turn')
})

test.each(['reasoning_content', 'reasoning'])(
  'gives what a server calls %s as a thinking block',
  async (field) => {
    const answer = await message(
      frame({ role: 'assistant', content: null, [field]: 'hm' }),
      frame({ content: '', [field]: ', ah' }),
      frame({ content: 'Hi', [field]: null }),
      stop,
    )
    expect(answer.content).toEqual([
      { type: 'thinking', thinking: 'hm, ah' },
      { type: 'text', text: 'Hi' },
    ])
  },
)

test('ignores null content and other choices', async () => {
  const answer = await message(
    frame({ role: 'assistant', content: null }),
    JSON.stringify({
      choices: [
        { index: 1, delta: { content: 'other' } },
        { index: 0, delta: { content: 'Hi' } },
      ],
    }),
    stop,
  )
  expect(answer.content).toEqual([{ type: 'text', text: 'Hi' }])
})

test('gives the mean log-probability of the tokens of a chunk', () => {
  const logprobs = {
    content: [
      { token: 'H', logprob: -1 },
      { token: 'i', logprob: -2 },
    ],
  }
  const events = translate(frame({ content: 'Hi' }, {}, { logprobs }), stop)
  expect(events[2]).toMatchObject({ delta: { text: 'Hi', logprob: -1.5 } })
})

test('translates tool calls, also where the server says stop after them', async () => {
  const call = (index: number, fields: Record<string, unknown>) =>
    frame({ tool_calls: [{ index, ...fields }] })
  const answer = await message(
    frame({ content: 'Let me look.' }),
    call(0, { id: 'a', type: 'function', function: { name: 'f', arguments: '' } }),
    call(0, { function: { arguments: '{"x"' } }),
    call(0, { function: { arguments: ':1}' } }),
    call(1, { function: { name: 'g', arguments: '{}' } }),
    stop,
  )
  expect(answer.stop_reason).toBe('tool_use')
  expect(answer.content).toEqual([
    { type: 'text', text: 'Let me look.' },
    { type: 'tool_use', id: 'a', name: 'f', input: { x: 1 } },
    { type: 'tool_use', id: 'toolu_msg_1_1', name: 'g', input: {} },
  ])
})

test('takes a whole completion in place of a stream', async () => {
  const body = JSON.stringify({
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
    usage,
  })
  expect(await message(body)).toMatchObject({
    content: [{ type: 'text', text: 'Hi' }],
    usage: { output_tokens: 2 },
  })
})

test.each([
  ['an error object', '{"error":{"message":"host-17 is out of memory","code":500}}'],
  ['an error text', '{"error":"host-17 is out of memory"}'],
  ['an error of vLLM', '{"object":"error","message":"host-17 is out of memory"}'],
  ['HTML', '<html>host-17</html>'],
  ['a number', '7'],
  ['malformed choices', '{"choices":{"host-17":1}}'],
  [
    'a piece of a tool call that was never opened',
    frame({ tool_calls: [{ index: 0, function: { arguments: '{' } }] }),
  ],
])('reports %s as an upstream error without its text', (_, data) => {
  const translator = createMessagesTranslator(identity)
  const error = thrownBy(() => translator.push(data))
  expect(error.code).toBe('upstream')
  expect(error.message).not.toContain('host-17')
})

test('reports a stream that ends early or never begins', () => {
  expect(thrownBy(() => translate(frame({ content: 'Hi' }))).code).toBe('upstream')
  expect(thrownBy(() => translate()).code).toBe('upstream')
  expect(thrownBy(() => translate('[DONE]')).code).toBe('upstream')
})

test('says nothing after the end', () => {
  const translator = createMessagesTranslator(identity)
  for (const data of [frame({ content: 'Hi' }), stop, '[DONE]']) translator.push(data)
  expect(translator.push(frame({ content: 'more' }))).toEqual([])
  expect(translator.end()).toEqual([])
})
