/** What is taken without a schema is what the schema takes, unchanged: requests, answers, events, frames. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseStreamEvent } from '../../shared/events.ts'
import { isPlainEvent, isPlainMessage, isPlainRequest } from '../../shared/message-forms.ts'
import { messageResponseSchema, messagesRequestSchema } from '../../shared/messages.ts'
import { createSseDecoder, plainFrames } from '../../shared/sse.ts'
import { claudeMessage, framesOf } from '../support/edge/messages.ts'
import { ask } from '../support/edge/router.ts'

/** Values that stand where others belong. */
const odd = fc.oneof(
  fc.constantFrom(
    null,
    undefined,
    true,
    '',
    'x',
    0,
    -1,
    1.5,
    -0,
    1e308,
    Number.POSITIVE_INFINITY,
    Number.NaN,
  ),
  fc.constantFrom(Number.MAX_SAFE_INTEGER + 1, [], {}, [null], [[]], { type: 'text', text: null }),
  fc.constantFrom(
    { type: 'x' },
    [{ type: 'text', text: 'a' }],
    JSON.parse('{"__proto__":{"type":"text"},"type":"text"}'),
  ),
  fc.jsonValue({ maxDepth: 2 }),
)

/** Returns the value, or one that differs from it somewhere. */
function changed(value: unknown): fc.Arbitrary<unknown> {
  if (typeof value !== 'object' || value === null)
    return fc.oneof({ weight: 6, arbitrary: fc.constant(value) }, odd)
  if (Array.isArray(value)) return fc.oneof({ weight: 6, arbitrary: fc.tuple(...value.map(changed)) }, odd)
  const members = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, changed(member)]))
  const extra = fc.dictionary(
    fc.constantFrom('x', 'text', 'usage', 'stop_sequence', 'temperature', 'system'),
    odd,
    { maxKeys: 1 },
  )
  return fc.oneof(
    { weight: 8, arbitrary: fc.record(members, { requiredKeys: [] }) },
    {
      weight: 4,
      arbitrary: fc.tuple(fc.record(members), extra).map(([one, other]) => ({ ...one, ...other })),
    },
    { weight: 1, arbitrary: odd },
  )
}

const request = ask('Hello', {
  system: [{ type: 'text', text: 'Be kind.', cache_control: { type: 'ephemeral' } }],
  stream: true,
  stop_sequences: ['\n'],
  temperature: 0.5,
  tools: [{ name: 'x' }],
})

test('takes no request that the schema does not take, and none otherwise than it is', () => {
  let taken = 0
  fc.assert(
    fc.property(changed(request), (value) => {
      if (!isPlainRequest(value)) return
      taken += 1
      expect(messagesRequestSchema.parse(value)).toEqual(value)
    }),
    { numRuns: 2_000 },
  )
  expect(taken).toBeGreaterThan(0)
  expect(isPlainRequest(request)).toBe(true)
})

test('takes no answer that the schema does not take, and none otherwise than it is', () => {
  const message = claudeMessage()
  fc.assert(
    fc.property(changed(message), (value) => {
      if (isPlainMessage(value)) expect(messageResponseSchema.parse(value)).toEqual(value)
    }),
    { numRuns: 2_000 },
  )
  expect(isPlainMessage(message)).toBe(true)
})

const events = framesOf(claudeMessage()).map((frame) => JSON.parse(/^data: (.*)$/m.exec(frame)?.[1] ?? ''))
const more = [
  { type: 'ping' },
  { type: 'error', error: { type: 'overloaded_error', message: 'x' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'x', logprob: -1 } },
]

test('takes no event that the schema does not take, and none otherwise than it is', () => {
  fc.assert(
    fc.property(fc.constantFrom(...events, ...more).chain(changed), (value) => {
      if (!isPlainEvent(value)) return
      // A member more makes the look at members fail: the schema judges.
      const judged = parseStreamEvent(JSON.stringify(value).replace(/^\{/, '{"__proto__":0,'))
      expect(judged).toEqual(JSON.parse(JSON.stringify(value)))
    }),
    { numRuns: 2_000 },
  )
  for (const event of [...events, ...more]) expect(isPlainEvent(event), JSON.stringify(event)).toBe(true)
})

test('reads frames as the decoder does, or leaves them to it', () => {
  const piece = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...framesOf(claudeMessage())) },
    fc.constantFrom(
      '\n',
      '\r\n',
      ': comment\n\n',
      'data: x\n\n',
      'event: y\n\n',
      'event: y\ndata: a\ndata: b\n\n',
      'id: 7\n',
    ),
    fc.constantFrom(
      'event:z\ndata: a\n\n',
      'event: z\ndata:a\n\n',
      'event: \ndata: a\n\n',
      'event: a\n\ndata: b\n\n',
    ),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 5 }), (pieces) => {
      const text = `${pieces.join('')}event: end\ndata: {}\n\n`
      const frames = plainFrames(text)
      if (frames !== undefined)
        expect(frames).toEqual(createSseDecoder().push(new TextEncoder().encode(text)))
    }),
    { numRuns: 1_000 },
  )
  const plain = framesOf(claudeMessage()).join('')
  expect(plainFrames(plain)).toEqual(createSseDecoder().push(new TextEncoder().encode(plain)))
})
