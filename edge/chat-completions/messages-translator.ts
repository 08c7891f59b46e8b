/**
 * The answer of a server that speaks OpenAI's API as Messages events, one frame at a time. Tolerates what such
 * servers get wrong (empty finish reasons, usage anywhere or nowhere, role-only chunks); refuses what would make
 * an incomplete answer look complete. Does not read bytes: the caller decodes frames.
 */
import * as z from 'zod/mini'
import { RouterError } from '../../shared/errors.ts'
import type { KnownEvent } from '../../shared/events.ts'
import { lazily } from '../../shared/lazily.ts'
import { type ContentBlock, createUsage, type Usage } from '../../shared/messages.ts'

const schemas = lazily(() => {
  const count = z.nullish(z.number())

  const toolCallSchema = z.looseObject({
    index: z.nullish(z.number()),
    id: z.nullish(z.string()),
    function: z.nullish(z.looseObject({ name: z.nullish(z.string()), arguments: z.nullish(z.string()) })),
  })
  const deltaSchema = z.looseObject({
    content: z.nullish(z.string()),
    /** What the model thinks: llama.cpp and older vLLM by the first name, Ollama and newer vLLM by the second. */
    reasoning_content: z.nullish(z.string()),
    reasoning: z.nullish(z.string()),
    refusal: z.nullish(z.string()),
    tool_calls: z.nullish(z.array(toolCallSchema)),
  })
  const choiceSchema = z.looseObject({
    index: z.nullish(z.number()),
    delta: z.nullish(deltaSchema),
    /** Where a server answers with a whole completion although a stream was asked for. */
    message: z.nullish(deltaSchema),
    finish_reason: z.nullish(z.string()),
    /** vLLM: the stop string that matched, or the id of the stop token. */
    stop_reason: z.nullish(z.unknown()),
    logprobs: z.nullish(
      z.looseObject({ content: z.nullish(z.array(z.looseObject({ logprob: z.number() }))) }),
    ),
  })
  const chunkSchema = z.looseObject({
    object: z.nullish(z.string()),
    error: z.nullish(z.unknown()),
    choices: z.nullish(z.array(choiceSchema)),
    usage: z.nullish(
      z.looseObject({
        prompt_tokens: count,
        completion_tokens: count,
        prompt_tokens_details: z.nullish(z.looseObject({ cached_tokens: count, cache_write_tokens: count })),
        completion_tokens_details: z.nullish(z.looseObject({ reasoning_tokens: count })),
      }),
    ),
  })
  return { toolCallSchema, choiceSchema, chunkSchema }
})
type Schemas = ReturnType<typeof schemas>
type Choice = z.infer<Schemas['choiceSchema']>
type ServerUsage = NonNullable<z.infer<Schemas['chunkSchema']>['usage']>

type MessagesTranslatorOptions = {
  /** The message's id; `msg_…` by convention. */
  readonly id: string
  /** The model as clients shall see it; the server's own name for it may be a path on its disk. */
  readonly model: string
}

export type MessagesTranslator = {
  /**
   * Takes the data of one frame (or a whole JSON answer).
   * @throws {RouterError} `upstream` for an error in the stream and for data that is no chunk
   */
  readonly push: (data: string) => KnownEvent[]
  /**
   * Call when no more frames come; returns the closing events unless `[DONE]` has brought them already. Where the
   * server reported no usage, `message_delta` has none either, and the caller fills in an estimate.
   * @throws {RouterError} `upstream` if neither a finish reason nor `[DONE]` has come
   */
  readonly end: () => KnownEvent[]
}

type OpenBlock = { readonly index: number; readonly holds: 'text' | 'thinking' | { readonly tool: number } }

