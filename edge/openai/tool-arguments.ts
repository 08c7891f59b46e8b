/**
 * Arguments of tool calls in answers: OpenAI's clients get them as JSON text, with the digits that the model wrote.
 */
import * as z from 'zod/mini'
import type { Message } from '../../shared/messages.ts'
import { parseExact } from './exact-json.ts'

const exactAnswerSchema = z.looseObject({
  content: z.array(z.looseObject({ input: z.optional(z.unknown()) })),
})

/**
 * Returns `message` with the inputs of its tool calls read exactly.
 * @param json the answer as it came
 */
export function withExactInputs(message: Message, json: string): Message {
  if (!message.content.some((block) => block.type === 'tool_use')) return message
  const exact = exactAnswerSchema.safeParse(parseExact(json))
  if (!exact.success) return message
  return {
    ...message,
    content: message.content.map((block, at) =>
      block.type === 'tool_use' ? { ...block, input: exact.data.content[at]?.input } : block,
    ),
  }
}

/** Returns arguments as JSON text; an input that could not be parsed is passed on as the model wrote it. */
export function toArguments(input: unknown): string {
  return typeof input === 'string' ? input : JSON.stringify(input ?? {})
}
