/**
 * A Messages stream as chat completion chunks, one event at a time. Owns the order that OpenAI's clients expect:
 * role first, finish reason once and at the end, usage last, then `[DONE]`, which never follows an error.
 * Does not write bytes: sse-frames.ts encodes.
 */
import { RouterError } from '../../shared/errors.ts'
import type { StreamEvent } from '../../shared/events.ts'
import type { Usage } from '../../shared/messages.ts'
import { logprobOf } from '../openai/logprobs.ts'
import { type OpenAiErrorBody, toOpenAiError } from '../openai/openai-error.ts'
import type { ParameterNames } from '../openai/parameter-names.ts'
import { refusalText } from '../openai/refusal.ts'
import { toArguments } from '../openai/tool-arguments.ts'
import {
  type ChatCompletionOptions,
  type CompletionUsage,
  type FinishReason,
  type Logprobs,
  toCompletionUsage,
  toFinishReason,
} from './chat-completion.ts'

type ToolCallDelta = {
  readonly index: number
  readonly id?: string
  readonly type?: 'function'
  readonly function: { readonly name?: string; readonly arguments: string }
}

type ChunkDelta = {
  readonly role?: 'assistant'
  readonly content?: string
  readonly refusal?: string
  readonly tool_calls?: readonly ToolCallDelta[]
  readonly function_call?: { readonly name?: string; readonly arguments: string }
}

type ChunkChoice = {
  readonly index: 0
  readonly delta: ChunkDelta
  readonly logprobs: Logprobs | null
  readonly finish_reason: FinishReason | null
}

export type ChatCompletionChunk = {
  readonly id: string
  readonly object: 'chat.completion.chunk'
  readonly created: number
  readonly model: string
  readonly choices: readonly ChunkChoice[]
  /** Only where usage was asked for: null on every chunk but the last. */
  readonly usage?: CompletionUsage | null
}

export type CompletionStreamItem = ChatCompletionChunk | OpenAiErrorBody | '[DONE]'

export type ChunkTranslatorOptions = Omit<ChatCompletionOptions, 'logprobs'> & {
  /** What errors call the request's fields. */
  readonly names?: ParameterNames
  /** Whether a last chunk carries the usage. */
  readonly includeUsage?: boolean
  /** Whether chunks carry the log-probabilities that the local model reports. */
  readonly logprobs?: boolean
}

export type ChunkTranslator = {
  /** Takes the next event; returns what it adds to the stream. After `[DONE]` or an error nothing is added any more. */
  readonly push: (event: StreamEvent) => CompletionStreamItem[]
  /** Call when no more events come: an error if the answer is not complete. */
  readonly end: () => CompletionStreamItem[]
  /** Call when reading failed: the error in OpenAI's form, unless the stream has ended before. */
  readonly fail: (error: unknown) => CompletionStreamItem[]
}

type OpenTool = { readonly position: number; readonly input: unknown; written: boolean }

/** Returns a translator for one answer. */
export function createChunkTranslator(options: ChunkTranslatorOptions): ChunkTranslator {
  const { legacyFunctions = false, includeUsage = false } = options
  let model = ''
  let usage: Usage = {}
  let stopReason: string | null = null
  let stopDetails: unknown
  let toolCount = 0
  const openTools = new Map<number, OpenTool>()
  let ended = false

  const chunk = (choices: readonly ChunkChoice[], finalUsage?: CompletionUsage): ChatCompletionChunk => ({
    id: options.id,
    object: 'chat.completion.chunk',
    created: options.created,
    model,
    choices,
    ...(includeUsage ? { usage: finalUsage ?? null } : {}),
  })
  const delta = (content: ChunkDelta, logprobs: Logprobs | null = null, finish: FinishReason | null = null) =>
    chunk([{ index: 0, delta: content, logprobs, finish_reason: finish }])

  const toolDelta = (position: number, json: string, start?: { id: string; name: string }): ChunkDelta => {
    if (legacyFunctions) return { function_call: { ...(start ? { name: start.name } : {}), arguments: json } }
    const called = { ...(start ? { name: start.name } : {}), arguments: json }
    const opening = start ? { id: start.id, type: 'function' as const } : {}
    return { tool_calls: [{ index: position, ...opening, function: called }] }
  }

  const fail = (error: Parameters<typeof toOpenAiError>[0]): CompletionStreamItem[] => {
    if (ended) return []
    ended = true
    return [toOpenAiError(error, options.names).body]
  }

  const finish = (): CompletionStreamItem[] => {
    ended = true
    const refusal = refusalText(stopReason, stopDetails)
    return [
      ...(refusal === null ? [] : [delta({ refusal })]),
      delta({}, null, toFinishReason(stopReason, legacyFunctions)),
      ...(includeUsage ? [chunk([], toCompletionUsage(usage))] : []),
      '[DONE]',
    ]
  }

  return {
    push(event) {
      if (ended) return []
      if (event.type === 'message_start') {
        model = event.message.model
        usage = merge(usage, event.message.usage)
        // A replayed message carries its details from the start.
        stopDetails = event.message.stop_details
        return [delta({ role: 'assistant', content: '' })]
      }
      if (event.type === 'content_block_start') {
        const block = event.content_block
        if (block.type === 'text') return block.text ? [delta({ content: block.text })] : []
        // The older dialect has room for one call.
        if (block.type !== 'tool_use' || (legacyFunctions && toolCount > 0)) return []
        const tool = { position: toolCount++, input: block.input, written: false }
        openTools.set(event.index, tool)
        return [delta(toolDelta(tool.position, '', { id: String(block.id), name: String(block.name) }))]
      }
      if (event.type === 'content_block_delta') {
        const { type, text, partial_json } = event.delta
        if (type === 'text_delta' && text) {
          const entry = options.logprobs ? logprobOf(event) : undefined
          return [delta({ content: text }, entry ? { content: [entry], refusal: null } : null)]
        }
        const tool = openTools.get(event.index)
        if (type !== 'input_json_delta' || !partial_json || tool === undefined) return []
        tool.written = true
        return [delta(toolDelta(tool.position, partial_json))]
      }
      if (event.type === 'content_block_stop') {
        const tool = openTools.get(event.index)
        openTools.delete(event.index)
        // Arguments must be JSON even where no piece of them came: `{}`, or the input of the block's start.
        return tool && !tool.written ? [delta(toolDelta(tool.position, toArguments(tool.input)))] : []
      }
      if (event.type === 'message_delta') {
        stopReason = event.delta.stop_reason ?? stopReason
        stopDetails = event.delta.stop_details ?? stopDetails
        usage = merge(usage, event.usage)
        return []
      }
      if (event.type === 'message_stop') return finish()
      if (event.type === 'error') return fail({ status: 500, body: event })
      return []
    },
    end: () => fail(new RouterError('upstream', 'The answer ended before it was complete. Try again.')),
    fail: (error) => fail(RouterError.from(error)),
  }
}

/** Later counts replace earlier ones; null means "not said", not "none". */
function merge(before: Usage, after: Usage | undefined): Usage {
  const said = Object.entries(after ?? {}).filter(([, value]) => value !== null && value !== undefined)
  return { ...before, ...Object.fromEntries(said) }
}