/** Returns a translator for one answer. */
export function createMessagesTranslator(options: MessagesTranslatorOptions): MessagesTranslator {
  let started = false
  let ended = false
  let blockCount = 0
  let open: OpenBlock | undefined
  const tools = new Set<number>()
  let finishReason: string | undefined
  let stopSequence: string | null = null
  let usage: Usage | undefined

  const start = (): KnownEvent[] => {
    if (started) return []
    started = true
    return [
      {
        type: 'message_start',
        message: {
          id: options.id,
          type: 'message',
          role: 'assistant',
          model: options.model,
          content: [],
          stop_reason: null,
          stop_sequence: null,
          // The server counts at the end only; clients require a number here.
          usage: createUsage(0, 0),
        },
      },
    ]
  }

  const closeBlock = (): KnownEvent[] => {
    if (open === undefined) return []
    const { index } = open
    open = undefined
    return [{ type: 'content_block_stop', index }]
  }

  const openBlock = (holds: OpenBlock['holds'], content_block: ContentBlock): KnownEvent[] => {
    const closing = closeBlock()
    open = { index: blockCount++, holds }
    return [...closing, { type: 'content_block_start', index: open.index, content_block }]
  }

  const addDelta = (delta: { readonly type: string; readonly [field: string]: unknown }): KnownEvent[] =>
    open === undefined ? [] : [{ type: 'content_block_delta', index: open.index, delta }]

  const addText = (text: string, logprob: number | undefined): KnownEvent[] => [
    ...(open?.holds === 'text' ? [] : openBlock('text', { type: 'text', text: '' })),
    ...addDelta({ type: 'text_delta', text, ...(logprob === undefined ? {} : { logprob }) }),
  ]

  const addThinking = (thinking: string): KnownEvent[] => [
    ...(open?.holds === 'thinking' ? [] : openBlock('thinking', { type: 'thinking', thinking: '' })),
    ...addDelta({ type: 'thinking_delta', thinking }),
  ]

  const addToolCall = (call: z.infer<Schemas['toolCallSchema']>, at: number): KnownEvent[] => {
    const events: KnownEvent[] = []
    const tool = call.index ?? at
    if (typeof open?.holds !== 'object' || open.holds.tool !== tool) {
      const name = call.function?.name
      if (!name || tools.has(tool))
        throw new RouterError('upstream', 'The local model server sent a piece of a tool call out of order.')
      tools.add(tool)
      const id = call.id || `toolu_${options.id}_${tool}`
      events.push(...openBlock({ tool }, { type: 'tool_use', id, name, input: {} }))
    }
    const json = call.function?.arguments
    return json ? [...events, ...addDelta({ type: 'input_json_delta', partial_json: json })] : events
  }

  const addChoice = (choice: Choice): KnownEvent[] => {
    if (choice.finish_reason) finishReason = choice.finish_reason
    if (typeof choice.stop_reason === 'string') stopSequence = choice.stop_reason
    const delta = choice.delta ?? choice.message
    const text = `${delta?.content ?? ''}${delta?.refusal ?? ''}`
    const thinking = delta?.reasoning_content || delta?.reasoning
    return [
      ...(thinking ? addThinking(thinking) : []),
      ...(text === '' ? [] : addText(text, meanLogprob(choice))),
      ...(delta?.tool_calls ?? []).flatMap(addToolCall),
    ]
  }

  const finish = (): KnownEvent[] => {
    ended = true
    const stop_reason = toStopReason(finishReason, tools.size > 0, stopSequence !== null)
    return [
      ...start(),
      ...closeBlock(),
      {
        type: 'message_delta',
        delta: { stop_reason, stop_sequence: stop_reason === 'stop_sequence' ? stopSequence : null },
        ...(usage === undefined ? {} : { usage }),
      },
      { type: 'message_stop' },
    ]
  }

  return {
    push(data) {
      if (ended) return []
      if (data.trim() === '[DONE]') {
        if (!started) throw new RouterError('upstream', 'The local model server ended without an answer.')
        return finish()
      }
      const chunk = readChunk(data)
      if (chunk.usage) usage = toUsage(chunk.usage) ?? usage
      // Other choices were not asked for; a client of the Messages API has no place for them.
      const choice = chunk.choices?.find((each) => (each.index ?? 0) === 0)
      return [...start(), ...(choice ? addChoice(choice) : [])]
    },
    end() {
      if (ended) return []
      if (finishReason === undefined)
        throw new RouterError('upstream', 'The local model server ended its answer before it was complete.')
      return finish()
    },
  }
}

function readChunk(data: string): z.infer<Schemas['chunkSchema']> {
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch (cause) {
    throw new RouterError('upstream', 'The local model server sent a chunk that is not JSON.', { cause })
  }
  const parsed = schemas().chunkSchema.safeParse(value)
  if (!parsed.success) throw new RouterError('upstream', 'The local model server sent a malformed chunk.')
  if ((parsed.data.error ?? undefined) !== undefined || parsed.data.object === 'error')
    throw new RouterError('upstream', 'The local model server reported an error while answering.')
  return parsed.data
}

function toStopReason(finishReason: string | undefined, calledTools: boolean, matchedStop: boolean): string {
  if (finishReason === 'length') return 'max_tokens'
  if (finishReason === 'content_filter') return 'refusal'
  // Some servers say "stop" after tool calls.
  if (calledTools) return 'tool_use'
  return matchedStop ? 'stop_sequence' : 'end_turn'
}

/**
 * OpenAI's prompt count includes what was read from a cache and written to it, the Messages API's input count does not.
 * A record without counts is none.
 */
function toUsage(usage: ServerUsage): Usage | undefined {
  if (typeof usage.completion_tokens !== 'number') return undefined
  const prompt = usage.prompt_tokens ?? 0
  const cached = Math.min(prompt, usage.prompt_tokens_details?.cached_tokens ?? 0)
  const written = Math.min(prompt - cached, usage.prompt_tokens_details?.cache_write_tokens ?? 0)
  const thinking = usage.completion_tokens_details?.reasoning_tokens ?? 0
  return {
    ...createUsage(prompt - cached - written, usage.completion_tokens),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: cached,
    ...(thinking > 0 ? { output_tokens_details: { thinking_tokens: thinking } } : {}),
  }
}

function meanLogprob(choice: Choice): number | undefined {
  const entries = choice.logprobs?.content ?? []
  if (entries.length === 0) return undefined
  return entries.reduce((sum, { logprob }) => sum + logprob, 0) / entries.length
}
