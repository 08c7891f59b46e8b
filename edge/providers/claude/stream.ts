/**
 * Reads a Claude stream: passes its bytes on untouched up to its terminal event and, beside that, reads what they mean.
 * The tap is lenient: bytes that it does not understand are passed on, never an error.
 */
import { RouterError } from '../../../shared/errors.ts'
import { parseStreamEvent, type StreamEvent } from '../../../shared/events.ts'
import { createSseDecoder, encodeSseEvent, plainFrames, type SseFrame } from '../../../shared/sse.ts'
import type { ErrorEvent, Pieces } from '../../fallback/commit.ts'
import type { Deadline } from '../../fallback/deadline.ts'
import { type AnswerChunk, brokenConnection } from '../provider.ts'
import { ownWords } from './upstream-errors.ts'

/** Results of server tools and encrypted thinking come as single events of megabytes; longer ones are passed on unread. */
const MAX_EVENT_BYTES = 8 * 1024 * 1024

/** Node's types have no name for it, of which the library's are made. */
type Read = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>>

/**
 * Gives the stream in chunks as they come, each ending with a whole frame: if Claude breaks off inside one, the
 * error event that follows stands by itself. `message_stop` or an error event is the end: nothing after it is read.
 * @param idleMs longest silence, ms; pings are no progress but keep the connection
 * @param isAnthropic whether the text of an error event may reach the client as it is
 * @throws {RouterError} `upstream` if the stream ends without `message_stop` or an error event
 */
export function readClaudeStream(
  body: ReadableStream<Uint8Array>,
  deadline: Deadline,
  idleMs: number,
  isAnthropic: boolean,
): Pieces<AnswerChunk> {
  const reader = body.getReader()
  const unfinished = createFrameTail()
  let isOver = false
  const stopReading = () => {
    isOver = true
    reader.cancel().catch(() => {})
  }
  const passed = ({ done, value }: Read): IteratorResult<AnswerChunk> => {
    // Some servers leave out the blank line after their last event; its bytes are passed on as they are.
    const bytes = done ? unfinished.take() : unfinished.push(value)
    const chunk = readFrames(bytes, done)
    const last = chunk.events.at(-1)
    // Pings show that the connection lives, not that the model does: they restart no clock.
    if (last !== undefined && chunk.events.some(isProgress))
      deadline.stage(idleMs, 'Claude sent nothing more')
    if (last !== undefined && isTerminal(last)) {
      stopReading()
      deadline.done()
      return {
        done: false,
        value: last.type === 'error' && !isAnthropic ? withOwnWords(chunk, last) : chunk,
      }
    }
    if (done) throw new RouterError('upstream', 'Claude ended its answer before it was complete.')
    return { done: false, value: chunk }
  }
  const close = () => {
    if (!isOver) stopReading()
    deadline.cancel()
  }
  let ending: RouterError | undefined
  const failed = (error: unknown): IteratorResult<AnswerChunk> => {
    close()
    const failure = error instanceof RouterError ? error : brokenConnection('Claude', error)
    if (!unfinished.isInsideFrame()) throw failure
    // An event too long to be kept back has been passed on in part: what says that it failed must not become a part of it.
    ending = failure
    return { done: false, value: { bytes: END_OF_FRAME, events: [] } }
  }
  const ended = () => {
    if (ending === undefined) return Promise.resolve(END)
    const failure = ending
    ending = undefined
    return Promise.reject(failure)
  }
  const passedOrFailed = (result: Read) => {
    try {
      return passed(result)
    } catch (error) {
      return failed(error)
    }
  }
  /** Neither generators nor async functions: it is called for every chunk. */
  const pieces: Pieces<AnswerChunk> = {
    next: () => (isOver ? ended() : deadline.reading(reader.read()).then(passedOrFailed, failed)),
    async return() {
      close()
      return END
    },
    [Symbol.asyncIterator]: () => pieces,
  }
  return pieces
}

function isProgress(event: StreamEvent): boolean {
  return event.type !== 'ping'
}

const END = { done: true, value: undefined } as const

function isTerminal(event: StreamEvent): boolean {
  return event.type === 'message_stop' || event.type === 'error'
}

type FramedChunk = AnswerChunk & {
  /** Where the frame of the last event begins, in chunks that hold a terminal one. */
  readonly lastFrameStart: number
}

