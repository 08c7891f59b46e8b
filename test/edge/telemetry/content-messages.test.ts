/** Kept content in the form that OpenTelemetry's GenAI conventions give messages. */
import { expect, test } from 'vitest'
import { contentMessages } from '../../../edge/telemetry/content-messages.ts'

const parsed = (text: string | undefined) => (text === undefined ? undefined : JSON.parse(text))

test('gives system, messages and answer as parts', () => {
  const request = JSON.stringify({
    system: [{ type: 'text', text: 'Be brief.' }],
    messages: [
      { role: 'user', content: 'Weather?' },
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: 't1', name: 'weather', input: { city: 'Paris' } }],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'rainy' }] },
    ],
  })
  const answer = JSON.stringify([
    { type: 'thinking', thinking: 'It rains.' },
    { type: 'text', text: 'Rain.' },
    { type: 'new_kind', value: 1 },
  ])
  const { system, input, output } = contentMessages({ request, answer }, 'end_turn')
  expect(parsed(system)).toEqual([{ type: 'text', content: 'Be brief.' }])
  expect(parsed(input)).toEqual([
    { role: 'user', parts: [{ type: 'text', content: 'Weather?' }] },
    {
      role: 'assistant',
      parts: [{ type: 'tool_call', id: 't1', name: 'weather', arguments: { city: 'Paris' } }],
    },
    { role: 'user', parts: [{ type: 'tool_call_response', id: 't1', response: 'rainy' }] },
  ])
  expect(parsed(output)).toEqual([
    {
      role: 'assistant',
      parts: [
        { type: 'reasoning', content: 'It rains.' },
        { type: 'text', content: 'Rain.' },
        { type: 'new_kind', value: 1 },
      ],
      finish_reason: 'end_turn',
    },
  ])
})

test('gives a text that was cut as it is, and no answer where there is none', () => {
  const { system, input, output } = contentMessages(
    { request: '{"messages":[{"ro…', answer: 'null' },
    'error',
  )
  expect(system).toBeUndefined()
  expect(parsed(input)).toEqual([{ role: 'user', parts: [{ type: 'text', content: '{"messages":[{"ro…' }] }])
  expect(output).toBeUndefined()
  expect(contentMessages({ request: '{}', answer: '[]' }, 'error').output).toBeUndefined()
})
