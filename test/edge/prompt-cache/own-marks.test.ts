/** A client that marks anything itself is left alone; the word alone is no mark. */
import { expect, test } from 'vitest'
import { setsCacheControl } from '../../../edge/prompt-cache/own-marks.ts'
import { type MessagesRequest, parseMessagesRequest } from '../../../shared/messages.ts'

const mark = { cache_control: { type: 'ephemeral' } }
const says = (text: string) => [{ role: 'user', content: text }]
const request = (parts: object): MessagesRequest =>
  parseMessagesRequest({ model: 'auto', max_tokens: 1, messages: says('Hi'), ...parts })
const inUserTurn = (block: object) => request({ messages: [{ role: 'user', content: [block] }] })

test.each([
  ['the top level', request(mark)],
  ['the top level, with null', request({ cache_control: null })],
  ['the system prompt', request({ system: [{ type: 'text', text: 'Be kind.', ...mark }] })],
  ['a tool', request({ tools: [{ name: 'a', input_schema: {}, ...mark }] })],
  ['a message, where the API takes none', request({ messages: [{ role: 'user', content: 'Hi', ...mark }] })],
  ['a turn', inUserTurn({ type: 'text', text: 'Hi', ...mark })],
  [
    'the content of a tool’s result',
    inUserTurn({ type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: 'b', ...mark }] }),
  ],
  [
    'the content of a document',
    inUserTurn({
      type: 'document',
      source: { type: 'content', content: [{ type: 'text', text: 'b', ...mark }] },
    }),
  ],
  [
    'a document in the result of a tool',
    inUserTurn({
      type: 'tool_result',
      tool_use_id: 'a',
      content: [
        { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'b', ...mark }] } },
      ],
    }),
  ],
  [
    'what a search in a tool found',
    inUserTurn({
      type: 'tool_result',
      tool_use_id: 'a',
      content: [
        { type: 'search_result', source: 'https://a.test', content: [{ type: 'text', text: 'b', ...mark }] },
      ],
    }),
  ],
])('%s may be marked', (_, marked) => {
  expect(setsCacheControl(marked)).toBe(true)
})

test.each([
  ['a text', request({ messages: says('{"cache_control":{"type":"ephemeral"}}') })],
  ['a schema', request({ tools: [{ name: 'a', input_schema: { properties: { cache_control: {} } } }] })],
  ['the input of a tool', inUserTurn({ type: 'tool_use', id: 'a', name: 'b', input: mark })],
  ['metadata', request({ metadata: { user_id: 'a', ...mark } })],
])('%s that holds the word is no mark', (_, unmarked) => {
  expect(setsCacheControl(unmarked)).toBe(false)
})
