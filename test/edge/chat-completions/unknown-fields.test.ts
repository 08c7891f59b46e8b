/** What the translation leaves out is named, wherever it stood, in a form that fits into a header. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toMessagesRequest } from '../../../edge/chat-completions/messages-request.ts'
import { thrownBy } from './support.ts'

const hi = { role: 'user', content: 'hi' }
const ignoredOf = (fields: Record<string, unknown>) =>
  toMessagesRequest({ model: 'auto', messages: [hi], ...fields }).ignored

test('names fields by the place where they stand', () => {
  expect(
    ignoredOf({
      invented: true,
      messages: [
        { ...hi, mood: 'good', content: [{ type: 'text', text: 'hi', weight: 2 }] },
        { role: 'user', content: [image('low'), image('auto')] },
        {
          role: 'assistant',
          name: 'bob',
          content: 'x',
          reasoning_content: 'hm',
          annotations: [],
          audio: null,
        },
        { role: 'tool', tool_call_id: 'a', name: 'f', content: 'x' },
        hi,
      ],
      tools: [{ type: 'function', defer: true, function: { name: 'f', returns: 'x' } }],
    }),
  ).toEqual([
    'invented',
    'messages[].mood',
    'messages[].content[].weight',
    'messages[].content[].image_url.detail',
    'messages[].name',
    'messages[].reasoning_content',
    'tools[].defer',
    'tools[].function.returns',
  ])
})

test('has nothing to name where a request holds only what is translated', () => {
  expect(
    ignoredOf({
      stop: 'x',
      user: 'u',
      logprobs: true,
      response_format: { type: 'text' },
      stream: true,
      stream_options: { include_usage: true },
      functions: [{ name: 'f' }],
      function_call: 'auto',
    }),
  ).toEqual([])
})

test('whatever a client calls its fields, the names are few and fit into a header', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.constant(1), { maxKeys: 60 }), (fields) => {
      const { model: _model, messages: _messages, ...invented } = fields
      const names = ignoredOf({
        ...Object.fromEntries(Object.entries(invented).map(([k, v]) => [`x${k}`, v])),
      })
      expect(names.length).toBeLessThanOrEqual(32)
      for (const name of names) expect(name).toMatch(/^[\w.[\]?-]{1,61}$/)
    }),
  )
})

function image(detail: string) {
  return { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail } }
}

test.each(['__proto__', 'constructor', 'toString'])(
  'a part of type %s is refused as one that nobody knows',
  (type) => {
    const messages = [{ role: 'user', content: [{ type, x: 1 }] }]
    expect(thrownBy(() => ignoredOf({ messages })).message).toMatch(/^messages\.0\.content\.0\.type: must be/)
  },
)
