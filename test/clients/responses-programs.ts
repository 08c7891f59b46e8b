/**
 * Programs over the Responses API that go beyond what every library can do (library.ts): a stream that OpenAI's SDK puts
 * together, parsed forms, conversations and tools of agents. Each gets its own way to the server.
 */
import { createOpenAI } from '@ai-sdk/openai'
import {
  Agent,
  type AgentInputItem,
  tool as agentTool,
  OpenAIProvider,
  Runner,
  setTracingDisabled,
  user,
} from '@openai/agents'
import { generateObject, generateText, isStepCount, tool } from 'ai'
import OpenAI from 'openai'
import { zodTextFormat } from 'openai/helpers/zod'
import { ResponseStream } from 'openai/lib/responses/ResponseStream'
import * as z from 'zod'
import { WEATHER, WEATHER_TOOL } from './library.ts'

export type Fetch = typeof globalThis.fetch

const MODEL = 'gpt-5.2'
const BASE = 'http://localhost/v1'
const weatherSchema = z.object({ city: z.string() })

export function createClient(fetch: Fetch, apiKey: string): OpenAI {
  return new OpenAI({ baseURL: BASE, apiKey, fetch, maxRetries: 0 })
}

/** Returns what the SDK makes of the events of a stream. */
export async function accumulate(events: readonly unknown[]): Promise<unknown> {
  const lines = events.map((event) => `${JSON.stringify(event)}\n`).join('')
  return await ResponseStream.fromReadableStream(new Blob([lines]).stream()).finalResponse()
}

/** Returns what the SDK reads of an answer in the form of a city, at once and as a stream. */
export async function parseCity(client: OpenAI, input: string) {
  const text = { format: zodTextFormat(weatherSchema, 'city') }
  const parsed = await client.responses.parse({ model: MODEL, input, text })
  const streamed = await client.responses.stream({ model: MODEL, input, text }).finalResponse()
  return [parsed.output_parsed, streamed.output_parsed]
}

/** Runs an agent with the weather tool: a question, then one that goes on from it. Returns what it said. */
export async function runAgent(client: OpenAI, questions: readonly string[], store: boolean) {
  setTracingDisabled(true)
  const runner = new Runner({
    modelProvider: new OpenAIProvider({ openAIClient: client, useResponses: true }),
    tracingDisabled: true,
  })
  const weather = agentTool({
    name: WEATHER_TOOL.name,
    description: WEATHER_TOOL.description,
    parameters: weatherSchema,
    execute: () => WEATHER,
  })
  const agent = new Agent({ name: 'Assistant', model: MODEL, tools: [weather], modelSettings: { store } })
  const said: string[] = []
  let previousResponseId: string | undefined
  let history: AgentInputItem[] = []
  for (const question of questions) {
    const input = store ? question : [...history, user(question)]
    const options = previousResponseId !== undefined && store ? { previousResponseId } : {}
    const { finalOutput, lastResponseId, history: after } = await runner.run(agent, input, options)
    said.push(finalOutput ?? '')
    previousResponseId = lastResponseId
    history = after
  }
  return said
}

/** Lets the AI SDK use the weather tool, which refers to items that the server keeps unless it is told not to store. */
export async function runAiSdk(fetch: Fetch, apiKey: string, prompt: string, store: boolean) {
  const result = await generateText({
    model: createOpenAI({ baseURL: BASE, apiKey, fetch }).responses(MODEL),
    prompt,
    maxRetries: 0,
    stopWhen: isStepCount(3),
    providerOptions: { openai: { store, reasoningSummary: 'auto' } },
    tools: {
      [WEATHER_TOOL.name]: tool({
        description: WEATHER_TOOL.description,
        inputSchema: weatherSchema,
        execute: () => WEATHER,
      }),
    },
  })
  return { text: result.text, reasoning: result.steps[0]?.reasoningText, steps: result.steps.length }
}

/** Lets the AI SDK make an object. */
export async function makeObject(fetch: Fetch, apiKey: string, prompt: string): Promise<unknown> {
  const model = createOpenAI({ baseURL: BASE, apiKey, fetch }).responses(MODEL)
  return (await generateObject({ model, prompt, schema: weatherSchema, maxRetries: 0 })).object
}
