/**
 * The response object of OpenAI's Responses API and its items: their shapes, their ids, and what of the request they
 * repeat. Does not translate answers: event-translator.ts does.
 */
import type { Usage } from '../../shared/messages.ts'
import type { LogprobEntry } from '../openai/logprobs.ts'
import { tokenCounts } from '../openai/token-counts.ts'
import type { ResponsesRequest } from './request-schema.ts'

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete'

export type OutputText = {
  readonly type: 'output_text'
  readonly text: string
  readonly annotations: readonly never[]
  readonly logprobs: readonly LogprobEntry[]
}
export type Refusal = { readonly type: 'refusal'; readonly refusal: string }
export type SummaryText = { readonly type: 'summary_text'; readonly text: string }

export type MessageItem = {
  readonly type: 'message'
  readonly id: string
  readonly status: ItemStatus
  readonly role: 'assistant'
  readonly content: readonly (OutputText | Refusal)[]
}
export type FunctionCallItem = {
  readonly type: 'function_call'
  readonly id: string
  readonly status: ItemStatus
  readonly call_id: string
  readonly name: string
  readonly arguments: string
}
export type ReasoningItem = {
  readonly type: 'reasoning'
  readonly id: string
  readonly summary: readonly SummaryText[]
  readonly encrypted_content?: string
}
export type OutputItem = MessageItem | FunctionCallItem | ReasoningItem

export type ResponseStatus = 'in_progress' | 'completed' | 'incomplete' | 'failed'

export type ResponseError = { readonly code: string; readonly message: string }

export type ResponseUsage = {
  readonly input_tokens: number
  readonly input_tokens_details: { readonly cached_tokens: number; readonly cache_write_tokens: number }
  readonly output_tokens: number
  readonly output_tokens_details: { readonly reasoning_tokens: number }
  readonly total_tokens: number
}

/** What is the same in a response from its first event to its last. */
export type ResponseFrame = {
  readonly id: string
  readonly object: 'response'
  /** Unix time in seconds. */
  readonly created_at: number
  readonly store: boolean
  readonly [echo: string]: unknown
}

export type ResponseObject = ResponseFrame & {
  readonly status: ResponseStatus
  readonly completed_at: number | null
  readonly model: string
  readonly output: readonly OutputItem[]
  readonly error: ResponseError | null
  readonly incomplete_details: { readonly reason: 'max_output_tokens' | 'content_filter' } | null
  readonly usage: ResponseUsage | null
}

/** Returns the id of the response to a request. */
export function responseId(requestId: string): string {
  return requestId.replace(/^req_/, 'resp_')
}

/** How an item of each type begins its id. */
const PREFIXES: Readonly<Record<string, string>> = {
  message: 'msg',
  function_call: 'fc',
  function_call_output: 'fco',
  reasoning: 'rs',
}

/** `input` marks items that came with the request. */
const ITEM_ID = /^[a-z]+_([0-9a-f]{32})_(?:in)?\d+$/

/** Returns the id of an item: it names its response, so that the item is found without an index. */
export function itemId(response: string, type: string, position: string | number): string {
  return `${PREFIXES[type] ?? 'item'}_${response.replace(/^resp_/, '')}_${position}`
}

/** Returns the response that an item with this id belongs to; undefined for an id that is none of ours. */
export function responseOfItem(id: string): string | undefined {
  const response = ITEM_ID.exec(id)?.[1]
  return response === undefined ? undefined : `resp_${response}`
}

/** Returns the frame: what OpenAI repeats of a request, with its defaults where the client said nothing. */
export function createFrame(
  request: ResponsesRequest,
  { id, createdAt, store }: { readonly id: string; readonly createdAt: number; readonly store: boolean },
): ResponseFrame {
  const { text, reasoning } = request
  return {
    id,
    object: 'response',
    created_at: createdAt,
    access_programs: null,
    background: false,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: null,
    metadata: request.metadata ?? {},
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    reasoning: { effort: reasoning?.effort ?? null, summary: reasoning?.summary ?? null },
    safety_identifier: request.safety_identifier ?? null,
    service_tier: 'default',
    store,
    temperature: request.temperature ?? null,
    text: { ...text, format: text?.format ?? { type: 'text' } },
    tool_choice: request.tool_choice ?? 'auto',
    tools: (request.tools ?? []).map((tool) => ({
      ...tool,
      parameters: tool.parameters ?? null,
      strict: tool.strict ?? false,
    })),
    top_logprobs: request.top_logprobs ?? 0,
    top_p: request.top_p ?? null,
    truncation: 'disabled',
    ...(request.user ? { user: request.user } : {}),
  }
}

/** Returns OpenAI's counts, in tokens. */
export function toResponseUsage(usage: Usage): ResponseUsage {
  const { input, cached, cacheWrite, output, reasoning } = tokenCounts(usage)
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached, cache_write_tokens: cacheWrite },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  }
}

/** Returns the item as clients see it that did not ask for what Claude wants back. */
export function withoutEncryptedContent(item: OutputItem): OutputItem {
  if (item.type !== 'reasoning') return item
  const { encrypted_content: _, ...shown } = item
  return shown
}
