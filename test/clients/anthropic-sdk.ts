/**
 * Anthropic's SDK: 1.x, which speaks API version 2026-10-21, and 0.x, which speaks 2023-06-01 and also stands for
 * everything that is built on it.
 */
import CurrentAnthropic from '@anthropic-ai/sdk'
import ClassicAnthropic from 'anthropic-sdk-0'
import { type Library, readSdkError, WEATHER, WEATHER_TOOL } from './library.ts'

const MODEL = 'claude-sonnet-5-5'
const MAX_TOKENS = 64

type Anthropic = CurrentAnthropic

export const anthropicSdk1 = createLibrary(
  '@anthropic-ai/sdk 1.x',
  (options) => new CurrentAnthropic(options),
)
export const anthropicSdk0 = createLibrary(
  '@anthropic-ai/sdk 0.x',
  // Both generations share what is used here; only their types are unrelated.
  (options) => new ClassicAnthropic(options) as unknown as Anthropic,
)

function createLibrary(
  name: string,
  create: (options: { baseURL: string; apiKey: string }) => Anthropic,
): Library {
  return {
    name,
    dialect: 'messages',
    basePaths: [''],
    finishes: { complete: 'end_turn', cut: 'max_tokens' },
    readError: readSdkError,
    connect({ url, apiKey }, basePath = '') {
      const client = create({ baseURL: `${url}${basePath}`, apiKey })
      return {
        async ask({ prompt, maxTokens = MAX_TOKENS }) {
          return toAnswer(
            await client.messages.create({
              model: MODEL,
              max_tokens: maxTokens,
              messages: [{ role: 'user', content: prompt }],
            }),
          )
        },
        async stream({ prompt, maxTokens = MAX_TOKENS, signal, onText }) {
          const pieces: string[] = []
          const stream = client.messages.stream(
            { model: MODEL, max_tokens: maxTokens, messages: [{ role: 'user', content: prompt }] },
            signal ? { signal } : {},
          )
          stream.on('text', (text) => {
            pieces.push(text)
            onText?.(text)
          })
          return { ...toAnswer(await stream.finalMessage()), pieces }
        },
        async useTool(prompt) {
          const { parameters, ...tool } = WEATHER_TOOL
          const messages: CurrentAnthropic.MessageParam[] = [{ role: 'user', content: prompt }]
          let input: unknown
          for (;;) {
            const message = await client.messages.create({
              model: MODEL,
              max_tokens: MAX_TOKENS,
              tools: [{ ...tool, input_schema: parameters }],
              messages,
            })
            const call = message.content.find((block) => block.type === 'tool_use')
            if (call === undefined) return { input, text: toAnswer(message).text }
            input = call.input
            messages.push(
              { role: 'assistant', content: message.content },
              { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: WEATHER }] },
            )
          }
        },
      }
    },
  }
}

function toAnswer(message: CurrentAnthropic.Message) {
  return {
    text: message.content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    finish: message.stop_reason ?? undefined,
    inputTokens: message.usage.input_tokens ?? undefined,
    outputTokens: message.usage.output_tokens,
    model: message.model,
  }
}
