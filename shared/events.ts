/**
 * The events of a Messages stream and the folds between a stream and a whole message.
 * `collect` and `replay` are each other's inverse; nothing else in the system assembles or takes apart a message.
 */
import * as z from 'zod/mini'
import { RouterError } from './errors.ts'
import { lazily } from './lazily.ts'
import { isPlainEvent } from './message-forms.ts'
import {
  type ContentBlock,
  contentBlockSchema,
  type Message,
  messageResponseSchema,
  type Usage,
  usageSchema,
} from './messages.ts'

/** Only for events of unusual forms: the others are known by `isPlainEvent`. */
const knownEventSchema = lazily(() => {
  const index = z.int().check(z.nonnegative())
  const deltaSchema = z.looseObject({
    type: z.string(),
    text: z.optional(z.string()),
    partial_json: z.optional(z.string()),
    thinking: z.optional(z.string()),
    signature: z.optional(z.string()),
    /** Natural log of the probability, mean over the delta's tokens; ours, never sent to clients. */
    logprob: z.optional(z.number()),
  })
  return z.discriminatedUnion('type', [
    z.looseObject({ type: z.literal('message_start'), message: messageResponseSchema }),
    z.looseObject({ type: z.literal('content_block_start'), index, content_block: contentBlockSchema }),
    z.looseObject({ type: z.literal('content_block_delta'), index, delta: deltaSchema }),
    z.looseObject({ type: z.literal('content_block_stop'), index }),
    z.looseObject({
      type: z.literal('message_delta'),
      delta: z.looseObject({ stop_reason: z.nullish(z.string()), stop_sequence: z.nullish(z.string()) }),
      usage: z.optional(usageSchema),
    }),
    z.looseObject({ type: z.literal('message_stop') }),
    z.looseObject({ type: z.literal('ping') }),
    z.looseObject({
      type: z.literal('error'),
      // An error without words is one all the same: it ends the stream.
      error: z.looseObject({ type: z.string(), message: z._default(z.string(), '') }),
    }),
  ])
})

export type KnownEvent = z.infer<ReturnType<typeof knownEventSchema>>
/** An event of a type that this version does not know; passed on, never interpreted. */
export type UnknownEvent = { readonly type: 'unknown'; readonly name: string; readonly data: unknown }
export type StreamEvent = KnownEvent | UnknownEvent

const knownTypes = lazily(
  () => new Set(knownEventSchema().def.options.map((option) => option.shape.type.def.values[0])),
)

/**
 * Reads the data of one SSE frame.
 * @param data the frame's data, JSON
 * @param name the frame's event name, used where the data has no type
 * @throws {RouterError} `upstream` if the data is no JSON object or a known event lacks what its type promises
 */
