/** A Messages stream becomes chat completion chunks, in the order that OpenAI's clients expect. */
import { expect, test } from 'vitest'
import {
  type ChunkTranslatorOptions,
  createChunkTranslator,
} from '../../../edge/chat-completions/chunk-translator.ts'
import { encodeCompletionStreamItem } from '../../../edge/chat-completions/sse-frames.ts'
import { RouterError } from '../../../shared/errors.ts'
import { replay, type StreamEvent } from '../../../shared/events.ts'
import { answer, chunksOf, foldChunks } from './support.ts'

const identity = { id: 'chatcmpl-1', created: 1_700_000_000 }

function translate(events: Iterable<StreamEvent>, options: Partial<ChunkTranslatorOptions> = {}) {
  const translator = createChunkTranslator({ ...identity, ...options })
  return [...[...events].flatMap(translator.push), ...translator.end()]
}

const calling = answer({
  stop_reason: 'tool_use',
  content: [
    { type: 'text', text: 'Let me look.' },
    { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Oslo' } },
    { type: 'tool_use', id: 'toolu_2', name: 'time', input: {} },
  ],
})

test('sends the role first, the text, the finish reason once and last, then [DONE]', () => {
  const items = translate(replay(answer()))
  expect(items.at(-1)).toBe('[DONE]')
  expect(chunksOf(items).map((chunk) => chunk.choices)).toEqual([
    [{ index: 0, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }],
    [{ index: 0, delta: { content: 'Hello!' }, logprobs: null, finish_reason: null }],
    [{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }],
  ])
  for (const chunk of chunksOf(items)) {
    expect(chunk).toMatchObject({
      ...identity,
      object: 'chat.completion.chunk',
      model: 'claude-haiku-5-5',
    })
    expect(chunk).not.toHaveProperty('usage')
  }
})

test('ends with a usage chunk without choices where usage is wanted, and null before it', () => {
  const chunks = chunksOf(translate(replay(answer()), { includeUsage: true }))
  expect(chunks.at(-1)).toMatchObject({
    choices: [],
    usage: { prompt_tokens: 10, completion_tokens: 3, total_tokens: 13 },
  })
  for (const chunk of chunks.slice(0, -1)) expect(chunk.usage).toBeNull()
})

test('opens each tool call with id and name and then sends its arguments in pieces', () => {
  const deltas = chunksOf(translate(replay(calling))).map((chunk) => chunk.choices[0]?.delta)
  expect(deltas.slice(2, -1)).toEqual([
    {
      tool_calls: [
        { index: 0, id: 'toolu_1', type: 'function', function: { name: 'weather', arguments: '' } },
      ],
    },
    { tool_calls: [{ index: 0, function: { arguments: '{"city":"Oslo"}' } }] },
    {
      tool_calls: [{ index: 1, id: 'toolu_2', type: 'function', function: { name: 'time', arguments: '' } }],
    },
    { tool_calls: [{ index: 1, function: { arguments: '{}' } }] },
  ])
  expect(foldChunks(translate(replay(calling))).finish).toBe('tool_calls')
})

test('completes the arguments of a tool call of which no piece came', () => {
  const events = [...replay(calling)].filter(
    (event) => event.type !== 'content_block_delta' || event.delta.type !== 'input_json_delta',
  )
  const { calls } = foldChunks(translate(events))
  expect(calls.map((call) => call.function.arguments)).toEqual(['{}', '{}'])
})

test('speaks the older dialect where the request did, with one call', () => {
  const chunks = chunksOf(translate(replay(calling), { legacyFunctions: true }))
  expect(chunks.slice(2).map((chunk) => chunk.choices[0])).toMatchObject([
    { delta: { function_call: { name: 'weather', arguments: '' } } },
    { delta: { function_call: { arguments: '{"city":"Oslo"}' } } },
    { delta: {}, finish_reason: 'function_call' },
  ])
})

test('leaves out thinking, pings, server tools and unknown events', () => {
  const message = answer({
    content: [
      { type: 'thinking', thinking: 'hm' },
      { type: 'server_tool_use', id: 's', name: 'web_search', input: { q: 'x' } },
      { type: 'text', text: 'Hello!' },
    ],
  })
  const noise: StreamEvent[] = [{ type: 'ping' }, { type: 'unknown', name: 'new', data: {} }]
  const thinking: StreamEvent = {
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'thinking_delta', thinking: 'secret' },
  }
  const events = [...replay(message)].flatMap((event) => [event, ...noise])
  events.splice(3, 0, thinking)
  expect(translate(events)).toEqual(translate(replay(answer())))
})

