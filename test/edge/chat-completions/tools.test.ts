/** Tools, functions and choices of both OpenAI dialects become the Messages API's. */
import { expect, test } from 'vitest'
import { toMessagesRequest } from '../../../edge/chat-completions/messages-request.ts'
import { thrownBy } from './support.ts'

const hello = { model: 'auto', messages: [{ role: 'user', content: 'hi' }] }
const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
const tools = ['weather', 'time'].map((name) => ({
  type: 'function',
  function: { name, description: `the ${name}`, parameters },
}))
const named = (name: string) => ({ type: 'function', function: { name } })

function translate(fields: Record<string, unknown>) {
  return toMessagesRequest({ ...hello, ...fields }).request
}

test('keeps name, description, schema and strictness of a tool', () => {
  const request = translate({
    tools: [{ type: 'function', function: { name: 'f', description: 'd', parameters, strict: true } }],
  })
  expect(request.tools).toEqual([
    {
      name: 'f',
      description: 'd',
      input_schema: { ...parameters, additionalProperties: false },
      strict: true,
    },
  ])
})

test('offers a tool that Claude cannot be held to as an ordinary one', () => {
  const open = { type: 'object', properties: { anything: {} } }
  const request = translate({
    tools: [{ type: 'function', function: { name: 'f', parameters: open, strict: true } }],
  })
  expect(request.tools).toEqual([{ name: 'f', input_schema: open }])
})

test('keeps where the tools end that Claude shall cache', () => {
  const cache_control = { type: 'ephemeral' }
  const [beside, inside] = [
    { ...named('a'), cache_control },
    { type: 'function', function: { name: 'b', cache_control } },
  ]
  expect(translate({ tools: [beside, inside] }).tools).toMatchObject([{ cache_control }, { cache_control }])
})

test('gives a tool without parameters an empty schema', () => {
  expect(translate({ tools: [named('f')] }).tools).toEqual([
    { name: 'f', input_schema: { type: 'object', properties: {} } },
  ])
})

test.each([
  ['auto', { type: 'auto' }],
  ['none', { type: 'none' }],
  ['required', { type: 'any' }],
  [named('time'), { type: 'tool', name: 'time' }],
])('translates tool_choice %j', (choice, expected) => {
  expect(translate({ tools, tool_choice: choice }).tool_choice).toEqual(expected)
})

test('offers only the allowed tools', () => {
  const request = translate({
    tools,
    tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [named('time')] } },
  })
  expect(request.tools).toMatchObject([{ name: 'time' }])
  expect(request.tool_choice).toEqual({ type: 'any' })
})

test('switches parallel calls off on whatever choice there is', () => {
  const off = { disable_parallel_tool_use: true }
  const choice = (value: unknown) =>
    translate({ tools, tool_choice: value, parallel_tool_calls: false }).tool_choice
  expect(choice(undefined)).toEqual({ type: 'auto', ...off })
  expect(choice('required')).toEqual({ type: 'any', ...off })
  expect(choice(named('time'))).toEqual({ type: 'tool', name: 'time', ...off })
  expect(choice('none')).toEqual({ type: 'none' })
  expect(translate({ tools, parallel_tool_calls: true })).not.toHaveProperty('tool_choice')
})

test('translates the older functions as tools of which one is called at a time', () => {
  const translated = toMessagesRequest({
    ...hello,
    functions: [{ name: 'f', parameters }],
    function_call: { name: 'f' },
  })
  expect(translated.legacyFunctions).toBe(true)
  expect(translated.request.tools).toEqual([{ name: 'f', input_schema: parameters }])
  expect(translated.request.tool_choice).toEqual({ type: 'tool', name: 'f', disable_parallel_tool_use: true })
})

test('refuses a choice of tools that are not there', () => {
  const refusal = (fields: Record<string, unknown>) => thrownBy(() => translate(fields)).message
  expect(refusal({ tool_choice: 'required' })).toMatch(/^tool_choice: is only allowed together with tools/)
  expect(refusal({ tools, tool_choice: named('nope') })).toMatch(/^tool_choice: names a tool/)
  expect(
    refusal({
      tools,
      tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [named('nope')] } },
    }),
  ).toMatch(/^tool_choice: names a tool/)
  expect(refusal({ functions: [{ name: 'f' }], function_call: { name: 'g' } })).toMatch(/^function_call: /)
  expect(translate({ tool_choice: 'none' })).not.toHaveProperty('tool_choice')
})

test('refuses custom and hosted tools', () => {
  const refusal = (tool: object) => thrownBy(() => translate({ tools: [tool] })).message
  expect(refusal({ type: 'custom', custom: { name: 'x' } })).toBe(
    'tools.0.type: must be "function"; custom (free-form) tools are not offered. Describe the tool as a function with one string parameter',
  )
  expect(refusal({ type: 'web_search' })).toBe(
    'tools.0.type: must be "function"; hosted tools are not offered here',
  )
})
