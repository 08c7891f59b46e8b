/**
 * What the chat completions tests share: a small answer, its events, and a fold of chunks that is written after
 * OpenAI's SDK rather than after our code.
 */
import type {
  ChatCompletionChunk,
  CompletionStreamItem,
} from '../../../edge/chat-completions/chunk-translator.ts'
import { RouterError } from '../../../shared/errors.ts'
import type { KnownEvent } from '../../../shared/events.ts'
import type { Message } from '../../../shared/messages.ts'

export function answer(overrides: Partial<Message> = {}): Message {
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-haiku-5-5',
    content: [{ type: 'text', text: 'Hello!' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: {
      input_tokens: 10,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: 3,
    },
    ...overrides,
  }
}

export async function* stream(events: Iterable<KnownEvent>): AsyncGenerator<KnownEvent> {
  yield* events
}

/** Runs `action` and returns the RouterError that it throws. */
export function thrownBy(action: () => unknown): RouterError {
  try {
    action()
  } catch (error) {
    if (error instanceof RouterError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

export function chunksOf(items: readonly CompletionStreamItem[]): ChatCompletionChunk[] {
  return items.filter((item): item is ChatCompletionChunk => typeof item === 'object' && 'choices' in item)
}

type FoldedCall = { id: string; type: string; function: { name: string; arguments: string } }

/** What a client has in its hands after the stream. */
export function foldChunks(items: readonly CompletionStreamItem[]) {
  let content: string | null = null
  let refusal: string | null = null
  let finish: string | null = null
  let usage: unknown
  let model = ''
  const calls: FoldedCall[] = []
  const logprobs: unknown[] = []
  for (const chunk of chunksOf(items)) {
    model = chunk.model
    if (chunk.usage) usage = chunk.usage
    const choice = chunk.choices[0]
    if (choice === undefined) continue
    if (choice.delta.content) content = (content ?? '') + choice.delta.content
    if (choice.delta.refusal) refusal = (refusal ?? '') + choice.delta.refusal
    if (choice.finish_reason !== null) finish = choice.finish_reason
    logprobs.push(...(choice.logprobs?.content ?? []))
    for (const piece of choice.delta.tool_calls ?? []) {
      const call = calls[piece.index] ?? { id: '', type: '', function: { name: '', arguments: '' } }
      calls[piece.index] = call
      if (piece.id !== undefined) call.id = piece.id
      if (piece.type !== undefined) call.type = piece.type
      if (piece.function.name !== undefined) call.function.name = piece.function.name
      call.function.arguments += piece.function.arguments
    }
  }
  return { content, refusal, finish, usage, model, calls, logprobs }
}