export function parseStreamEvent(data: string, name?: string): StreamEvent {
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch (cause) {
    throw new RouterError('upstream', 'The upstream sent an event that is not JSON.', { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new RouterError('upstream', 'The upstream sent an event that is not an object.')
  if ('type' in value && isPlainEvent(value)) return value
  const type = 'type' in value && typeof value.type === 'string' ? value.type : name
  if (type === undefined || !knownTypes().has(type as KnownEvent['type']))
    return { type: 'unknown', name: type ?? '', data: value }
  const parsed = knownEventSchema().safeParse({ ...value, type })
  if (parsed.success) return parsed.data
  throw new RouterError('upstream', `The upstream sent a malformed ${type} event.`)
}

/** Says whether the event carries something that a person would read (or a tool would run). */
export function isContent(event: StreamEvent): boolean {
  if (event.type === 'content_block_delta') {
    const { text, partial_json, thinking } = event.delta
    return Boolean(text ?? partial_json ?? thinking) || event.delta.type === 'citations_delta'
  }
  if (event.type !== 'content_block_start') return false
  return event.content_block.type !== 'text' || Boolean(event.content_block.text)
}

const ANSWER_FIELDS = new Set(['id', 'type', 'role', 'model', 'content', 'usage'])

/** Builds a message from events, one at a time. */
export type MessageFold = {
  /** Takes the next event. */
  readonly add: (event: StreamEvent) => void
  /** The message so far, or undefined before `message_start`. */
  readonly message: () => Message | undefined
  /** True once `message_stop` has come. */
  readonly finished: () => boolean
  /** True while every event so far is known and in its place, so that the message equals the stream. */
  readonly exact: () => boolean
}

/** Returns an empty fold. */
export function createMessageFold(): MessageFold {
  let message: Message | undefined
  let finished = false
  let exact = true
  const partialJson = new Map<number, string>()

  const block = (at: number): ContentBlock | undefined => message?.content[at]
  const append = (target: ContentBlock, field: 'text' | 'thinking' | 'signature', piece: string) => {
    const before = target[field]
    target[field] = (typeof before === 'string' ? before : '') + piece
  }

  return {
    add(event) {
      if (event.type === 'message_start') {
        if (message) exact = false
        message = { ...event.message, content: event.message.content.map((part) => ({ ...part })) }
      } else if (event.type === 'content_block_start') {
        // Blocks come one after another; any other index would leave holes of any size in the message.
        if (message && event.index === message.content.length)
          message.content.push({ ...event.content_block })
        else exact = false
      } else if (event.type === 'content_block_delta') {
        const target = block(event.index)
        const { delta } = event
        if (target === undefined) exact = false
        else if (delta.type === 'text_delta') append(target, 'text', delta.text ?? '')
        else if (delta.type === 'thinking_delta') append(target, 'thinking', delta.thinking ?? '')
        else if (delta.type === 'signature_delta') append(target, 'signature', delta.signature ?? '')
        else if (delta.type === 'input_json_delta')
          partialJson.set(event.index, (partialJson.get(event.index) ?? '') + (delta.partial_json ?? ''))
        else exact = false
      } else if (event.type === 'content_block_stop') {
        const json = partialJson.get(event.index)
        const target = block(event.index)
        if (target === undefined) exact = false
        else if (json) target.input = parseOrKeep(json)
        partialJson.delete(event.index)
      } else if (event.type === 'message_delta') {
        if (message) {
          const { stop_reason, stop_sequence, ...rest } = event.delta
          // New fields of the message arrive this way (container, stop_details); the answer itself never does.
          for (const [name, value] of Object.entries(rest))
            if (!ANSWER_FIELDS.has(name)) message[name] = value
          message.stop_reason = stop_reason ?? message.stop_reason
          message.stop_sequence = stop_sequence ?? message.stop_sequence ?? null
          message.usage = { ...message.usage, ...withoutNulls(event.usage ?? {}) }
        } else exact = false
      } else if (event.type === 'message_stop') {
        finished = true
        if (message === undefined || partialJson.size > 0) exact = false
      } else if (event.type === 'unknown' || event.type === 'error') {
        exact = false
      }
    },
    message: () => message,
    finished: () => finished,
    exact: () => exact,
  }
}

/**
 * Folds a whole stream into its message.
 * @throws {RouterError} `upstream` if the stream holds an error event or ends before `message_stop`
 */
export async function collect(events: AsyncIterable<StreamEvent> | Iterable<StreamEvent>): Promise<Message> {
  const fold = createMessageFold()
  for await (const event of events) {
    if (event.type === 'error')
      throw new RouterError('upstream', 'The upstream reported an error while answering.')
    fold.add(event)
  }
  const message = fold.message()
  if (message === undefined || !fold.finished())
    throw new RouterError('upstream', 'The upstream ended its answer before it was complete.')
  return message
}

/** Yields the events that make up `message`, in the order in which a live stream would bring them. */
export function* replay(message: Message): Generator<KnownEvent> {
  yield {
    type: 'message_start',
    message: {
      ...message,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { ...message.usage, output_tokens: 0 },
    },
  }
  for (const [at, block] of message.content.entries()) yield* replayBlock(block, at)
  yield {
    type: 'message_delta',
    delta: { stop_reason: message.stop_reason, stop_sequence: message.stop_sequence ?? null },
    usage: message.usage,
  }
  yield { type: 'message_stop' }
}

function* replayBlock(block: ContentBlock, at: number): Generator<KnownEvent> {
  if (block.type === 'text') {
    yield { type: 'content_block_start', index: at, content_block: { ...block, text: '' } }
    if (block.text)
      yield { type: 'content_block_delta', index: at, delta: { type: 'text_delta', text: block.text } }
  } else if (block.type === 'tool_use') {
    yield { type: 'content_block_start', index: at, content_block: { ...block, input: {} } }
    yield {
      type: 'content_block_delta',
      index: at,
      delta: { type: 'input_json_delta', partial_json: JSON.stringify(block.input ?? {}) },
    }
  } else {
    yield { type: 'content_block_start', index: at, content_block: block }
  }
  yield { type: 'content_block_stop', index: at }
}

/** Counts are cumulative; null means that this event does not say, never that the count is gone. */
function withoutNulls(usage: Usage): Usage {
  return Object.fromEntries(
    Object.entries(usage).filter(([, value]) => value !== null && value !== undefined),
  )
}

function parseOrKeep(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return json
  }
}
