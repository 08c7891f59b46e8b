/**
 * Items of `input` and of stored responses as the translation reads them: messages, function calls, their outputs,
 * reasoning. Says of every other item what to do instead. Does not translate contents.
 */
import * as z from 'zod/mini'
import { RouterError } from '../../shared/errors.ts'
import { describeIssue } from '../../shared/messages.ts'
import { cacheControl, listOf, name, text } from '../openai/schema-pieces.ts'
import type { RawItem } from './request-schema.ts'

const part = z.looseObject({ type: text }, { error: 'must be a content part, an object with a "type"' })
const content = z.union([z.string(), listOf(part, 'must be an array')], {
  error: 'must be a string or an array of content parts, each with a "type"',
})

const message = z.looseObject({
  role: z.enum(['user', 'assistant', 'system', 'developer'], {
    error: 'must be "user", "assistant", "system" or "developer"',
  }),
  content,
  cache_control: cacheControl,
})
const functionCall = z.looseObject({ call_id: name, name, arguments: text, cache_control: cacheControl })
const functionCallOutput = z.looseObject({ call_id: name, output: content, cache_control: cacheControl })
const NO_MARK = 'Claude takes no mark on what it thought. Mark the item after it, or leave the mark out'
const reasoning = z.looseObject({
  id: z.nullish(text),
  encrypted_content: z.nullish(text),
  cache_control: z.nullish(z.never({ error: NO_MARK })),
})

export type ItemContent = z.infer<typeof content>
export type InputItem =
  | ({ readonly kind: 'message' } & z.infer<typeof message>)
  | ({ readonly kind: 'function_call' } & z.infer<typeof functionCall>)
  | ({ readonly kind: 'function_call_output' } & z.infer<typeof functionCallOutput>)
  | ({ readonly kind: 'reasoning' } & z.infer<typeof reasoning>)

/**
 * Reads one item.
 * @param path where it stands, for messages such as `input.0.call_id: must be a string`
 * @throws {RouterError} `invalid_request` for an item that cannot be translated
 */
export function readItem(item: RawItem, path: string): InputItem {
  const type = item.type ?? ('role' in item ? 'message' : undefined)
  switch (type) {
    case 'message':
      return { kind: type, ...check(message, item, path) }
    case 'function_call':
      return { kind: type, ...check(functionCall, item, path) }
    case 'function_call_output':
      return { kind: type, ...check(functionCallOutput, item, path) }
    case 'reasoning':
      return { kind: type, ...check(reasoning, item, path) }
    default:
      throw new RouterError(
        'invalid_request',
        `${path}.type: must be "message", "function_call", "function_call_output", "reasoning" or "item_reference"; items of hosted and custom tools are not offered. Leave the item out, or say in a message what it held.`,
      )
  }
}

function check<T>(schema: z.ZodMiniType<T>, item: RawItem, path: string): T {
  const result = schema.safeParse(item)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new RouterError(
    'invalid_request',
    describeIssue(issue && { path: [path, ...issue.path], message: issue.message }),
  )
}
