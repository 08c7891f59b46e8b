/** Bodies of every format with one value put out of place: refused in words of the router's or answered, never an internal error. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { COMPLEX_PROMPT } from '../../support/edge/canaries.ts'
import { createTestRouter } from '../../support/edge/router.ts'
import { HOSTILE_VALUES, pathsOf, withValueAt } from '../../support/hostile-values.ts'

const mark = { cache_control: { type: 'ephemeral' } }
const tool = {
  name: 'f',
  description: 'Does it.',
  parameters: {
    type: 'object',
    properties: { a: { type: ['string', 'null'], enum: ['x'] } },
    required: ['a'],
  },
  strict: true,
}
const thought = `claude-thinking:${btoa('{"type":"thinking","thinking":"a","signature":"b"}')}`

const RESPONSES = {
  model: 'auto',
  instructions: 'Be brief.',
  input: [
    { role: 'developer', content: 'Say it in English.' },
    {
      role: 'user',
      content: [
        { type: 'input_text', text: COMPLEX_PROMPT, ...mark },
        { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'auto' },
        { type: 'input_file', filename: 'a.txt', file_data: `data:text/plain;base64,${btoa('a')}` },
      ],
      ...mark,
    },
    {
      type: 'reasoning',
      id: 'rs_1',
      summary: [{ type: 'summary_text', text: 'a' }],
      encrypted_content: thought,
    },
    {
      type: 'message',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'Well.', annotations: [] }],
    },
    { type: 'function_call', call_id: 'c', name: 'f', arguments: '{"a":1.0}' },
    { type: 'function_call_output', call_id: 'c', output: [{ type: 'input_text', text: 'r' }], ...mark },
  ],
  tools: [{ type: 'function', ...tool, ...mark }],
  tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }] },
  parallel_tool_calls: false,
  text: {
    format: { type: 'json_schema', name: 'a', schema: tool.parameters, strict: true },
    verbosity: 'low',
  },
  reasoning: { effort: 'high', summary: 'auto' },
  include: ['reasoning.encrypted_content'],
  max_output_tokens: 100,
  temperature: 1.5,
  top_p: 0.5,
  metadata: { topic: 'x' },
  user: 'ann',
  store: true,
  stream: false,
  previous_response_id: null,
}

const CHAT = {
  model: 'auto',
  messages: [
    { role: 'system', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: COMPLEX_PROMPT, ...mark },
        { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
        { type: 'file', file: { filename: 'a.txt', file_data: `data:text/plain;base64,${btoa('a')}` } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'c', content: 'r' },
  ],
  tools: [{ type: 'function', function: tool }],
  tool_choice: { type: 'function', function: { name: 'f' } },
  response_format: { type: 'json_schema', json_schema: { name: 'a', schema: tool.parameters, strict: true } },
  stop: ['x'],
  max_completion_tokens: 100,
  stream: false,
  stream_options: { include_usage: true },
  user: 'ann',
}

const MESSAGES = {
  model: 'auto',
  max_tokens: 100,
  system: [{ type: 'text', text: 'Be brief.', ...mark }],
  messages: [
    { role: 'user', content: [{ type: 'text', text: COMPLEX_PROMPT }] },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 'f', input: { a: 1 } }] },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'c', content: [{ type: 'text', text: 'r', ...mark }] },
        { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'd' }] } },
      ],
    },
  ],
  tools: [{ name: 'f', input_schema: tool.parameters, ...mark }],
  tool_choice: { type: 'auto', disable_parallel_tool_use: true },
  metadata: { user_id: 'ann' },
  thinking: { type: 'enabled', budget_tokens: 1024 },
  output_config: { effort: 'high' },
  stop_sequences: ['x'],
}

const BATCH = {
  requests: [
    { custom_id: 'a', params: { ...MESSAGES, model: 'claude-haiku-4-5' } },
    { custom_id: 'b', params: { ...MESSAGES, model: 'claude-haiku-4-5' } },
  ],
}

test.each([
  ['/v1/responses', RESPONSES],
  ['/v1/responses/input_tokens', RESPONSES],
  ['/v1/chat/completions', CHAT],
  ['/v1/messages', MESSAGES],
  ['/v1/messages/count_tokens', MESSAGES],
  ['/v1/messages/batches', BATCH],
])('%s', async (path, body) => {
  const limits = { alice: { tenant: { usdPerDay: 1_000 } } }
  const router = await createTestRouter({ PROMPT_CACHE: 'auto', LIMITS: JSON.stringify(limits) })
  const change = fc.record({
    at: fc.constantFrom(...pathsOf(body)),
    value: fc.constantFrom(...HOSTILE_VALUES),
  })
  await fc.assert(
    fc.asyncProperty(change, async ({ at, value }) => {
      const response = await router.post(withValueAt(body, at, value), {}, { path })
      const text = await response.text()
      expect(text).not.toContain('Internal error')
      expect(response.status).not.toBe(500)
    }),
    { numRuns: 50 },
  )
})
