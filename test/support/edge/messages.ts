/**
 * Answers as a container or Claude gives them, whole or as a stream, and what a client makes of a stream. The reader
 * is written after the standard and not with the router's own decoder.
 */

import { type KnownEvent, replay } from '../../../shared/events.ts'
import type { Message } from '../../../shared/messages.ts'
import { encodeSseEvent } from '../../../shared/sse.ts'
import { CLAUDE_TEXT, LOCAL_TEXT } from './canaries.ts'

export function message(text: string, overrides: Partial<Message> = {}): Message {
  return {
    id: 'msg_test',
    type: 'message',
    role: 'assistant',
    model: 'claude-haiku-5-5',
    content: [{ type: 'text', text }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: {
      input_tokens: 12,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: 7,
    },
    ...overrides,
  }
}

export function localMessage(overrides: Partial<Message> = {}): Message {
  return message(LOCAL_TEXT, { id: 'msg_local', model: 'tiny-model', ...overrides })
}

export function claudeMessage(overrides: Partial<Message> = {}): Message {
  return message(CLAUDE_TEXT, { id: 'msg_claude', ...overrides })
}

/** Returns the frames of an answer's stream, one text each. */
export function framesOf(answer: Message): string[] {
  return [...replay(answer)].map(encodeSseEvent)
}

/** Returns the beginning of an answer's stream, up to and with its first content. */
export function framesToFirstContent(answer: Message): string[] {
  const events: KnownEvent[] = [...replay(answer)]
  const first = events.findIndex((event) => event.type === 'content_block_delta')
  return events.slice(0, first + 1).map(encodeSseEvent)
}

export type ClientEvent = { readonly event: string; readonly data: Record<string, unknown> }

/** Reads a whole stream as a client would; comments are left out, unfinished frames make it throw. */
export function readEvents(text: string): ClientEvent[] {
  // Lines end at a line feed: U+2028 inside a text is no end, as `^` and `$` would have it.
  const frames = text
    .split('\n')
    .filter((line) => !line.startsWith(':'))
    .join('\n')
  if (frames !== '' && !frames.endsWith('\n\n')) throw new Error(`unfinished frame: ${text.slice(-80)}`)
  return frames
    .split('\n\n')
    .filter((frame) => frame !== '')
    .map((frame) => {
      const fieldOf = (field: string) =>
        frame
          .split('\n')
          .find((line) => line.startsWith(`${field}: `))
          ?.slice(field.length + 2) ?? ''
      const event = fieldOf('event')
      const data: Record<string, unknown> = JSON.parse(fieldOf('data'))
      return { event, data }
    })
}

/** Joins the text of a stream's deltas. */
export function streamedText(events: readonly ClientEvent[]): string {
  return events
    .map(({ data }) => data.delta)
    .map((delta) =>
      typeof delta === 'object' && delta !== null && 'text' in delta ? String(delta.text) : '',
    )
    .join('')
}