test('takes the input count from the start and the final counts from the end', () => {
  const events = [...replay(answer())].map(
    (event): StreamEvent =>
      event.type === 'message_delta' ? { ...event, usage: { input_tokens: null, output_tokens: 42 } } : event,
  )
  expect(foldChunks(translate(events, { includeUsage: true })).usage).toMatchObject({
    prompt_tokens: 10,
    completion_tokens: 42,
  })
})

test('sends a refusal as such before the finish reason', () => {
  const refused = answer({
    content: [],
    stop_reason: 'refusal',
    stop_details: { type: 'refusal', explanation: 'Not this.' },
  })
  const chunks = chunksOf(translate(replay(refused)))
  expect(chunks.at(-2)?.choices[0]?.delta).toEqual({ refusal: 'Not this.' })
  expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('content_filter')
})

test('sends log-probabilities only where they are wanted', () => {
  const events: StreamEvent[] = [...replay(answer())].map((event) =>
    event.type === 'content_block_delta' ? { ...event, delta: { ...event.delta, logprob: -0.5 } } : event,
  )
  expect(foldChunks(translate(events, { logprobs: true })).logprobs).toMatchObject([
    { token: 'Hello!', logprob: -0.5 },
  ])
  expect(JSON.stringify(translate(events))).not.toContain('-0.5')
})

test('sends an error of the stream in OpenAI form and nothing after it', () => {
  const events: StreamEvent[] = [...replay(answer())].slice(0, 3)
  events.push({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } })
  const items = translate([...events, ...replay(answer())])
  expect(items.at(-1)).toEqual({
    error: { message: 'Overloaded', type: 'server_error', param: null, code: 'overloaded' },
  })
  expect(items).not.toContain('[DONE]')
})

test('ends with message_stop, whatever becomes of the connection after it', () => {
  const translator = createChunkTranslator(identity)
  const items = [...replay(answer())].flatMap(translator.push)
  expect(items.at(-1)).toBe('[DONE]')
  expect(translator.push({ type: 'error', error: { type: 'api_error', message: 'late' } })).toEqual([])
  expect([...replay(answer())].flatMap(translator.push)).toEqual([])
  expect(translator.fail(new RouterError('timeout', 'late'))).toEqual([])
  expect(translator.end()).toEqual([])
})

test('ends with an error instead of [DONE] when the stream was cut', () => {
  for (const length of [0, 1, 3, 5]) {
    const items = translate([...replay(answer())].slice(0, length))
    expect(items).not.toContain('[DONE]')
    expect(items.at(-1)).toMatchObject({ error: { type: 'server_error' } })
    expect(foldChunks(items).finish).toBeNull()
  }
})

test('tells a failure of reading once, and hides what is not ours', () => {
  const translator = createChunkTranslator(identity)
  expect(translator.fail(new Error('secret host'))).toMatchObject([{ error: { type: 'server_error' } }])
  expect(translator.fail(new RouterError('timeout', 'again'))).toEqual([])
  expect(translator.end()).toEqual([])
  const [error] = createChunkTranslator(identity).fail(new Error('secret host'))
  expect(JSON.stringify(error)).not.toContain('secret')
})

test('frames chunks, errors and the end as data lines', () => {
  const [first] = chunksOf(translate(replay(answer())))
  if (first === undefined) throw new Error('no chunk')
  const frame = encodeCompletionStreamItem(first)
  expect(frame).toMatch(/^data: \{"id":"chatcmpl-1".*\}\n\n$/)
  expect(encodeCompletionStreamItem('[DONE]')).toBe('data: [DONE]\n\n')
})
