/**
 * OpenAI's chat completions request as far as it is translated: a lenient schema that keeps unknown fields. Does not
 * decide what a parameter means for a Messages request; parameters.ts, unknown-fields.ts and messages-request.ts do.
 */
import * as z from 'zod/mini'
import { parseRequest } from '../openai/parse-request.ts'
import {
  cacheControl,
  effort,
  fieldsOf,
  flag,
  identity,
  jsonObject,
  listOf,
  name,
  numberBetween,
  text,
  topLogprobs,
  wholeNumber,
} from '../openai/schema-pieces.ts'

const partSchema = z.looseObject({ type: text })
const contentSchema = z.union([z.string(), listOf(partSchema, 'must be an array')], {
  error: 'must be a string or an array of content parts, each with a "type"',
})

/** A free-form tool takes any text; a tool of Claude's takes JSON. */
const NO_CUSTOM_TOOLS =
  'custom (free-form) tools are not offered. Describe the tool as a function with one string parameter'

const functionCallSchema = z.looseObject(
  { name, arguments: text },
  { error: 'must be an object with "name" and "arguments"' },
)
const toolCallSchema = z.looseObject(
  {
    id: name,
    type: z.nullish(z.literal('function', { error: `must be "function"; ${NO_CUSTOM_TOOLS}` })),
    function: functionCallSchema,
    cache_control: cacheControl,
  },
  { error: 'must be a tool call' },
)

const speaker = z.nullish(text)

const systemMessage = z.looseObject({
  role: z.literal(['system', 'developer']),
  content: contentSchema,
  name: speaker,
  cache_control: cacheControl,
})
const userMessage = z.looseObject({
  role: z.literal('user'),
  content: contentSchema,
  name: speaker,
  cache_control: cacheControl,
})
const assistantMessage = z.looseObject({
  role: z.literal('assistant'),
  content: z.nullish(contentSchema),
  refusal: z.nullish(text),
  tool_calls: z.nullish(listOf(toolCallSchema, 'must be an array of tool calls')),
  function_call: z.nullish(functionCallSchema),
  cache_control: cacheControl,
})
const toolMessage = z.looseObject({
  role: z.literal('tool'),
  content: contentSchema,
  tool_call_id: name,
  cache_control: cacheControl,
})
const functionMessage = z.looseObject({
  role: z.literal('function'),
  content: z.nullish(contentSchema),
  name,
})

const messageSchema = z.discriminatedUnion(
  'role',
  [systemMessage, userMessage, assistantMessage, toolMessage, functionMessage],
  {
    error: (issue) =>
      issue.code === 'invalid_union'
        ? 'must be "system", "developer", "user", "assistant", "tool" or "function"'
        : 'must be a message object',
  },
)

const functionSchema = z.looseObject(
  {
    name,
    description: z.nullish(text),
    parameters: z.nullish(jsonObject),
    strict: flag,
    cache_control: cacheControl,
  },
  { error: 'must be an object with a "name"' },
)
const toolSchema = z.looseObject(
  {
    type: z.literal('function', {
      error: ({ input }) =>
        input === 'custom'
          ? `must be "function"; ${NO_CUSTOM_TOOLS}`
          : 'must be "function"; hosted tools are not offered here',
    }),
    function: functionSchema,
    cache_control: cacheControl,
  },
  { error: 'must be a tool object' },
)

const namedFunctionSchema = z.looseObject({ type: z.literal('function'), function: z.looseObject({ name }) })
const allowedToolsSchema = z.looseObject({
  type: z.literal('allowed_tools'),
  allowed_tools: z.looseObject({
    mode: z.enum(['auto', 'required']),
    tools: listOf(namedFunctionSchema, 'must be an array'),
  }),
})

const responseFormatSchema = z.discriminatedUnion(
  'type',
  [
    z.looseObject({ type: z.literal('text') }),
    z.looseObject({ type: z.literal('json_object') }),
    z.looseObject({
      type: z.literal('json_schema'),
      json_schema: z.looseObject(
        { schema: jsonObject, strict: flag },
        { error: 'must be an object with a "schema"' },
      ),
    }),
  ],
  { error: 'must be "text", "json_object" or "json_schema"' },
)

export const chatCompletionRequestSchema = z.looseObject(
  {
    model: name,
    messages: listOf(messageSchema, 'must be an array of messages').check(
      z.minLength(1, { error: 'must hold at least one message' }),
    ),
    stream: flag,
    stream_options: z.nullish(
      z.looseObject({ include_usage: flag }, { error: 'must be an object such as {"include_usage": true}' }),
    ),
    max_tokens: wholeNumber(1, 'must be a whole number of at least 1'),
    max_completion_tokens: wholeNumber(1, 'must be a whole number of at least 1'),
    stop: z.nullish(
      z.union([z.string(), listOf(z.string(), 'must be an array')], {
        error: 'must be a string or an array of strings',
      }),
    ),
    temperature: numberBetween(0, 2),
    top_p: numberBetween(0, 1),
    top_k: wholeNumber(0, 'must be a whole number of at least 0'),
    thinking: z.nullish(
      z.looseObject({ type: text }, { error: 'must be an object such as {"type": "adaptive"}' }),
    ),
    cache_control: cacheControl,
    tools: z.nullish(listOf(toolSchema, 'must be an array of tools')),
    tool_choice: z.nullish(
      z.union([z.enum(['auto', 'none', 'required']), namedFunctionSchema, allowedToolsSchema], {
        error: 'must be "auto", "none", "required", a function by name, or "allowed_tools"',
      }),
    ),
    parallel_tool_calls: flag,
    functions: z.nullish(listOf(functionSchema, 'must be an array of functions')),
    function_call: z.nullish(
      z.union([z.enum(['auto', 'none']), z.looseObject({ name })], {
        error: 'must be "auto", "none" or a function by name',
      }),
    ),
    response_format: z.nullish(responseFormatSchema),
    reasoning_effort: effort,
    logprobs: flag,
    top_logprobs: topLogprobs,
    user: identity,
    safety_identifier: identity,
  },
  { error: 'The request body must be a JSON object.' },
)

/** What the translation reads, by the place where it stands; the rest is unknown here. */
export const FIELDS_OF_REQUESTS = fieldsOf(chatCompletionRequestSchema)
export const FIELDS_OF_MESSAGES: Readonly<Record<ChatMessage['role'], ReadonlySet<string>>> = {
  system: fieldsOf(systemMessage),
  developer: fieldsOf(systemMessage),
  user: fieldsOf(userMessage),
  assistant: fieldsOf(assistantMessage),
  // Older clients name the tool once more.
  tool: new Set([...fieldsOf(toolMessage), 'name']),
  function: fieldsOf(functionMessage),
}
export const FIELDS_OF_PARTS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  ['text', 'refusal', 'image_url', 'file'].map((type) => [type, new Set(['type', type, 'cache_control'])]),
)
export const FIELDS_OF_TOOLS = { tool: fieldsOf(toolSchema), function: fieldsOf(functionSchema) }

export type ChatCompletionRequest = z.infer<typeof chatCompletionRequestSchema>
export type ChatMessage = z.infer<typeof messageSchema>
export type ChatContent = z.infer<typeof contentSchema>

/** Returns the parsed body as the schema reads it. @throws {RouterError} `invalid_request` that names the field */
export function parseChatCompletionRequest(value: unknown): ChatCompletionRequest {
  return parseRequest(chatCompletionRequestSchema, value, {
    conversation: 'messages',
    elsewhere: 'input',
    advice: '"input" belongs to POST /v1/responses; here it is "messages".',
  })
}
