/**
 * OpenAI's Agents SDK over the Responses API.
 */
import { Agent, type ModelResponse, OpenAIProvider, Runner, setTracingDisabled, tool } from '@openai/agents'
import OpenAI from 'openai'
import * as z from 'zod'
import { type Library, readSdkError, WEATHER, WEATHER_TOOL } from './library.ts'

const MODEL = 'gpt-5.2'
const MAX_TOKENS = 256

// Traces would be sent to OpenAI.
setTracingDisabled(true)

export const openAiAgents: Library = {
  name: '@openai/agents',
  dialect: 'responses',
  basePaths: ['/v1'],
  // It throws what is not complete.
  finishes: { complete: 'completed', cut: undefined },
  readError: readSdkError,
  connect({ url, apiKey }, basePath = '/v1') {
    const openAIClient = new OpenAI({ baseURL: `${url}${basePath}`, apiKey })
    const runner = new Runner({
      modelProvider: new OpenAIProvider({ openAIClient, useResponses: true }),
      tracingDisabled: true,
    })
    const agent = (maxTokens: number) =>
      new Agent({ name: 'Assistant', model: MODEL, modelSettings: { maxTokens } })
    return {
      async ask({ prompt, maxTokens = MAX_TOKENS }) {
        return read(await runner.run(agent(maxTokens), prompt))
      },
      async stream({ prompt, maxTokens = MAX_TOKENS, signal, onText }) {
        const pieces: string[] = []
        let told: unknown
        const result = await runner.run(agent(maxTokens), prompt, {
          stream: true,
          ...(signal ? { signal } : {}),
        })
        for await (const event of result) {
          if (event.type !== 'raw_model_stream_event') continue
          // Of a stream's response the result keeps less than its last event tells.
          if (event.data.type === 'response_done') told = event.data.response.providerData
          if (event.data.type !== 'output_text_delta') continue
          pieces.push(event.data.delta)
          onText?.(event.data.delta)
        }
        await result.completed
        signal?.throwIfAborted()
        return { pieces, ...read(result, told) }
      },
      async useTool(prompt) {
        let input: unknown
        const weather = tool({
          name: WEATHER_TOOL.name,
          description: WEATHER_TOOL.description,
          parameters: z.object({ city: z.string() }),
          execute: (called) => {
            input = called
            return WEATHER
          },
        })
        const result = await runner.run(
          new Agent({ name: 'Assistant', model: MODEL, tools: [weather] }),
          prompt,
        )
        return { text: result.finalOutput ?? '', input }
      },
    }
  },
}

type Finished = { readonly rawResponses: readonly ModelResponse[]; readonly finalOutput?: unknown }

function read({ rawResponses, finalOutput }: Finished, last?: unknown) {
  const response = rawResponses.at(-1)
  const told = z
    .object({ status: z.string(), model: z.string() })
    .partial()
    .parse(last ?? response?.providerData ?? {})
  return {
    text: typeof finalOutput === 'string' ? finalOutput : '',
    finish: told.status,
    inputTokens: response?.usage.inputTokens,
    outputTokens: response?.usage.outputTokens,
    model: told.model,
  }
}
