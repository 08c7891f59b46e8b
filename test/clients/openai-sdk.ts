/**
 * OpenAI's SDK, with the model name that a program has before its base URL is changed.
 */
import OpenAI from 'openai'
import { type Library, readSdkError, WEATHER, WEATHER_TOOL } from './library.ts'

const MODEL = 'gpt-5.2'
const MAX_TOKENS = 64

export const openAiSdk: Library = {
  name: 'openai',
  dialect: 'chat completions',
  basePaths: ['/v1', ''],
  finishes: { complete: 'stop', cut: 'length' },
  readError: readSdkError,
  connect({ url, apiKey }, basePath = '/v1') {
    const client = new OpenAI({ baseURL: `${url}${basePath}`, apiKey })
    return {
      async ask({ prompt, maxTokens = MAX_TOKENS }) {
        const completion = await client.chat.completions.create({
          model: MODEL,
          max_completion_tokens: maxTokens,
          messages: [{ role: 'user', content: prompt }],
        })
        return {
          text: completion.choices[0]?.message.content ?? '',
          finish: completion.choices[0]?.finish_reason,
          inputTokens: completion.usage?.prompt_tokens,
          outputTokens: completion.usage?.completion_tokens,
          model: completion.model,
        }
      },
      async stream({ prompt, maxTokens = MAX_TOKENS, signal, onText }) {
        const pieces: string[] = []
        const stream = client.chat.completions.stream(
          {
            model: MODEL,
            max_completion_tokens: maxTokens,
            stream_options: { include_usage: true },
            messages: [{ role: 'user', content: prompt }],
          },
          signal ? { signal } : {},
        )
        stream.on('content', (text) => {
          pieces.push(text)
          onText?.(text)
        })
        const completion = await stream.finalChatCompletion()
        return {
          pieces,
          text: completion.choices[0]?.message.content ?? '',
          finish: completion.choices[0]?.finish_reason,
          inputTokens: completion.usage?.prompt_tokens,
          outputTokens: completion.usage?.completion_tokens,
          model: completion.model,
        }
      },
      async useTool(prompt) {
        let input: unknown
        const runner = client.chat.completions.runTools({
          model: MODEL,
          messages: [{ role: 'user', content: prompt }],
          tools: [
            {
              type: 'function',
              function: {
                ...WEATHER_TOOL,
                parse: JSON.parse,
                function: (parsed: unknown) => {
                  input = parsed
                  return WEATHER
                },
              },
            },
          ],
        })
        return { text: (await runner.finalContent()) ?? '', input }
      },
    }
  },
}
