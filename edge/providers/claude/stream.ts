/**
 * Reads a Claude stream: passes its bytes on untouched and, beside that, reads what they mean. The tap is lenient:
 * an event that this version does not understand is passed on, never an error.
 */
import { RouterError } from '../../../shared/errors.ts'
import { parseStreamEvent, type StreamEvent } from '../../../shared/events.ts'
import { createSseDecoder, type SseFrame } from '../../../shared/sse.ts'
import type { Deadline } from '../../fallback/deadline.ts'
import { type AnswerChunk, readChunk } from '../provider.ts'

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
  const unfinished = createFrameTail()
  let ended = false
  try {
    for (;;) {
      const { done, value } = await deadline.within(readChunk(reader, 'Claude'))
      if (done) break
      const bytes = unfinished.push(value)
      const events = decoder.push(value).map(readLeniently)
      ended ||= events.some((event) => event.type === 'message_stop' || event.type === 'error')
      // Pings show that the connection lives, not that the model does: they restart no clock.
      if (events.some((event) => event.type !== 'ping')) deadline.stage(idleMs, 'Claude sent nothing more')
      yield { bytes, events }
    }
    const tail = unfinished.take()
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

type FrameTail = {
  /** Takes bytes; returns all that is known up to the last blank line and keeps the rest back. */
  readonly push: (bytes: Uint8Array) => Uint8Array
  /** Returns what was kept back. */
  readonly take: () => Uint8Array
}

/** Looks at each byte once: an event of megabytes comes in thousands of pieces. */
function createFrameTail(): FrameTail {
  let pieces: Uint8Array[] = []
  /** The last bytes before the piece at hand: a blank line may lie across pieces. */
  let before: readonly [number, number] = [0, 0]
  const take = () => {
    const kept = join(pieces)
    pieces = []
    return kept
  }
  return {
    push(bytes) {
      if (bytes.byteLength === 0) return NOTHING
      const end = endOfLastFrame(bytes, before)
      before = [bytes.at(-2) ?? before[1], bytes.at(-1) ?? before[1]]
      if (end === 0) {
        pieces.push(bytes)
        return NOTHING
      }
      pieces.push(bytes.subarray(0, end))
      const whole = take()
      if (end < bytes.byteLength) pieces.push(bytes.subarray(end))
      return whole
    },
    take,
  }
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces
  if (pieces.length === 1 && only !== undefined) return only
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0))
  let offset = 0
  for (const piece of pieces) {
    joined.set(piece, offset)
    offset += piece.byteLength
  }
  return joined
}

/**
 * Returns the index after the last blank line that ends in `bytes`, in any of the three line endings; 0 if there is
 * none.
 * @param before the two bytes that came before these
 */
function endOfLastFrame(bytes: Uint8Array, before: readonly [number, number]): number {
  const at = (index: number) => bytes[index] ?? before[index + 2] ?? 0
  for (let index = bytes.byteLength - 1; index >= 0; index--) {
    const last = bytes[index]
    if (last !== LF && last !== CR) continue
    const previous = at(index - 1)
    if (last === LF && (previous === LF || (previous === CR && at(index - 2) === LF))) return index + 1
    if (last === CR && previous === CR) return index + 1
  }
  return 0
}

const NOTHING = new Uint8Array()
const LF = 10
const CR = 13
