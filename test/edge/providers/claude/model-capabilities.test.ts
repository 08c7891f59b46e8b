/** A translated request loses what the Claude model behind it would refuse, and nothing else. */
import { expect, test } from 'vitest'
import { fitToClaudeModel } from '../../../../edge/providers/claude/model-capabilities.ts'
import type { MessagesRequest } from '../../../../shared/messages.ts'

const request: MessagesRequest = {
  model: 'auto',
  max_tokens: 10,
  messages: [
    { role: 'user', content: 'hi' },
    { role: 'system', content: 'in French' },
    { role: 'assistant', content: 'Salut' },
    { role: 'user', content: 'hi' },
  ],
  system: 'brief',
  temperature: 0.5,
  top_p: 0.9,
  stop_sequences: ['x'],
  output_config: { effort: 'xhigh', format: { type: 'json_schema', schema: {} } },
}

test.each(['claude-opus-4-7', 'claude-sonnet-5-5', 'claude-haiku-5-5', 'claude-fable-5-2', 'claude-next'])(
  'takes sampling away from %s',
  (model) => {
    const fitted = fitToClaudeModel(request, model)
    expect(fitted).not.toHaveProperty('temperature')
    expect(fitted).not.toHaveProperty('top_p')
    expect(fitted.output_config).toEqual(request.output_config)
    expect(fitted.stop_sequences).toEqual(['x'])
  },
)

test.each(['claude-haiku-4-5', 'claude-haiku-4-5-20251001', 'claude-sonnet-4-6', 'claude-opus-4-1'])(
  'keeps the temperature but not top_p beside it for %s',
  (model) => {
    const fitted = fitToClaudeModel(request, model)
    expect(fitted.temperature).toBe(0.5)
    expect(fitted).not.toHaveProperty('top_p')
  },
)

test.each(['claude-3-haiku-20240307', 'claude-3-7-sonnet-latest', 'claude-sonnet-4-20250514'])(
  'keeps both for %s',
  (model) => {
    expect(fitToClaudeModel(request, model)).toMatchObject({ temperature: 0.5, top_p: 0.9 })
  },
)

test('keeps top_p alone where the model takes either', () => {
  const { temperature: _, ...rest } = request
  expect(fitToClaudeModel(rest, 'claude-haiku-4-5').top_p).toBe(0.9)
})

test('lowers or removes effort for models that do not know it', () => {
  const effort = (model: string) => fitToClaudeModel(request, model).output_config
  const { format } = request.output_config as { format: unknown }
  expect(effort('claude-haiku-4-5')).toEqual({ format })
  expect(effort('claude-opus-4-5')).toEqual({ effort: 'high', format })
  expect(effort('claude-sonnet-4-6')).toEqual({ effort: 'high', format })
  expect(effort('claude-opus-4-7')).toEqual({ effort: 'xhigh', format })
  expect(
    fitToClaudeModel({ ...request, output_config: { effort: 'low' } }, 'claude-haiku-4-5'),
  ).not.toHaveProperty('output_config')
})

test('moves later system messages to the front for models without that role', () => {
  const fitted = fitToClaudeModel(request, 'claude-haiku-4-5')
  expect(fitted.system).toEqual([
    { type: 'text', text: 'brief' },
    { type: 'text', text: 'in French' },
  ])
  expect(fitted.messages.map((message) => message.role)).toEqual(['user', 'assistant', 'user'])
  expect(fitToClaudeModel(request, 'claude-opus-5-5').messages).toEqual(request.messages)
})
