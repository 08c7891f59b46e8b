/**
 * Output items while they are written: each says what its beginning, its pieces and its end add to the stream. Does not
 * know in which order items come; event-translator.ts does.
 */
import type { ContentBlock } from '../../shared/messages.ts'
import type { LogprobEntry } from '../openai/logprobs.ts'
import { encryptedContentOf } from './encrypted-content.ts'
import {
  type FunctionCallItem,
  itemId,
  type MessageItem,
  type OutputItem,
  type OutputText,
  type ReasoningItem,
} from './response-object.ts'

/** Adds an event to the stream. */
export type Emit = (type: string, fields: Readonly<Record<string, unknown>>) => void

export type ItemPlace = {
  readonly emit: Emit
  /** The response's id. */
  readonly response: string
  readonly output_index: number
  /** What clients are shown of the item. */
  readonly shown: (item: OutputItem) => OutputItem
}

type Ending = 'completed' | 'incomplete'

function begin({ emit, output_index }: ItemPlace, item: OutputItem): void {
  emit('response.output_item.added', { output_index, item })
}

function end<T extends OutputItem>({ emit, output_index, shown }: ItemPlace, item: T): T {
  emit('response.output_item.done', { output_index, item: shown(item) })
  return item
}

export type OpenMessage = {
  readonly kind: 'message'
  readonly add: (text: string, logprob?: LogprobEntry) => void
  readonly finish: (status: Ending) => MessageItem
}

/** Begins a message of one text. */
export function openMessage(place: ItemPlace): OpenMessage {
  const { emit, response, output_index } = place
  const id = itemId(response, 'message', output_index)
  const where = { item_id: id, output_index, content_index: 0 }
  const logprobs: LogprobEntry[] = []
  let text = ''
  const part = (): OutputText => ({ type: 'output_text', text, annotations: [], logprobs: [...logprobs] })
  begin(place, { type: 'message', id, status: 'in_progress', role: 'assistant', content: [] })
  emit('response.content_part.added', { ...where, part: part() })
  return {
    kind: 'message',
    add(delta, logprob) {
      text += delta
      if (logprob) logprobs.push(logprob)
      emit('response.output_text.delta', { ...where, delta, logprobs: logprob ? [logprob] : [] })
    },
    finish(status) {
      emit('response.output_text.done', { ...where, text, logprobs: [...logprobs] })
      emit('response.content_part.done', { ...where, part: part() })
      return end(place, { type: 'message', id, status, role: 'assistant', content: [part()] })
    },
  }
}

/** Writes a whole message that says why the model declined. */
export function writeRefusal(place: ItemPlace, refusal: string): MessageItem {
  const { emit, response, output_index } = place
  const id = itemId(response, 'message', output_index)
  const where = { item_id: id, output_index, content_index: 0 }
  begin(place, { type: 'message', id, status: 'in_progress', role: 'assistant', content: [] })
  emit('response.content_part.added', { ...where, part: { type: 'refusal', refusal: '' } })
  emit('response.refusal.delta', { ...where, delta: refusal })
  emit('response.refusal.done', { ...where, refusal })
  emit('response.content_part.done', { ...where, part: { type: 'refusal', refusal } })
  const content = [{ type: 'refusal', refusal } as const]
  return end(place, { type: 'message', id, status: 'completed', role: 'assistant', content })
}

export type OpenFunctionCall = {
  readonly kind: 'function_call'
  readonly add: (json: string) => void
  readonly isEmpty: () => boolean
  readonly finish: (status: Ending) => FunctionCallItem
}

/** Begins a call of the client's function. */
export function openFunctionCall(place: ItemPlace, block: ContentBlock): OpenFunctionCall {
  const { emit, response, output_index } = place
  const id = itemId(response, 'function_call', output_index)
  const where = { item_id: id, output_index }
  const name = String(block.name)
  const call = { type: 'function_call', id, call_id: String(block.id), name } as const
  let json = ''
  begin(place, { ...call, arguments: '', status: 'in_progress' })
  return {
    kind: 'function_call',
    add(delta) {
      json += delta
      emit('response.function_call_arguments.delta', { ...where, delta })
    },
    isEmpty: () => json === '',
    finish(status) {
      emit('response.function_call_arguments.done', { ...where, name, arguments: json })
      return end(place, { ...call, arguments: json, status })
    },
  }
}

export type OpenReasoning = {
  readonly kind: 'reasoning'
  readonly add: (text: string) => void
  /** @param block the whole of what Claude wants back */
  readonly finish: (block: ContentBlock) => ReasoningItem
}

/** Begins what the model tells of its thinking. */
export function openReasoning(place: ItemPlace): OpenReasoning {
  const { emit, response, output_index } = place
  const id = itemId(response, 'reasoning', output_index)
  const where = { item_id: id, output_index, summary_index: 0 }
  let text = ''
  const part = () => ({ type: 'summary_text', text }) as const
  begin(place, { type: 'reasoning', id, summary: [] })
  return {
    kind: 'reasoning',
    add(delta) {
      if (text === '') emit('response.reasoning_summary_part.added', { ...where, part: part() })
      text += delta
      emit('response.reasoning_summary_text.delta', { ...where, delta })
    },
    finish(block) {
      if (text !== '') {
        emit('response.reasoning_summary_text.done', { ...where, text })
        emit('response.reasoning_summary_part.done', { ...where, part: part() })
      }
      const summary = text === '' ? [] : [part()]
      return end(place, { type: 'reasoning', id, summary, encrypted_content: encryptedContentOf(block) })
    },
  }
}
