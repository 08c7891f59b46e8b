/**
 * Stream events and the folds between a stream and a whole message, for sound streams and for broken ones.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RouterError } from '../../shared/errors.ts'
import {
  collect,
  createMessageFold,
  isContent,
  type KnownEvent,
  parseStreamEvent,
  replay,
  type StreamEvent,
} from '../../shared/events.ts'
import type { Message } from '../../shared/messages.ts'
import { jsonObject, message, sequence } from './arbitraries.ts'

const EMPTY: Message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude',
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: { input_tokens: 5, output_tokens: 0 },
}
const START: KnownEvent = { type: 'message_start', message: EMPTY }
const STOP: KnownEvent = { type: 'message_stop' }
const TEXT_START: KnownEvent = {
  type: 'content_block_start',
  index: 0,
  content_block: { type: 'text', text: '' },
}
const textDelta = (text: string, index = 0): KnownEvent => ({
  type: 'content_block_delta',
  index,
  delta: { type: 'text_delta', text },
})
const blockStop = (index = 0): KnownEvent => ({ type: 'content_block_stop', index })

test('a message that is replayed and collected is the same message', async () => {
  await fc.assert(
    fc.asyncProperty(message, async (answer) => {
      expect(await collect(sequence(replay(answer)))).toEqual(answer)
    }),
  )
})

test('a replayed message survives the wire, and its fold is finished and exact', () => {
  fc.assert(
    fc.property(message, (answer) => {
      const events = [...replay(answer)].map((event) => parseStreamEvent(JSON.stringify(event)))
      const fold = foldOf(events)
      expect(fold.message()).toEqual(answer)
      expect([fold.finished(), fold.exact()]).toEqual([true, true])
    }),
  )
})

test('replaying and folding leave message and events as they were', () => {
  fc.assert(
    fc.property(message, (answer) => {
      const before = structuredClone(answer)
      const events = [...replay(answer)]
      const eventsBefore = structuredClone(events)
      foldOf([...events, textDelta('more'), ...events])
      expect(answer).toEqual(before)
      expect(events).toEqual(eventsBefore)
    }),
  )
})

test('a replay has the order of a live stream: start, each block from start to stop, delta, stop', () => {
  fc.assert(
    fc.property(message, (answer) => {
      const events = [...replay(answer)]
      expect(events.at(0)).toMatchObject({
        type: 'message_start',
        message: { content: [], stop_reason: null },
      })
      expect(events.slice(-2).map(({ type }) => type)).toEqual(['message_delta', 'message_stop'])
      const blocks = events
        .slice(1, -2)
        .map((event) => `${event.type} ${'index' in event ? event.index : ''}`)
      const grammar = answer.content.map(
        (_, at) => `content_block_start ${at};(content_block_delta ${at};)*content_block_stop ${at};`,
      )
      expect(blocks.map((entry) => `${entry};`).join('')).toMatch(new RegExp(`^${grammar.join('')}$`))
    }),
  )
})

test('a replay has content exactly where the message has', () => {
  fc.assert(
    fc.property(message, (answer) => {
      const hasContent = answer.content.some((block) => block.type !== 'text' || block.text !== '')
      expect([...replay(answer)].some(isContent)).toBe(hasContent)
    }),
  )
})

test('text, tool input, thinking and signature come together from their pieces, however they are cut', () => {
  const pieces = fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 6 })
  const cutJson = fc.tuple(jsonObject, fc.array(fc.nat({ max: 40 }), { maxLength: 5 }))
  fc.assert(
    fc.property(pieces, pieces, pieces, cutJson, (text, thinking, signature, [input, cuts]) => {
      const json = JSON.stringify(input)
      const bounds = [0, ...cuts.map((at) => at % json.length).toSorted((a, b) => a - b), json.length]
      const fold = foldOf([
        START,
        {
          type: 'content_block_start',
          index: 0,
          content_block: { type: 'thinking', thinking: '', signature: '' },
        },
        ...thinking.map((piece) => delta(0, { type: 'thinking_delta', thinking: piece })),
        ...signature.map((piece) => delta(0, { type: 'signature_delta', signature: piece })),
        blockStop(0),
        { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
        ...text.map((piece) => textDelta(piece, 1)),
        blockStop(1),
        {
          type: 'content_block_start',
          index: 2,
          content_block: { type: 'tool_use', id: 't', name: 'n', input: {} },
        },
        ...bounds.slice(1).map((end, at) =>
          delta(2, {
            type: 'input_json_delta',
            partial_json: json.slice(bounds[at], end),
          }),
        ),
        blockStop(2),
        STOP,
      ])
      expect(fold.message()?.content).toEqual([
        { type: 'thinking', thinking: thinking.join(''), signature: signature.join('') },
        { type: 'text', text: text.join('') },
        { type: 'tool_use', id: 't', name: 'n', input },
      ])
      expect([fold.finished(), fold.exact()]).toEqual([true, true])
    }),
  )
})

test('a tool whose input came in no pieces keeps the input of its start', () => {
  const tool = { type: 'tool_use', id: 't', name: 'n', input: {} }
  const start: KnownEvent = { type: 'content_block_start', index: 0, content_block: tool }
  const empty = delta(0, { type: 'input_json_delta', partial_json: '' })
  expect(foldOf([START, start, empty, blockStop(), STOP]).message()?.content).toEqual([tool])
})

test('a tool input that is cut off stays readable as text', () => {
  const start: KnownEvent = {
    type: 'content_block_start',
    index: 0,
    content_block: { type: 'tool_use', input: {} },
  }
  const half = delta(0, { type: 'input_json_delta', partial_json: '{"a":' })
  expect(foldOf([START, start, half, blockStop()]).message()?.content).toEqual([
    { type: 'tool_use', input: '{"a":' },
  ])
})

test('the last message_delta tells stop reason and usage; a null count leaves the earlier one', () => {
  const fold = foldOf([
    START,
    { type: 'message_delta', delta: { stop_reason: null }, usage: { output_tokens: 3, input_tokens: null } },
    {
      type: 'message_delta',
      delta: { stop_reason: 'stop_sequence', stop_sequence: 'END', container: { id: 'c' } },
      usage: { output_tokens: 7, server_tool_use: { web_search_requests: 1 } },
    },
    STOP,
  ])
  expect(fold.message()).toEqual({
    ...EMPTY,
    stop_reason: 'stop_sequence',
    stop_sequence: 'END',
    container: { id: 'c' },
    usage: { input_tokens: 5, output_tokens: 7, server_tool_use: { web_search_requests: 1 } },
  })
})

test('pings change nothing', () => {
  const ping: KnownEvent = { type: 'ping' }
  fc.assert(
    fc.property(message, (answer) => {
      const fold = foldOf([ping, ...[...replay(answer)].flatMap((event) => [event, ping])])
      expect(fold.message()).toEqual(answer)
      expect(fold.exact()).toBe(true)
    }),
  )
})

test.each<[name: string, events: StreamEvent[]]>([
  ['an event of an unknown type', [START, { type: 'unknown', name: 'later', data: {} }, STOP]],
  ['a delta of an unknown type', [START, TEXT_START, delta(0, { type: 'later_delta' }), blockStop(), STOP]],
  [
    'citations, which are not folded',
    [START, TEXT_START, delta(0, { type: 'citations_delta', citation: {} }), STOP],
  ],
  ['a delta without its block', [START, textDelta('x'), STOP]],
  ['a stop without its block', [START, blockStop(), STOP]],
  ['a block before the message', [TEXT_START, START, STOP]],
  ['an end before the message', [{ type: 'message_delta', delta: {} }, START, STOP]],
  ['a stop before the message', [STOP, START]],
  ['a second message', [START, START, STOP]],
  ['a second block in one place', [START, TEXT_START, TEXT_START, STOP]],
  ['a block that leaves a gap', [START, { ...TEXT_START, index: 1 }, STOP]],
  [
    'a tool input that is never closed',
    [
      START,
      { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', input: {} } },
      delta(0, { type: 'input_json_delta', partial_json: '{}' }),
      STOP,
    ],
  ],
  ['an error', [START, { type: 'error', error: { type: 'overloaded_error', message: 'x' } }, STOP]],
])('a fold is not exact after %s', (_name, events) => {
  const fold = foldOf(events)
  expect(fold.exact()).toBe(false)
  expect(fold.finished()).toBe(true)
})

test('a fold is empty, unfinished and exact before its first event, unfinished until message_stop', () => {
  const fold = createMessageFold()
  expect([fold.message(), fold.finished(), fold.exact()]).toEqual([undefined, false, true])
  fold.add(START)
  fold.add(TEXT_START)
  fold.add(textDelta('half'))
  expect(fold.message()?.content).toEqual([{ type: 'text', text: 'half' }])
  expect([fold.finished(), fold.exact()]).toEqual([false, true])
})

test('an index that is huge, negative or no whole number neither allocates nor throws', () => {
  const index = fc.oneof(
    fc.integer({ min: 1 }),
    fc.integer({ max: -1 }),
    fc.double(),
    fc.constantFrom(2 ** 32 - 2, 2 ** 53, -0.5),
  )
  fc.assert(
    fc.property(
      index.filter((at) => at !== 0),
      (at) => {
        const fold = foldOf([START, { ...TEXT_START, index: at }, textDelta('x', at), blockStop(at), STOP])
        expect(fold.message()?.content).toEqual([])
        expect(fold.exact()).toBe(false)
      },
    ),
  )
})

test('any sequence of events folds without throwing, into a message whose blocks have no gaps', () => {
  const at = fc.constantFrom(0, 1, 2, -1, 1e9)
  const event: fc.Arbitrary<StreamEvent> = fc.oneof(
    fc.constantFrom(
      START,
      STOP,
      TEXT_START,
      { type: 'ping' as const },
      { type: 'unknown' as const, name: '', data: null },
    ),
    fc.record({
      type: fc.constant('content_block_start' as const),
      index: at,
      content_block: fc.record({ type: fc.constantFrom('text', 'tool_use', 'thinking') }),
    }),
    fc.record({
      type: fc.constant('content_block_delta' as const),
      index: at,
      delta: fc.record({
        type: fc.constantFrom('text_delta', 'input_json_delta', 'thinking_delta', 'signature_delta', 'later'),
      }),
    }),
    at.map(blockStop),
    fc.record({ type: fc.constant('message_delta' as const), delta: fc.constant({}) }),
  )
  fc.assert(
    fc.property(fc.array(event, { maxLength: 20 }), (events) => {
      const content = foldOf(events).message()?.content ?? []
      expect(Object.keys(content)).toEqual(Array.from(content, (_, position) => String(position)))
    }),
  )
})

test.each<[name: string, events: StreamEvent[]]>([
  [
    'an error event',
    [START, { type: 'error', error: { type: 'overloaded_error', message: 'secret' } }, STOP],
  ],
  ['no event at all', []],
  ['no message_stop', [START, TEXT_START, textDelta('x'), blockStop()]],
  ['a message_stop without a message', [STOP]],
])('collect refuses a stream with %s', async (_name, events) => {
  const error = await collect(sequence(events)).catch(RouterError.from)
  expect(error).toMatchObject({ code: 'upstream', status: 502, tryNextTarget: true })
  expect(JSON.stringify(error)).not.toContain('secret')
})

test('collect lets an error of the stream itself through', async () => {
  const failure = new RouterError('timeout', 'Too slow.')
  const failing = async function* (): AsyncGenerator<StreamEvent> {
    yield START
    throw failure
  }
  await expect(collect(failing())).rejects.toBe(failure)
})

test.each<[expected: boolean, name: string, event: StreamEvent]>([
  [false, 'message_start', START],
  [false, 'ping', { type: 'ping' }],
  [false, 'message_delta', { type: 'message_delta', delta: { stop_reason: 'end_turn' } }],
  [false, 'message_stop', STOP],
  [false, 'content_block_stop', blockStop()],
  [false, 'error', { type: 'error', error: { type: 'api_error', message: 'x' } }],
  [false, 'an unknown event', { type: 'unknown', name: 'later', data: { text: 'x' } }],
  [false, 'the start of an empty text', TEXT_START],
  [false, 'the start of a text without text', { ...TEXT_START, content_block: { type: 'text' } }],
  [true, 'the start of a text that has some', { ...TEXT_START, content_block: { type: 'text', text: 'x' } }],
  [true, 'the start of a tool call', { ...TEXT_START, content_block: { type: 'tool_use', name: 'n' } }],
  [true, 'the start of redacted thinking', { ...TEXT_START, content_block: { type: 'redacted_thinking' } }],
  [true, 'the start of an unknown block', { ...TEXT_START, content_block: { type: 'of_a_later_year' } }],
  [false, 'an empty text', textDelta('')],
  [true, 'a text', textDelta('x')],
  [true, 'white space', textDelta(' ')],
  [false, 'empty tool input', delta(0, { type: 'input_json_delta', partial_json: '' })],
  [true, 'tool input', delta(0, { type: 'input_json_delta', partial_json: '{' })],
  [false, 'empty thinking', delta(0, { type: 'thinking_delta', thinking: '' })],
  [true, 'thinking', delta(0, { type: 'thinking_delta', thinking: 'x' })],
  [false, 'a signature', delta(0, { type: 'signature_delta', signature: 'x' })],
  [true, 'a citation', delta(0, { type: 'citations_delta' })],
  [false, 'an unknown delta', delta(0, { type: 'later_delta' })],
])('isContent is %s for %s', (expected, _name, event) => {
  expect(isContent(event)).toBe(expected)
})

test('takes the type from the data, and from the frame where the data has none', () => {
  expect(parseStreamEvent('{"type":"ping"}', 'message_stop')).toEqual({ type: 'ping' })
  expect(parseStreamEvent('{}', 'message_stop')).toEqual({ type: 'message_stop' })
  expect(parseStreamEvent('{"type":5}', 'ping')).toEqual({ type: 'ping' })
})

test('an event of an unknown type is kept whole, whatever it holds', () => {
  expect(parseStreamEvent('{}')).toEqual({ type: 'unknown', name: '', data: {} })
  expect(parseStreamEvent('{"type":"unknown"}')).toEqual({
    type: 'unknown',
    name: 'unknown',
    data: { type: 'unknown' },
  })
  fc.assert(
    fc.property(jsonObject, fc.string(), (data, name) => {
      const value = { ...data, type: `later_${name}` }
      expect(parseStreamEvent(JSON.stringify(value), 'ping')).toEqual({
        type: 'unknown',
        name: `later_${name}`,
        data: value,
      })
    }),
  )
})

test('a known event keeps the fields that this version does not know', () => {
  const data = {
    type: 'content_block_delta',
    index: 0,
    later: 1,
    delta: { type: 'text_delta', text: 'x', later: [2] },
  }
  expect(parseStreamEvent(JSON.stringify(data))).toEqual(data)
})

test.each(['', 'x', '[DONE]', '{"type":"ping"'])('refuses data that is not JSON: %j', (data) => {
  expect(errorOf(data)).toMatchObject({
    code: 'upstream',
    message: 'The upstream sent an event that is not JSON.',
  })
})

test.each(['null', '5', '"text"', 'true', '[]', '[{"type":"ping"}]'])(
  'refuses data that is no object: %s',
  (data) => {
    expect(errorOf(data)).toMatchObject({
      code: 'upstream',
      message: 'The upstream sent an event that is not an object.',
    })
  },
)

test.each<[type: string, fields: Record<string, unknown>]>([
  ['message_start', {}],
  ['message_start', { message: { ...EMPTY, id: undefined } }],
  ['message_start', { message: { ...EMPTY, content: null } }],
  ['message_start', { message: { ...EMPTY, usage: null } }],
  ['content_block_start', { content_block: { type: 'text' } }],
  ['content_block_start', { index: 0 }],
  ['content_block_start', { index: 0, content_block: {} }],
  ['content_block_start', { index: -1, content_block: { type: 'text' } }],
  ['content_block_start', { index: 0.5, content_block: { type: 'text' } }],
  ['content_block_start', { index: '0', content_block: { type: 'text' } }],
  ['content_block_delta', { index: 0 }],
  ['content_block_delta', { index: 0, delta: {} }],
  ['content_block_delta', { index: 0, delta: { type: 'text_delta', text: 5 } }],
  ['content_block_stop', {}],
  ['message_delta', {}],
  ['message_delta', { delta: { stop_reason: 5 } }],
  ['message_delta', { delta: {}, usage: { output_tokens: '5' } }],
  ['error', {}],
  ['error', { error: 'text' }],
])('refuses a %s that lacks what its type promises: %j', (type, fields) => {
  expect(errorOf(JSON.stringify({ ...fields, type }))).toMatchObject({
    code: 'upstream',
    message: `The upstream sent a malformed ${type} event.`,
  })
})

test('any data is an event or a refusal that does not repeat it', () => {
  const type = fc.constantFrom(
    'message_start',
    'content_block_start',
    'content_block_delta',
    'message_delta',
    'error',
  )
  const data = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record({ type, index: fc.jsonValue(), delta: fc.jsonValue(), message: fc.jsonValue() })
      .map((value) => JSON.stringify(value)),
  )
  fc.assert(
    fc.property(data, fc.option(fc.string(), { nil: undefined }), (text, name) => {
      try {
        parseStreamEvent(text, name)
      } catch (error) {
        expect(error).toBeInstanceOf(RouterError)
        expect(RouterError.from(error).message).toMatch(
          /^The upstream sent (an event that is not|a malformed \w+ event)/,
        )
      }
    }),
  )
})

test('__proto__ in an event pollutes nothing', () => {
  const event = parseStreamEvent(
    '{"type":"message_delta","delta":{"__proto__":{"polluted":1}},"usage":{"__proto__":{"polluted":1}},"__proto__":{"polluted":1}}',
  )
  const folded = foldOf([START, event, STOP]).message()
  for (const value of [event, folded, folded?.usage, {}]) expect(value).not.toHaveProperty('polluted')
})

function delta(index: number, fields: { type: string; [field: string]: unknown }): KnownEvent {
  const event = parseStreamEvent(JSON.stringify({ type: 'content_block_delta', index, delta: fields }))
  if (event.type === 'unknown') throw new Error('A delta is known.')
  return event
}

function foldOf(events: Iterable<StreamEvent>) {
  const fold = createMessageFold()
  for (const event of events) fold.add(event)
  return fold
}

function errorOf(data: string): RouterError {
  try {
    parseStreamEvent(data)
  } catch (error) {
    return RouterError.from(error)
  }
  throw new Error('The event was accepted.')
}