/** Returns what whole frames say, cut after a terminal event. */
function readFrames(bytes: Uint8Array, isEnd: boolean): FramedChunk {
  const whole = (part: Uint8Array) => (isEnd ? join([part, END_OF_FRAME]) : part)
  const events = eventsIn(whole(bytes))
  const end = events.findIndex(isTerminal)
  if (end === -1) return { bytes, events, lastFrameStart: 0 }
  // Only the chunk with the end is read frame by frame, to find the byte where it ends.
  let from = 0
  let lastFrameStart = 0
  let seen = 0
  while (from < bytes.byteLength && seen <= end) {
    lastFrameStart = from
    from = endOfFirstFrame(bytes, from)
    seen += eventsIn(whole(bytes.subarray(lastFrameStart, from))).length
  }
  return { bytes: bytes.subarray(0, from), events: events.slice(0, end + 1), lastFrameStart }
}

/** Servers that only speak Anthropic's protocol may put host names and the like into their errors. */
function withOwnWords(chunk: FramedChunk, { error }: ErrorEvent): AnswerChunk {
  const own = { type: 'error', error: ownWords(error.type) } as const
  const before = chunk.bytes.subarray(0, chunk.lastFrameStart)
  return {
    bytes: join([before, new TextEncoder().encode(encodeSseEvent(own))]),
    events: [...chunk.events.slice(0, -1), own],
  }
}

/** What the tap cannot read makes the record inexact, and changes nothing of what the client gets. */
function eventsIn(bytes: Uint8Array): StreamEvent[] {
  if (bytes.byteLength === 0) return []
  if (bytes.byteLength > MAX_EVENT_BYTES && endOfLastFrame(bytes, [0, 0]) === 0) return [UNREAD]
  try {
    const frames = plainFrames(decoder.decode(bytes)) ?? createSseDecoder(MAX_EVENT_BYTES).push(bytes)
    return frames.map(readLeniently)
  } catch {
    return [UNREAD]
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

function readLeniently({ event, data }: SseFrame): StreamEvent {
  try {
    return parseStreamEvent(data, event)
  } catch {
    // A terminal event ends the stream even if its data is incomplete: waiting for another would turn a complete answer into a broken one, and
    // let others follow an error.
    if (event === 'message_stop') return { type: 'message_stop' }
    if (event === 'error') return { type: 'error', error: { type: 'api_error', message: '' } }
    return { type: 'unknown', name: event ?? '', data }
  }
}

type FrameTail = {
  /** Takes bytes; returns all that is known up to the last blank line and keeps the rest back, up to a limit. */
  readonly push: (bytes: Uint8Array) => Uint8Array
  /** Returns what was kept back. */
  readonly take: () => Uint8Array
  /** Whether what `push` returned last ends inside a frame: it was longer than the limit. */
  readonly isInsideFrame: () => boolean
}

/** Looks at each byte once: an event of megabytes comes in thousands of pieces. */
function createFrameTail(): FrameTail {
  let pieces: Uint8Array[] = []
  let size = 0
  /** The last bytes before the piece at hand: a blank line may lie across pieces. */
  let before: readonly [number, number] = [0, 0]
  let isInside = false
  const take = () => {
    const kept = join(pieces)
    pieces = []
    size = 0
    return kept
  }
  const keep = (bytes: Uint8Array) => {
    if (bytes.byteLength === 0) return
    pieces.push(bytes)
    size += bytes.byteLength
  }
  return {
    push(bytes) {
      if (bytes.byteLength === 0) return NOTHING
      const end = endOfLastFrame(bytes, before)
      before = [bytes.at(-2) ?? before[1], bytes.at(-1) ?? before[1]]
      keep(bytes.subarray(0, end === 0 ? bytes.byteLength : end))
      if (end === 0) {
        if (size <= MAX_EVENT_BYTES) return NOTHING
        isInside = true
        return take()
      }
      isInside = false
      const frames = take()
      keep(bytes.subarray(end))
      return frames
    },
    take,
    isInsideFrame: () => isInside,
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

/** Returns the index after the first blank line from `from` on; the length if there is none. */
function endOfFirstFrame(bytes: Uint8Array, from: number): number {
  let lineStart = from
  for (let index = from; index < bytes.byteLength; index++) {
    const byte = bytes[index]
    if (byte !== LF && byte !== CR) continue
    const isBlank = index === lineStart
    if (byte === CR && bytes[index + 1] === LF) index++
    if (isBlank) return index + 1
    lineStart = index + 1
  }
  return bytes.byteLength
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

const UNREAD: StreamEvent = { type: 'unknown', name: '', data: undefined }
const NOTHING = new Uint8Array()
const END_OF_FRAME = new Uint8Array([10, 10])
const LF = 10
const CR = 13
