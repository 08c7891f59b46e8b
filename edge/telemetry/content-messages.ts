/**
 * Kept content as messages in the form of OpenTelemetry's GenAI conventions (gen-ai-input-messages.json and
 * gen-ai-output-messages.json). Only reshapes what the receipt holds: whether it may hold it, and what of it, is decided
 * where it is made.
 */
import * as z from 'zod/mini'
import type { ReceiptRecord } from '../ledger/receipt-record.ts'

type Content = NonNullable<ReceiptRecord['content']>
type Part = Readonly<Record<string, unknown>> & { readonly type: string }

export type ContentMessages = {
  /** JSON texts; undefined where there is nothing to say. */
  readonly system: string | undefined
  readonly input: string | undefined
  readonly output: string | undefined
}

const blockSchema = z.looseObject({ type: z.string() })
const contentSchema = z.nullish(z.union([z.string(), z.array(blockSchema)]))
const requestSchema = z.looseObject({
  system: contentSchema,
  messages: z.array(z.looseObject({ role: z.string(), content: contentSchema })),
})

/** Returns the messages of a receipt's content. A text that was cut, and so is no JSON, is given as it is. */
export function contentMessages(content: Content, finishReason: string): ContentMessages {
  const request = read(requestSchema, content.request)
  const answer = read(contentSchema, content.answer)
  const isEmpty = answer === null || (Array.isArray(answer) && answer.length === 0)
  const spoken = answer === undefined ? [asText(content.answer)] : partsOf(answer)
  const system = partsOf(request?.system)
  return {
    system: system.length === 0 ? undefined : JSON.stringify(system),
    input: JSON.stringify(
      request === undefined
        ? [{ role: 'user', parts: [asText(content.request)] }]
        : request.messages.map(({ role, content: said }) => ({ role, parts: partsOf(said) })),
    ),
    output: isEmpty
      ? undefined
      : JSON.stringify([{ role: 'assistant', parts: spoken, finish_reason: finishReason }]),
  }
}

function partsOf(content: z.infer<typeof contentSchema>): readonly Part[] {
  if (content === null || content === undefined) return []
  return typeof content === 'string' ? [asText(content)] : content.map(partOf)
}

/** Blocks that the conventions know none of stay what they are: readers take parts of any type. */
function partOf(block: z.infer<typeof blockSchema>): Part {
  switch (block.type) {
    case 'text':
      return asText(block.text)
    case 'thinking':
      return { type: 'reasoning', content: block.thinking }
    case 'tool_use':
      return { type: 'tool_call', id: block.id, name: block.name, arguments: block.input }
    case 'tool_result':
      return { type: 'tool_call_response', id: block.tool_use_id, response: block.content }
    default:
      return block
  }
}

function asText(content: unknown): Part {
  return { type: 'text', content }
}

function read<T extends z.ZodMiniType>(schema: T, json: string): z.infer<T> | undefined {
  try {
    return schema.safeParse(JSON.parse(json)).data
  } catch {
    return undefined
  }
}
