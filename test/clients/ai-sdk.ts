/**
 * Vercel's AI SDK with its providers that can be pointed at the router.
 */
import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, isStepCount, type LanguageModel, streamText, tool } from 'ai'
import * as z from 'zod'
import { type Connection, type Library, readSdkError, WEATHER, WEATHER_TOOL } from './library.ts'

const MAX_TOKENS = 64

export const aiSdkAnthropic = createLibrary({
  name: 'ai with @ai-sdk/anthropic',
  dialect: 'messages',
  // Without /v1 it asks for /messages: what happens where ANTHROPIC_BASE_URL was set for Claude Code.
  basePaths: ['/v1', ''],
  model: ({ url, apiKey }, basePath) =>
    createAnthropic({ baseURL: `${url}${basePath}`, apiKey })('claude-sonnet-5-5'),
})

export const aiSdkOpenAiCompatible = createLibrary({
  name: 'ai with @ai-sdk/openai-compatible',
  dialect: 'chat completions',
  basePaths: ['/v1', ''],
  model: ({ url, apiKey }, basePath) =>
    createOpenAICompatible({ name: 'router', baseURL: `${url}${basePath}`, apiKey, includeUsage: true })(
      'auto',
    ),
})

export const aiSdkOpenAi = createLibrary({
  name: 'ai with @ai-sdk/openai',
  dialect: 'responses',
  basePaths: ['/v1', ''],
  model: ({ url, apiKey }, basePath) =>
    createOpenAI({ baseURL: `${url}${basePath}`, apiKey }).responses('gpt-5.2'),
})

function createLibrary({
  name,
  dialect,
  basePaths,
  model: createModel,
}: Pick<Library, 'name' | 'dialect' | 'basePaths'> & {
  readonly model: (connection: Connection, basePath: string) => LanguageModel
}): Library {
  return {
    name,
    dialect,
    basePaths,
    finishes: { complete: 'stop', cut: 'length' },
    readError: readSdkError,
    connect(connection, basePath = '/v1') {
      const model = createModel(connection, basePath)
      return {
        async ask({ prompt, maxTokens = MAX_TOKENS }) {
          // Its own retries ignore x-should-retry and hide the error that is looked for.
          const result = await generateText({ model, prompt, maxOutputTokens: maxTokens, maxRetries: 0 })
          return {
            text: result.text,
            finish: result.finishReason,
            inputTokens: result.usage.inputTokens,
            outputTokens: result.usage.outputTokens,
            model: result.response.modelId,
          }
        },
        async stream({ prompt, maxTokens = MAX_TOKENS, signal, onText }) {
          const pieces: string[] = []
          let failure: unknown
          const result = streamText({
            model,
            prompt,
            maxOutputTokens: maxTokens,
            maxRetries: 0,
            ...(signal ? { abortSignal: signal } : {}),
            onError: ({ error }) => {
              failure = error
            },
          })
          for await (const text of result.textStream) {
            pieces.push(text)
            onText?.(text)
          }
          if (failure !== undefined) throw failure
          signal?.throwIfAborted()
          const usage = await result.usage
          return {
            pieces,
            text: await result.text,
            finish: await result.finishReason,
            inputTokens: usage.inputTokens,
            outputTokens: usage.outputTokens,
            model: (await result.response).modelId,
          }
        },
        async useTool(prompt) {
          let input: unknown
          const result = await generateText({
            model,
            prompt,
            maxRetries: 0,
            stopWhen: isStepCount(3),
            tools: {
              [WEATHER_TOOL.name]: tool({
                description: WEATHER_TOOL.description,
                inputSchema: z.object({ city: z.string() }),
                execute: (called) => {
                  input = called
                  return WEATHER
                },
              }),
            },
          })
          return { text: result.text, input }
        },
      }
    },
  }
}
