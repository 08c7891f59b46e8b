/**
 * A Messages stream as events of the Responses API, one event at a time. Owns the order that OpenAI's clients expect:
 * created, in progress, items one after another, and exactly one last event. Does not write bytes: sse-frames.ts does.
 */
import { RouterError } from '../../shared/errors.ts'
import { createMessageFold, type StreamEvent } from '../../shared/events.ts'
import type { ContentBlock, Message } from '../../shared/messages.ts'
import { logprobOf } from '../openai/logprobs.ts'
import { toOpenAiError } from '../openai/openai-error.ts'
import type { ParameterNames } from '../openai/parameter-names.ts'
import { refusalText } from '../openai/refusal.ts'
import { toArguments } from '../openai/tool-arguments.ts'
import {
  type ItemPlace,
  type OpenFunctionCall,
  type OpenMessage,
  type OpenReasoning,
  openFunctionCall,
  openMessage,
  openReasoning,
  writeRefusal,
} from './open-items.ts'
import { failureCode, incompleteReason } from './response-ending.ts'
import {
  type OutputItem,
  type ResponseFrame,
  type ResponseObject,
  toResponseUsage,
  withoutEncryptedContent,
} from './response-object.ts'

export type ResponseEvent = {
  readonly type: string
  readonly sequence_number: number
  readonly [field: string]: unknown
}

export type EventTranslatorOptions = {
  readonly frame: ResponseFrame
  /** What errors call the request's fields. */
  readonly names: ParameterNames
  /** Whether texts carry the log-probabilities that the local model reports. */
  readonly logprobs: boolean
  /** Whether clients are shown what Claude wants back of its reasoning. */
  readonly encryptedContent: boolean
  /** Unix time in seconds. */
  readonly now: () => number
}

export type EventTranslator = {
  /** Takes the next event; returns what it adds to the stream, never the last event of an answer. */
  readonly push: (event: StreamEvent) => ResponseEvent[]
  /** The whole response, with what Claude wants back of its reasoning, from the answer's good end until `complete`. */
  readonly outcome: () => ResponseObject | undefined
  /** Call once there is an outcome. `store`: whether it was kept. Returns the response as shown, and the last event. */
  readonly complete: (store: boolean) => {
    readonly response: ResponseObject
    readonly events: ResponseEvent[]
  }
  /** Call when no more events come: an error unless the answer was complete. */
  readonly end: () => ResponseEvent[]
  /** Call when reading failed, with our error or Claude's: the last event, unless there was one. */
  readonly fail: (error: Parameters<typeof toOpenAiError>[0]) => ResponseEvent[]
}

type OpenItem = OpenMessage | OpenFunctionCall | (OpenReasoning & { readonly at: number })

