/** What Claude gets where the router chose the model: a request that this model takes, and not a byte changed beside that. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { claudeChanges, claudeRequestBody } from '../../../../edge/providers/claude/request-body.ts'
import { parseMessagesRequest } from '../../../../shared/messages.ts'
import { routerRequest } from '../../../support/edge/requests.ts'

const SONNET = 'claude-sonnet-5-5'
const HAIKU = 'claude-haiku-5-5'
const OLDER = 'claude-haiku-4-5'

function sentText(json: string, model: string, translated = false): string {
  const request = routerRequest(undefined, {
    text: json,
    body: new TextEncoder().encode(json),
    view: parseMessagesRequest(JSON.parse(json)),
    translated,
  })
  const body = claudeRequestBody(request, claudeChanges(request, { provider: 'claude', model }, false))
  return typeof body === 'string' ? body : new TextDecoder().decode(body)
}

const base = { model: 'auto', max_tokens: 10, messages: [{ role: 'user', content: 'hi' }] }
const sent = (fields: object, model = SONNET, translated = false): Record<string, unknown> =>
  JSON.parse(sentText(JSON.stringify({ ...base, ...fields }), model, translated))

const tools = [
  { name: 'a', input_schema: { maximum: 1 } },
  { name: 'b', input_schema: {} },
]

test('offers only the named tool where the model cannot be forced to use it, and all where any would do', () => {
  const named = sent({ tools, tool_choice: { type: 'tool', name: 'b', disable_parallel_tool_use: true } })
  expect(named.tools).toEqual([tools[1]])
  expect(named.tool_choice).toEqual({ type: 'auto', disable_parallel_tool_use: true })
  const any = sent({ tools, tool_choice: { type: 'any' } })
  expect(any.tools).toEqual(tools)
  expect(any.tool_choice).toEqual({ type: 'auto' })
})

test('leaves the force to a model that takes it, and takes away the thinking that it excludes', () => {
  const forced = { tools, tool_choice: { type: 'tool', name: 'b' } }
  expect(sent(forced, HAIKU)).toMatchObject(forced)
  for (const type of ['adaptive', 'enabled'])
    expect(sent({ ...forced, thinking: { type } }, HAIKU)).not.toHaveProperty('thinking')
  expect(sent({ ...forced, thinking: { type: 'disabled' } }, HAIKU).thinking).toEqual({ type: 'disabled' })
})

test('changes nothing where the client named the model, but for what a client of another API cannot know', () => {
  const json = JSON.stringify({
    ...base,
    model: SONNET,
    max_tokens: 900_000,
    messages: [...base.messages, { role: 'assistant', content: 'x' }],
    thinking: { type: 'disabled' },
    tools,
    tool_choice: { type: 'any' },
    temperature: 1,
  })
  expect(sentText(json, SONNET)).toBe(json)
  const { temperature: _, ...rest } = JSON.parse(json)
  expect(JSON.parse(sentText(json, SONNET, true))).toEqual({ ...rest, max_tokens: 128_000 })
})

test.each([
  ['disabled', {}, SONNET, { type: 'between_tools' }],
  ['disabled', {}, 'claude-opus-5-5', undefined],
  ['disabled', {}, HAIKU, { type: 'disabled' }],
  ['disabled', { output_config: { effort: 'max' } }, HAIKU, undefined],
  ['enabled', {}, SONNET, { type: 'adaptive' }],
  ['enabled', {}, OLDER, { type: 'enabled', budget_tokens: 1024 }],
  ['adaptive', {}, SONNET, { type: 'adaptive' }],
  ['adaptive', {}, OLDER, undefined],
  ['between_tools', {}, HAIKU, { type: 'adaptive' }],
])('gives thinking "%s" with %j to %s as it takes it', (type, fields, model, expected) => {
  const asked = type === 'enabled' ? { type, budget_tokens: 1024 } : { type }
  expect(sent({ ...fields, thinking: asked }, model).thinking).toEqual(expected)
})

test('asks a model to continue that does not continue a begun answer by itself', () => {
  const messages = [...base.messages, { role: 'assistant', content: '{"city":' }]
  const continued = sent({ messages }).messages
  expect(continued).toEqual([...messages, { role: 'user', content: expect.stringMatching(/^Continue /) }])
  expect(sent({ messages }, OLDER).messages).toEqual(messages)
})

test('asks for no more tokens than the model writes', () => {
  expect(sent({ max_tokens: 128_000 }, OLDER).max_tokens).toBe(64_000)
  expect(sent({ max_tokens: 64_000 }, OLDER).max_tokens).toBe(64_000)
})

test('lowers or removes effort for models that do not know it', () => {
  const format = { type: 'json_schema', schema: {} }
  const effort = (model: string) => sent({ output_config: { effort: 'xhigh', format } }, model).output_config
  expect(effort(OLDER)).toEqual({ format })
  for (const model of ['claude-opus-4-5', 'claude-sonnet-4-6'])
    expect(effort(model)).toEqual({ effort: 'high', format })
  expect(effort('claude-opus-4-7')).toEqual({ effort: 'xhigh', format })
  expect(sent({ output_config: { effort: 'low' } }, OLDER)).not.toHaveProperty('output_config')
})

test('takes sampling parameters away from models that refuse them, whoever named the model of a translated request', () => {
  const sampling = { temperature: 0.5, top_p: 0.9, stop_sequences: ['x'] }
  const fitted = (model: string) => sent({ ...sampling, model }, model, true)
  expect(fitted(SONNET)).toEqual({ ...base, model: SONNET, stop_sequences: ['x'] })
  expect(fitted(OLDER)).toEqual({ ...base, model: OLDER, temperature: 0.5, stop_sequences: ['x'] })
  expect(fitted('claude-3-haiku-20240307')).toMatchObject(sampling)
})

test('leaves out what only open models take where the router chose the model, and nowhere else', () => {
  const openModels = { min_p: 0.1, repetition_penalty: 1.1, seed: 1 }
  expect(Object.keys(sent(openModels))).toEqual(Object.keys(base))
  expect(sent({ ...openModels, model: OLDER }, OLDER)).toMatchObject(openModels)
})

test('moves system turns to the end of the system text for models that have no such turns', () => {
  const turns = { role: 'system', content: 'in French' }
  const block = { type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }
  const messages = [...base.messages, turns, { role: 'system', content: [block] }]
  expect(sent({ system: 'brief', messages }, OLDER)).toMatchObject({
    system: [{ type: 'text', text: 'brief' }, { type: 'text', text: 'in French' }, block],
    messages: base.messages,
  })
  expect(sent({ messages }, OLDER).system).toEqual([{ type: 'text', text: 'in French' }, block])
  expect(sent({ system: 'brief', messages }, SONNET)).toMatchObject({ system: 'brief', messages })
})

test('keeps every digit and space of what it moves or leaves', () => {
  const tool = '{"name":"b","input_schema":{ "maximum":9223372036854775807 }}'
  const json = `{"model":"auto","max_tokens":1,"tools":[{"name":"a"}, ${tool}],"tool_choice":{"type":"tool","name":"b"},"x": 1.0,"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"é","n":2512292042121000001}]} ]}`
  expect(sentText(json, SONNET)).toBe(
    json
      .replace('"auto"', `"${SONNET}"`)
      .replace('{"name":"a"}, ', '')
      .replace('{"type":"tool","name":"b"}', '{"type":"auto"}'),
  )
})

test('gives a model nothing that it refuses, whatever was asked of another', () => {
  const role = fc.constantFrom('user', 'assistant', 'system')
  const content = fc.oneof(fc.string(), fc.constant([{ type: 'text', text: '[]{"' }]))
  const request = fc.record(
    {
      model: fc.constant('auto'),
      max_tokens: fc.integer({ min: 1, max: 300_000 }),
      messages: fc.array(fc.record({ role, content }), { minLength: 1, maxLength: 4 }),
      system: fc.option(content),
      temperature: fc.constant(1),
      top_p: fc.constant(0.5),
      thinking: fc.record({ type: fc.constantFrom('enabled', 'disabled', 'adaptive', 'between_tools') }),
      tools: fc.constant(tools),
      tool_choice: fc.record({
        type: fc.constantFrom('auto', 'any', 'tool'),
        name: fc.constantFrom('a', 'z'),
      }),
      output_config: fc.record({ effort: fc.constantFrom('low', 'xhigh') }, { requiredKeys: [] }),
    },
    { requiredKeys: ['model', 'max_tokens', 'messages'] },
  )
  fc.assert(
    fc.property(request, (asked) => {
      const fitted = sent(asked, SONNET)
      const { messages } = parseMessagesRequest(fitted)
      expect(fitted).not.toHaveProperty('temperature')
      expect(fitted).not.toHaveProperty('top_p')
      expect(fitted.max_tokens).toBeLessThanOrEqual(128_000)
      if ('thinking' in fitted)
        expect(['adaptive', 'between_tools']).toContain((fitted.thinking as { type: string }).type)
      if ('tool_choice' in fitted) expect(fitted.tool_choice).toMatchObject({ type: 'auto' })
      expect(messages.findLast((message) => message.role !== 'system')?.role).not.toBe('assistant')
    }),
  )
})

test('takes away the thinking that a client of another API asks of a model without it', () => {
  const json = JSON.stringify({ ...base, model: 'claude-3-5-haiku-latest', thinking: { type: 'adaptive' } })
  expect(sentText(json, 'claude-3-5-haiku-latest')).toBe(json)
  expect(JSON.parse(sentText(json, 'claude-3-5-haiku-latest', true))).not.toHaveProperty('thinking')
  const kept = JSON.stringify({
    ...base,
    model: SONNET,
    thinking: { type: 'adaptive', display: 'summarized' },
  })
  expect(JSON.parse(sentText(kept, SONNET, true)).thinking).toEqual({
    type: 'adaptive',
    display: 'summarized',
  })
})
