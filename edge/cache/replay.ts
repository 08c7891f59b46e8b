/**
 * A kept answer in the form the client asks for. Its usage is 0: nothing was read or written for it.
 */
import { replay } from '../../shared/events.ts'
import type { Message } from '../../shared/messages.ts'
import { encodeSseEvent } from '../../shared/sse.ts'
import type { AnswerChunk, NonStreamingBody, StreamBody } from '../providers/provider.ts'

/** Returns the answer as a stream of events or as one body. */
export function replayAnswer(message: Message, asStream: boolean): NonStreamingBody | StreamBody {
  const free: Message = { ...message, usage: withoutTokens(message.usage) }
  if (asStream) return { kind: 'stream', chunks: replayChunks(free) }
  return { kind: 'non_streaming', bytes: new TextEncoder().encode(JSON.stringify(free)), message: free }
}

async function* replayChunks(message: Message): AsyncGenerator<AnswerChunk> {
  const encoder = new TextEncoder()
  for (const event of replay(message)) yield { bytes: encoder.encode(encodeSseEvent(event)), events: [event] }
}

function withoutTokens(usage: Message['usage']): Message['usage'] {
  return Object.fromEntries(
    Object.entries(usage).map(([name, value]) => [name, typeof value === 'number' ? 0 : zeroed(value)]),
  )
}

function zeroed(value: unknown): unknown {
  if (typeof value === 'number') return 0
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, zeroed(inner)]))
}