/** Returns a translator for one answer. */
export function createEventTranslator(options: EventTranslatorOptions): EventTranslator {
  const { frame, names, encryptedContent, now } = options
  const fold = createMessageFold()
  const output: OutputItem[] = []
  let pending: ResponseEvent[] = []
  let sequence = 0
  let open: OpenItem | undefined
  let outcome: ResponseObject | undefined
  let ended = false

  const emit = (type: string, fields: Readonly<Record<string, unknown>>) => {
    pending.push({ type, sequence_number: sequence++, ...fields })
  }
  const taken = (): ResponseEvent[] => {
    const events = pending
    pending = []
    return events
  }
  const shown = (item: OutputItem) => (encryptedContent ? item : withoutEncryptedContent(item))
  const place = (): ItemPlace => ({ emit, response: frame.id, output_index: output.length, shown })

  const response = (
    status: ResponseObject['status'],
    rest: Partial<ResponseObject> = {},
  ): ResponseObject => ({
    ...frame,
    status,
    completed_at: null,
    model: fold.message()?.model ?? '',
    output: [],
    error: null,
    incomplete_details: null,
    usage: null,
    ...rest,
  })

  const close = (status: 'completed' | 'incomplete' = 'completed') => {
    if (open === undefined) return
    if (open.kind === 'reasoning') output.push(open.finish(fold.message()?.content[open.at] ?? NO_BLOCK))
    else output.push(open.finish(status))
    open = undefined
  }
  const addText = (text: string, event?: StreamEvent) => {
    if (text === '') return
    if (open?.kind !== 'message') {
      close()
      open = openMessage(place())
    }
    open.add(text, options.logprobs && event ? logprobOf(event) : undefined)
  }
  const startBlock = (block: ContentBlock, at: number) => {
    // Neighbouring texts are one message: agents take the last message for the whole answer.
    if (block.type === 'text') return addText(block.text ?? '')
    close()
    if (block.type === 'tool_use') open = openFunctionCall(place(), block)
    if (block.type !== 'thinking' && block.type !== 'redacted_thinking') return
    const reasoning = openReasoning(place())
    open = { ...reasoning, at }
    // A replayed message brings its thinking whole.
    if (typeof block.thinking === 'string' && block.thinking !== '') reasoning.add(block.thinking)
  }
  const addDelta = (event: Extract<StreamEvent, { type: 'content_block_delta' }>) => {
    const { type, text, partial_json, thinking } = event.delta
    if (type === 'text_delta') addText(text ?? '', event)
    else if (type === 'input_json_delta' && open?.kind === 'function_call' && partial_json)
      open.add(partial_json)
    else if (type === 'thinking_delta' && open?.kind === 'reasoning' && thinking) open.add(thinking)
  }
  const stopBlock = (at: number) => {
    const block = fold.message()?.content[at]
    // Arguments must be JSON even where no piece of them came: `{}`, or the input of the block's start.
    if (open?.kind === 'function_call' && open.isEmpty() && block?.type === 'tool_use')
      open.add(toArguments(block.input))
  }
  const finish = (message: Message) => {
    const reason = incompleteReason(message.stop_reason)
    close(reason === undefined ? 'completed' : 'incomplete')
    const refusal = refusalText(message.stop_reason, message.stop_details)
    if (refusal !== null) output.push(writeRefusal(place(), refusal))
    // An answer without a word is one all the same: agents would ask again for ever.
    else if (!output.some(({ type }) => type !== 'reasoning'))
      output.push(openMessage(place()).finish('completed'))
    outcome = response(reason === undefined ? 'completed' : 'incomplete', {
      completed_at: reason === undefined ? now() : null,
      output,
      incomplete_details: reason === undefined ? null : { reason },
      usage: toResponseUsage(message.usage),
    })
  }

  const fail: EventTranslator['fail'] = (error) => {
    if (ended || outcome !== undefined) return []
    ended = true
    const { body } = toOpenAiError(error, names)
    const { message, param, code, type } = body.error
    if (fold.message() === undefined)
      // The documented members, and the object beside them that OpenAI's servers send and some clients read.
      emit('error', { code: code ?? type, message, param, error: body.error })
    else
      emit('response.failed', {
        response: response('failed', {
          output: output.map(shown),
          error: { code: failureCode(code, type), message },
        }),
      })
    return taken()
  }

  return {
    push(event) {
      if (ended || outcome !== undefined) return []
      if (event.type === 'error') return fail({ status: 500, body: event })
      const isFirst = fold.message() === undefined
      fold.add(event)
      const message = fold.message()
      if (message === undefined) return []
      if (isFirst) {
        emit('response.created', { response: response('in_progress') })
        emit('response.in_progress', { response: response('in_progress') })
      }
      if (event.type === 'content_block_start') startBlock(event.content_block, event.index)
      else if (event.type === 'content_block_delta') addDelta(event)
      else if (event.type === 'content_block_stop') stopBlock(event.index)
      else if (event.type === 'message_stop') finish(message)
      return taken()
    },
    outcome: () => (ended ? undefined : outcome),
    complete(store) {
      if (outcome === undefined) throw new Error('The answer has not ended.')
      const last = { ...outcome, store, output: outcome.output.map(shown) }
      if (!ended) emit(`response.${last.status}`, { response: last })
      ended = true
      return { response: last, events: taken() }
    },
    end: () => fail(new RouterError('upstream', 'The answer ended before it was complete. Try again.')),
    fail,
  }
}

const NO_BLOCK: ContentBlock = { type: 'thinking', thinking: '', signature: '' }
