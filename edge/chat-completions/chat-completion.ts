/**
 * A Messages answer as a chat completion, and the parts that a stream of chunks shares with it: finish reasons,
 * usage. Does not stream: chunk-translator.ts does.
 */
import type { Message, Usage } from '../../shared/messages.ts'
import type { LogprobEntry } from '../openai/logprobs.ts'
import { refusalText } from '../openai/refusal.ts'
import { tokenCounts } from '../openai/token-counts.ts'
import { toArguments } from '../openai/tool-arguments.ts'

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'function_call' | 'content_filter'

type FunctionCall = { readonly name: string; readonly arguments: string }

type ToolCall = { readonly id: string; readonly type: 'function'; readonly function: FunctionCall }

export type CompletionUsage = {
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly total_tokens: number
  readonly prompt_tokens_details: { readonly cached_tokens: number; readonly cache_write_tokens: number }
  readonly completion_tokens_details: { readonly reasoning_tokens: number }
}

export type AssistantMessage = {
  readonly role: 'assistant'
  readonly content: string | null
  readonly refusal: string | null
  readonly tool_calls?: readonly ToolCall[]
  readonly function_call?: FunctionCall
}

export type Logprobs = { readonly content: readonly LogprobEntry[]; readonly refusal: null }

type ChatCompletion = {
  readonly id: string
  readonly object: 'chat.completion'
  readonly created: number
  readonly model: string
  readonly choices: readonly [
    {
      readonly index: 0
      readonly message: AssistantMessage
      readonly logprobs: Logprobs | null
      readonly finish_reason: FinishReason
    },
  ]
  readonly usage: CompletionUsage
}

export type ChatCompletionOptions = {
  /** The completion's id; `chatcmpl-…` by convention. */
  readonly id: string
  /** Unix time in seconds. */
  readonly created: number
  /** From the translated request: answer with `function_call`. */
  readonly legacyFunctions?: boolean
  /** What `logprobOf` said of the events that made the message; absent where the client asked for none. */
  readonly logprobs?: readonly LogprobEntry[]
}

/**
 * Translates a non-streaming answer. `model` is the one that really answered. Thinking is left out: chat completions have
 * no field for it, and clients that show `reasoning_content` expect another vendor's text. Blocks of tools that
 * Claude ran itself are left out for the same reason.
 */
export function toChatCompletion(message: Message, options: ChatCompletionOptions): ChatCompletion {
  const text = message.content.flatMap((block) => (block.type === 'text' ? [block.text ?? ''] : [])).join('')
  const calls = message.content.flatMap((block): ToolCall[] =>
    block.type === 'tool_use'
      ? [{ id: String(block.id), type: 'function', function: toFunctionCall(block.name, block.input) }]
      : [],
  )
  const refusal = refusalText(message.stop_reason, message.stop_details)
  const legacyCall = options.legacyFunctions ? calls[0]?.function : undefined
  const { logprobs } = options
  return {
    id: options.id,
    object: 'chat.completion',
    created: options.created,
    model: message.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text === '' && (calls.length > 0 || refusal !== null) ? null : text,
          refusal,
          ...(legacyCall ? { function_call: legacyCall } : calls.length > 0 ? { tool_calls: calls } : {}),
        },
        logprobs: logprobs && logprobs.length > 0 ? { content: logprobs, refusal: null } : null,
        finish_reason: toFinishReason(message.stop_reason, options.legacyFunctions),
      },
    ],
    usage: toCompletionUsage(message.usage),
  }
}

/** Returns OpenAI's reason; one that is unknown (or missing) is a `stop`, which every client understands. */
export function toFinishReason(stopReason: string | null | undefined, legacyFunctions = false): FinishReason {
  if (stopReason === 'max_tokens' || stopReason === 'model_context_window_exceeded') return 'length'
  if (stopReason === 'tool_use') return legacyFunctions ? 'function_call' : 'tool_calls'
  if (stopReason === 'refusal') return 'content_filter'
  return 'stop'
}

/** Returns OpenAI's counts, in tokens. */
export function toCompletionUsage(usage: Usage): CompletionUsage {
  const { input, cached, cacheWrite, output, reasoning } = tokenCounts(usage)
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached, cache_write_tokens: cacheWrite },
    completion_tokens_details: { reasoning_tokens: reasoning },
  }
}

function toFunctionCall(name: unknown, input: unknown): FunctionCall {
  return { name: String(name), arguments: toArguments(input) }
}
