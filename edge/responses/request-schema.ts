/**
 * OpenAI's Responses request as far as it is translated: a lenient schema that keeps unknown fields. Items of `input` are
 * read one by one in input-items.ts; what a parameter means is messages-request.ts's and parameters.ts's affair.
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

const HOSTED =
  'hosted tools (web search, file search, computer use, code interpreter, MCP, shells) run at OpenAI and are not offered here. Leave the tool out, describe it as a function that your program runs, or use a server tool of Claude through POST /v1/messages'

const functionTool = z.looseObject(
  {
    type: z.literal('function', {
      error: ({ input }) =>
        input === 'custom'
          ? 'must be "function"; custom (free-form) tools are not offered. Describe the tool as a function with one string parameter'
          : `must be "function"; ${HOSTED}`,
    }),
    name,
    description: z.nullish(text),
    parameters: z.nullish(jsonObject),
    strict: flag,
    cache_control: cacheControl,
  },
  { error: 'must be a tool object' },
)

const namedFunction = z.looseObject({ type: z.literal('function'), name })
const toolChoice = z.union(
  [
    z.enum(['auto', 'none', 'required']),
    namedFunction,
    z.looseObject({
      type: z.literal('allowed_tools'),
      mode: z.enum(['auto', 'required']),
      tools: listOf(namedFunction, 'must be an array'),
    }),
  ],
  { error: 'must be "auto", "none", "required", a function by name, or "allowed_tools" with functions' },
)

const textFormat = z.discriminatedUnion(
  'type',
  [
    z.looseObject({ type: z.literal('text') }),
    z.looseObject({ type: z.literal('json_object') }),
    z.looseObject({
      type: z.literal('json_schema'),
      name: z.nullish(text),
      schema: jsonObject,
      strict: flag,
    }),
  ],
  { error: 'must be "text", "json_object" or "json_schema"' },
)

const textSettings = z.looseObject(
  { format: z.nullish(textFormat) },
  { error: 'must be an object such as {"format": {"type": "text"}}' },
)

const SUMMARY = 'must be "auto", "concise" or "detailed"'
const summary = z.nullish(z.enum(['auto', 'concise', 'detailed'], { error: SUMMARY }))
const reasoning = z.looseObject(
  { effort, summary, generate_summary: summary },
  { error: 'must be an object such as {"effort": "low"}' },
)

const METADATA =
  'must be an object of at most 16 strings, each of at most 512 characters under a name of at most 64'
const metadata = z
  .record(z.string(), z.string({ error: METADATA }).check(z.maxLength(512, { error: METADATA })), {
    error: METADATA,
  })
  .check(
    z.refine(
      (labels) => {
        const names = Object.keys(labels)
        return names.length <= 16 && names.every((name) => name.length <= 64)
      },
      { error: METADATA },
    ),
  )

const INPUT = 'must be a string or an array of items'
const inputItem = z.looseObject({ type: z.nullish(text) }, { error: 'must be an item, an object' })

export const responsesRequestSchema = z.looseObject(
  {
    model: name,
    input: z.union([text, listOf(inputItem, INPUT).check(z.minLength(1, { error: 'must not be empty' }))], {
      error: (issue) => (issue.code === 'invalid_union' && issue.errors.at(-1)?.[0]?.message) || INPUT,
    }),
    instructions: z.nullish(text),
    stream: flag,
    store: flag,
    previous_response_id: z.nullish(text),
    max_output_tokens: wholeNumber(1, 'must be a whole number of at least 1'),
    temperature: numberBetween(0, 2),
    top_p: numberBetween(0, 1),
    tools: z.nullish(listOf(functionTool, 'must be an array of tools')),
    tool_choice: z.nullish(toolChoice),
    parallel_tool_calls: flag,
    text: z.nullish(textSettings),
    reasoning: z.nullish(reasoning),
    include: z.nullish(z.array(text, { error: 'must be an array of strings' })),
    top_logprobs: topLogprobs,
    truncation: z.nullish(z.enum(['auto', 'disabled'], { error: 'must be "auto" or "disabled"' })),
    metadata: z.nullish(metadata),
    user: identity,
    safety_identifier: identity,
    cache_control: cacheControl,
  },
  { error: 'The request body must be a JSON object.' },
)

/** What the translation reads, by the place where it stands; the rest is unknown here. */
export const FIELDS_OF_REQUESTS = fieldsOf(responsesRequestSchema)
export const FIELDS_OF_TOOLS = fieldsOf(functionTool)
export const FIELDS_OF_TEXT = fieldsOf(textSettings)
export const FIELDS_OF_REASONING = fieldsOf(reasoning)

export type ResponsesRequest = z.infer<typeof responsesRequestSchema>
export type RawItem = z.infer<typeof inputItem>

/** Returns the parsed body as the schema reads it. @throws {RouterError} `invalid_request` that names the field */
export function parseResponsesRequest(value: unknown): ResponsesRequest {
  return parseRequest(responsesRequestSchema, value, {
    conversation: 'input',
    elsewhere: 'messages',
    advice: '"messages" belong to POST /v1/chat/completions; here they are "input".',
  })
}
