/** A Messages request becomes a request to a local server that speaks OpenAI's API. */
import { expect, test } from 'vitest'
import { toChatCompletionRequest } from '../../../edge/chat-completions/chat-completion-request.ts'
import { thrownBy } from './support.ts'

const hello = { model: 'auto', max_tokens: 64, messages: [{ role: 'user' as const, content: 'hi' }] }

test('asks for a stream with usage under the name that the server knows', () => {
  expect(toChatCompletionRequest(hello, { model: 'qwen' })).toEqual({
    model: 'qwen',
    messages: [{ role: 'user', content: 'hi' }],
    max_tokens: 64,
    stream: true,
    stream_options: { include_usage: true },
    chat_template_kwargs: { enable_thinking: false },
  })
})

test('asks for no thinking by the effort as well where the server takes that', () => {
  const body = toChatCompletionRequest(hello, { model: 'qwen', effortNone: true })
  expect(body.reasoning_effort).toBe('none')
})

test('asks for no longer an answer than the server has room for', () => {
  const lengthOf = (maxTokens?: number) =>
    toChatCompletionRequest(hello, { model: 'm', maxTokens }).max_tokens
  expect([lengthOf(undefined), lengthOf(2_048), lengthOf(32)]).toEqual([64, 64, 32])
})

test('puts the system text first and passes sampling and stops on', () => {
  const body = toChatCompletionRequest(
    {
      ...hello,
      system: [
        { type: 'text', text: 'a', cache_control: { type: 'ephemeral' } },
        { type: 'text', text: 'b' },
      ],
      stop_sequences: ['END'],
      temperature: 0.2,
      top_p: 0.9,
      top_k: 40,
      metadata: { user_id: 'u' },
    },
    { model: 'qwen', logprobs: true },
  )
  expect(body).toEqual({
    model: 'qwen',
    messages: [
      { role: 'system', content: 'a\nb' },
      { role: 'user', content: 'hi' },
    ],
    max_tokens: 64,
    stop: ['END'],
    temperature: 0.2,
    top_p: 0.9,
    top_k: 40,
    stream: true,
    stream_options: { include_usage: true },
    logprobs: true,
    chat_template_kwargs: { enable_thinking: false },
  })
})

test('joins neighbouring messages of one role, as the Messages API reads them', () => {
  const body = toChatCompletionRequest(
    {
      ...hello,
      messages: [
        { role: 'user', content: 'a' },
        { role: 'user', content: [{ type: 'text', text: 'b' }] },
        { role: 'assistant', content: 'c' },
      ],
    },
    { model: 'm' },
  )
  expect(body.messages).toEqual([
    { role: 'user', content: 'a\n\nb' },
    { role: 'assistant', content: 'c' },
  ])
})

test('leaves tools and everything that is not text to the next target', () => {
  const image = [{ type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } }]
  for (const request of [
    { ...hello, tools: [{ name: 'f' }] },
    { ...hello, messages: [{ role: 'user' as const, content: image }] },
  ]) {
    const error = thrownBy(() => toChatCompletionRequest(request, { model: 'm' }))
    expect(error.code).toBe('unsupported')
    expect(error.tryNextTarget).toBe(true)
  }
})
