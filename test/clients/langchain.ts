/**
 * LangChain's chat models for each dialect.
 */
import { ChatAnthropic } from '@langchain/anthropic'
import { AIMessageChunk, type BaseMessage, HumanMessage, ToolMessage } from '@langchain/core/messages'
import { ChatOpenAI } from '@langchain/openai'
import { type Connection, type Library, readSdkError, WEATHER, WEATHER_TOOL } from './library.ts'

const MAX_TOKENS = 64

type ChatModel = ChatAnthropic | ChatOpenAI
type CreateModel = (connection: Connection, basePath: string, maxTokens: number) => ChatModel

export const langChainAnthropic = createLibrary({
  name: '@langchain/anthropic',
  dialect: 'messages',
  basePaths: [''],
  finishes: { complete: 'end_turn', cut: 'max_tokens' },
  model: ({ url, apiKey }, basePath, maxTokens) =>
    new ChatAnthropic({
      model: 'claude-sonnet-5-5',
      anthropicApiUrl: `${url}${basePath}`,
      apiKey,
      maxTokens,
      maxRetries: 0,
    }),
})

export const langChainOpenAi = createLibrary({
  name: '@langchain/openai',
  dialect: 'chat completions',
  basePaths: ['/v1', ''],
  finishes: { complete: 'stop', cut: 'length' },
  model: ({ url, apiKey }, basePath, maxTokens) =>
    new ChatOpenAI({
      model: 'gpt-4o',
      configuration: { baseURL: `${url}${basePath}` },
      apiKey,
      maxTokens,
      maxRetries: 0,
    }),
})

export const langChainResponses = createLibrary({
  name: '@langchain/openai responses',
  dialect: 'responses',
  basePaths: ['/v1', ''],
  finishes: { complete: 'completed', cut: 'incomplete' },
  model: ({ url, apiKey }, basePath, maxTokens) =>
    new ChatOpenAI({
      model: 'gpt-5.2',
      useResponsesApi: true,
      configuration: { baseURL: `${url}${basePath}` },
      apiKey,
      maxTokens,
      maxRetries: 0,
    }),
})

function createLibrary({
  model: createModel,
  ...library
}: Pick<Library, 'name' | 'dialect' | 'basePaths' | 'finishes'> & { readonly model: CreateModel }): Library {
  return {
    ...library,
    readError: readSdkError,
    connect(connection, basePath = library.basePaths[0] ?? '') {
      const create = (maxTokens = MAX_TOKENS) => createModel(connection, basePath, maxTokens)
      return {
        ask: async ({ prompt, maxTokens }) => toAnswer(await create(maxTokens).invoke(prompt)),
        async stream({ prompt, maxTokens, signal, onText }) {
          const pieces: string[] = []
          let whole: AIMessageChunk | undefined
          for await (const chunk of await create(maxTokens).stream(prompt, signal ? { signal } : {})) {
            if (!(chunk instanceof AIMessageChunk)) continue
            whole = whole === undefined ? chunk : whole.concat(chunk)
            if (chunk.text === '') continue
            pieces.push(chunk.text)
            onText?.(chunk.text)
          }
          if (whole === undefined) throw new Error('the stream was empty')
          return { ...toAnswer(whole), pieces }
        },
        async useTool(prompt) {
          const model = create().bindTools([{ type: 'function', function: WEATHER_TOOL }])
          const messages: BaseMessage[] = [new HumanMessage(prompt)]
          let input: unknown
          for (;;) {
            const message = await model.invoke(messages)
            const call = message.tool_calls?.[0]
            if (call === undefined) return { input, text: message.text }
            input = call.args
            messages.push(message, new ToolMessage({ tool_call_id: call.id ?? '', content: WEATHER }))
          }
        },
      }
    },
  }
}

/** What both a whole message and a merged stream have, whatever their type parameters. */
type Read = {
  readonly text: string
  readonly response_metadata: Readonly<Record<string, unknown>>
  readonly additional_kwargs: Readonly<Record<string, unknown>>
  readonly usage_metadata?: { readonly input_tokens: number; readonly output_tokens: number } | undefined
}

function toAnswer({
  text,
  response_metadata: metadata,
  additional_kwargs: extra,
  usage_metadata: usage,
}: Read) {
  const finish = metadata.stop_reason ?? metadata.finish_reason ?? metadata.status ?? extra.stop_reason
  const model = metadata.model_name ?? metadata.model ?? extra.model
  return {
    text,
    finish: typeof finish === 'string' ? finish : undefined,
    inputTokens: usage?.input_tokens,
    outputTokens: usage?.output_tokens,
    model: typeof model === 'string' ? model : undefined,
  }
}
