/**
 * A kept answer in the form the client asks for, with the usage that it had when it was made.
 */
import { replay } from '../../shared/events.ts'
import type { Message } from '../../shared/messages.ts'
import { encodeSseEvent } from '../../shared/sse.ts'
import type { AnswerChunk, NonStreamingBody, StreamBody } from '../providers/provider.ts'

/** Returns the answer as a stream of events or as one body. */
export function replayAnswer(message: Message, asStream: boolean): NonStreamingBody | StreamBody {
  if (asStream) return { kind: 'stream', chunks: replayChunks(message) }
  return { kind: 'non_streaming', bytes: new TextEncoder().encode(JSON.stringify(message)), message }
}

async function* replayChunks(message: Message): AsyncGenerator<AnswerChunk> {
  const encoder = new TextEncoder()
  for (const event of replay(message)) yield { bytes: encoder.encode(encodeSseEvent(event)), events: [event] }
}
