/**
 * Reads a Claude stream: passes its bytes on untouched and, beside that, reads what they mean. The tap is lenient:
 * an event that this version does not understand is passed on, never an error.
 */
import { RouterError } from '../../shared/errors.ts'
import { parseStreamEvent, type StreamEvent } from '../../shared/events.ts'
import { createSseDecoder, type SseFrame } from '../../shared/sse.ts'
import type { Deadline } from '../deadline.ts'
import { type AnswerChunk, readChunk } from './provider.ts'

/** Results of server tools and encrypted thinking come as single events of megabytes. */
const MAX_EVENT_CHARACTERS = 8 * 1024 * 1024

/**
 * Yields the stream in chunks as they come, each ending with a whole frame: if Claude breaks off inside one, the
 * error event that follows stands by itself.
 * @param idleMs longest silence, ms; pings are no progress but keep the connection
 * @throws {RouterError} `upstream` if the stream ends without `message_stop` or an error event
 */
export async function* readClaudeStream(
  body: ReadableStream<Uint8Array>,
  deadline: Deadline,
  idleMs: number,
): AsyncGenerator<AnswerChunk> {
  const reader = body.getReader()
  const decoder = createSseDecoder(MAX_EVENT_CHARACTERS)
  let ended = false
  let tail = new Uint8Array()
  try {
    for (;;) {
      const { done, value } = await deadline.within(readChunk(reader, 'Claude'))
      if (done) break
      const joined = concatenate(tail, value)
      const boundary = endOfLastFrame(joined)
      tail = joined.slice(boundary)
      const events = decoder.push(value).map(readLeniently)
      ended ||= events.some((event) => event.type === 'message_stop' || event.type === 'error')
      // Pings show that the connection lives, not that the model does: they restart no clock.
      if (events.some((event) => event.type !== 'ping')) deadline.stage(idleMs, 'Claude sent nothing more')
      yield { bytes: joined.subarray(0, boundary), events }
    }
    if (ended && tail.byteLength > 0) yield { bytes: tail, events: [] }
    if (!ended) throw new RouterError('upstream', 'Claude ended its answer before it was complete.')
  } finally {
    reader.cancel().catch(() => {})
    deadline.cancel()
  }
}

function readLeniently({ event, data }: SseFrame): StreamEvent {
  try {
    return parseStreamEvent(data, event)
  } catch (error) {
    if (event === undefined || !isJson(data)) throw error
    return { type: 'unknown', name: event, data }
  }
}

function isJson(data: string): boolean {
  try {
    JSON.parse(data)
    return true
  } catch {
    return false
  }
}

function concatenate(left: Uint8Array, right: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(left.byteLength + right.byteLength)
  joined.set(left)
  joined.set(right, left.byteLength)
  return joined
}

/** Returns the index after the last blank line, in any of the three line endings; 0 if there is none. */
function endOfLastFrame(bytes: Uint8Array): number {
  for (let index = bytes.byteLength - 1; index > 0; index--) {
    const [before, last] = [bytes[index - 1], bytes[index]]
    if (last === LF && (before === LF || (before === CR && bytes[index - 2] === LF))) return index + 1
    if (last === CR && before === CR) return index + 1
  }
  return 0
}

const LF = 10
const CR = 13
