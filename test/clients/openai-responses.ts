/**
 * OpenAI's SDK as programs use its Responses API, with the model name that a program has before its base URL is changed.
 */
import OpenAI from 'openai'
import type { ResponseInput } from 'openai/resources/responses/responses'
import { type Library, readSdkError, WEATHER, WEATHER_TOOL } from './library.ts'

const MODEL = 'gpt-5.2'
const MAX_TOKENS = 64

export const openAiResponses: Library = {
  name: 'openai responses',
  dialect: 'responses',
  basePaths: ['/v1', ''],
  finishes: { complete: 'completed', cut: 'incomplete' },
  readError: readSdkError,
  connect({ url, apiKey }, basePath = '/v1') {
    const client = new OpenAI({ baseURL: `${url}${basePath}`, apiKey })
    return {
      async ask({ prompt, maxTokens = MAX_TOKENS }) {
        const response = await client.responses.create({
          model: MODEL,
          max_output_tokens: maxTokens,
          input: prompt,
        })
        return {
          text: response.output_text,
          finish: response.status,
          inputTokens: response.usage?.input_tokens,
          outputTokens: response.usage?.output_tokens,
          model: response.model,
        }
      },
      async stream({ prompt, maxTokens = MAX_TOKENS, signal, onText }) {
        const pieces: string[] = []
        const stream = client.responses.stream(
          { model: MODEL, max_output_tokens: maxTokens, input: prompt },
          signal ? { signal } : {},
        )
        stream.on('response.output_text.delta', ({ delta }) => {
          pieces.push(delta)
          onText?.(delta)
        })
        const response = await stream.finalResponse()
        return {
          pieces,
          text: response.output_text,
          finish: response.status,
          inputTokens: response.usage?.input_tokens,
          outputTokens: response.usage?.output_tokens,
          model: response.model,
        }
      },
      async useTool(prompt) {
        let input: unknown
        let previous: string | undefined
        let next: ResponseInput = [{ role: 'user', content: prompt }]
        for (;;) {
          const response = await client.responses.create({
            model: MODEL,
            input: next,
            tools: [{ type: 'function', strict: true, ...WEATHER_TOOL }],
            ...(previous === undefined ? {} : { previous_response_id: previous }),
          })
          const calls = response.output.flatMap((item) => (item.type === 'function_call' ? [item] : []))
          if (calls.length === 0) return { text: response.output_text, input }
          input = JSON.parse(calls[0]?.arguments ?? '')
          previous = response.id
          next = calls.map(({ call_id }) => ({ type: 'function_call_output', call_id, output: WEATHER }))
        }
      },
    }
  },
}
