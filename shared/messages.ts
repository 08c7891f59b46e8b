/**
 * The Messages API as both sides must agree on it: a lenient schema of what comes in, the message that goes out.
 * Unknown fields are kept everywhere: the API grows every month. Does not judge what a model can serve.
 */
import * as z from 'zod/mini'
import { RouterError } from './errors.ts'
import { isPlainMessage, isPlainRequest } from './message-forms.ts'

const text = z.string({ error: 'must be a string' })

/** Any content block; only `type` is certain. `text` is read where it is a string. */
export const contentBlockSchema = z.looseObject(
  { type: text, text: z.optional(text) },
  { error: 'must be a content block, an object with a "type"' },
)

const contentSchema = z.union([text, z.array(contentBlockSchema)], {
  error: 'must be a string or an array of content blocks, each with a "type"',
})

const messageSchema = z.looseObject(
  {
    role: z.enum(['user', 'assistant', 'system'], { error: 'must be "user", "assistant" or "system"' }),
    content: contentSchema,
  },
  { error: 'must be an object with "role" and "content"' },
)

const MAX_TOKENS_ERROR = 'must be a whole number, 0 or more'
const finite = z.number({ error: 'must be a number' })

/** What routing and the container read of a request; everything else in it is kept as it came. */
export const messagesRequestSchema = z.looseObject(
  {
    model: z
      .string({ error: 'must be the name of a model, such as "auto"' })
      .check(
        z.minLength(1, { error: 'must not be empty' }),
        z.maxLength(256, { error: 'must be at most 256 characters' }),
      ),
    /** 0 fills Claude's prompt cache and answers nothing. */
    max_tokens: z.int({ error: MAX_TOKENS_ERROR }).check(z.minimum(0, { error: MAX_TOKENS_ERROR })),
    messages: z
      .array(messageSchema, { error: 'must be an array of messages' })
      .check(z.minLength(1, { error: 'must hold at least one message' })),
    system: z.nullish(contentSchema),
    stream: z.nullish(z.boolean({ error: 'must be true or false' })),
    stop_sequences: z.nullish(z.array(text, { error: 'must be an array of strings' })),
    temperature: z.nullish(finite),
    top_p: z.nullish(finite),
    top_k: z.nullish(finite),
    tools: z.nullish(z.array(z.unknown(), { error: 'must be an array of tools' })),
  },
  { error: 'The request body must be a JSON object.' },
)

export type ContentBlock = z.infer<typeof contentBlockSchema>
export type MessageParam = z.infer<typeof messageSchema>
export type MessagesRequest = z.infer<typeof messagesRequestSchema>

/** Token counts of an answer. `input_tokens` excludes what was read from or written to Claude's prompt cache. */
export const usageSchema = z.looseObject({
  input_tokens: z.nullish(z.number()),
  output_tokens: z.nullish(z.number()),
  cache_creation_input_tokens: z.nullish(z.number()),
  cache_read_input_tokens: z.nullish(z.number()),
})
export type Usage = z.infer<typeof usageSchema>

/** A complete answer. */
export const messageResponseSchema = z.looseObject({
  id: text,
  type: z.literal('message'),
  role: z.literal('assistant'),
  model: text,
  content: z.array(contentBlockSchema),
  stop_reason: z.nullable(text),
  stop_sequence: z.nullish(text),
  usage: usageSchema,
})
export type Message = z.infer<typeof messageResponseSchema>

/** Returns the answer that a parsed value is, or undefined where it is none. */
export function readMessage(value: unknown): Message | undefined {
  return isPlainMessage(value) ? value : messageResponseSchema.safeParse(value).data
}

/** From so many items on, a list is first looked at one by one: zod collects every complaint, however many there are. */
const MANY_ITEMS = 1_000
/** Enough to see what is wrong throughout; a message is read by people. */
const NAMED_ISSUES = 3
/** A message whose content is looked at by itself. */
const looseMessageSchema = z.extend(messageSchema, { content: z.unknown() })

/**
 * Checks a parsed body against the schema; very long lists only up to their first wrong item.
 * @throws {RouterError} `invalid_request` that names the first few wrong fields and says what each must be
 */
export function parseMessagesRequest(value: unknown): MessagesRequest {
  if (isPlainRequest(value)) return value
  checkLongLists(value)
  return check(messagesRequestSchema, value)
}

function checkLongLists(value: unknown): void {
  const body = z.looseObject({}).safeParse(value)
  if (!body.success) return
  const { messages, system, stop_sequences: stops } = body.data
  checkLongList(contentBlockSchema, system, ['system'])
  checkLongList(text, stops, ['stop_sequences'])
  if (!Array.isArray(messages)) return
  checkLongList(looseMessageSchema, messages, ['messages'])
  for (const [at, message] of messages.entries())
    if (typeof message === 'object' && message !== null && 'content' in message)
      checkLongList(contentBlockSchema, message.content, ['messages', at, 'content'])
}

function checkLongList(schema: z.ZodMiniType, list: unknown, path: readonly PropertyKey[]): void {
  if (!Array.isArray(list) || list.length <= MANY_ITEMS) return
  for (const [at, item] of list.entries()) check(schema, item, [...path, at])
}

function check<T extends z.ZodMiniType>(
  schema: T,
  value: unknown,
  path: readonly PropertyKey[] = [],
): z.infer<T> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const named = result.error.issues
    .slice(0, NAMED_ISSUES)
    .map((issue) => describeIssue({ path: [...path, ...issue.path], message: issue.message }))
  throw new RouterError('invalid_request', named.join('; '))
}

/** Returns one line such as `messages.0.role: must be "user", "assistant" or "system"`. */
export function describeIssue(issue: { path: PropertyKey[]; message: string } | undefined): string {
  if (issue === undefined) return 'The request is not valid.'
  const path = issue.path.map(String).join('.')
  return path === '' ? issue.message : `${path}: ${issue.message}`
}

/** Joins the text of a content field; blocks that are not text are left out. */
export function textOf(content: string | readonly ContentBlock[] | null | undefined): string {
  if (content === null || content === undefined) return ''
  if (typeof content === 'string') return content
  return content.flatMap((block) => (block.type === 'text' ? [block.text ?? ''] : [])).join('\n')
}

/** Says whether a content field holds text and nothing else. */
export function isTextOnly(content: string | readonly ContentBlock[] | null | undefined): boolean {
  return typeof content !== 'object' || content === null || content.every((block) => block.type === 'text')
}

/**
 * Returns a usage record with every field that clients expect.
 * @param inputTokens without those that were read from a cache
 */
export function createUsage(inputTokens: number, outputTokens: number, cacheReadTokens = 0): Usage {
  return {
    input_tokens: inputTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cacheReadTokens,
    output_tokens: outputTokens,
    service_tier: 'standard',
  }
}
