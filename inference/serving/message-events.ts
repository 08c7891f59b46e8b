/**
 * The events of a Messages stream around the text of one answer, which has one block. Pure.
 */
import type { KnownEvent } from '../../shared/events.ts'
import { createUsage } from '../../shared/messages.ts'

/** What is known of an answer as far as it has come. */
export type Told = {
  inputTokens: number
  cachedTokens: number
  outputTokens: number
  stopReason: string | undefined
}

export const BLOCK_START: KnownEvent = {
  type: 'content_block_start',
  index: 0,
  content_block: { type: 'text', text: '' },
}

export const BLOCK_STOP: KnownEvent = { type: 'content_block_stop', index: 0 }

/** Returns what comes before the text. */
export function openingEvents(
  id: string,
  model: string,
  { inputTokens, cachedTokens }: Told,
): readonly KnownEvent[] {
  const message = {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: createUsage(inputTokens, 0, cachedTokens),
  } as const
  return [{ type: 'message_start', message: { ...message, content: [] } }, { type: 'ping' }]
}

/** Returns what comes after the block. */
export function closingEvents(
  stopReason: string,
  stopSequence: string | null,
  { inputTokens, outputTokens, cachedTokens }: Told,
): readonly KnownEvent[] {
  return [
    {
      type: 'message_delta',
      delta: { stop_reason: stopReason, stop_sequence: stopSequence },
      usage: createUsage(inputTokens, outputTokens, cachedTokens),
    },
    { type: 'message_stop' },
  ]
}
