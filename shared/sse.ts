/**
 * The one reader and writer of server-sent events (WHATWG HTML, section 9.2), on eventsource-parser.
 * Frames may be split at any byte, end in LF, CR or CRLF, and are bounded in size. Does not interpret data.
 */
import { createParser } from 'eventsource-parser'
import { RouterError } from './errors.ts'
import type { KnownEvent } from './events.ts'

/** One dispatched event. */
export type SseFrame = { readonly event: string | undefined; readonly data: string }

export type SseDecoder = {
  /** Takes bytes as they come; returns the frames that they completed. */
  readonly push: (bytes: Uint8Array) => SseFrame[]
}

/** An event longer than this is an attack or a bug: the container's are some hundred bytes. */
export const MAX_SSE_EVENT_CHARACTERS = 256 * 1024

/**
 * Returns an incremental decoder.
 * @param maxEventCharacters longest event that is buffered
 * @throws {RouterError} `push` throws `upstream` for a longer event and for bytes that are not UTF-8
 */
export function createSseDecoder(maxEventCharacters = MAX_SSE_EVENT_CHARACTERS): SseDecoder {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })
  let frames: SseFrame[] = []
  let overflow = false
  let endedInCarriageReturn = false
  const parser = createParser({
    maxBufferSize: maxEventCharacters,
    onEvent: ({ event, data }) => {
      // The parser bounds only what it holds back, not an event that arrives whole in one chunk.
      if (data.length > maxEventCharacters) overflow = true
      frames.push({ event, data })
    },
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') overflow = true
    },
  })
  // The text decoder takes the byte order mark; without this the parser would take a second one as Latin-1.
  parser.feed('')

  /** Ends every line in LF at once: the parser holds a CR back until more comes, which at the end is never. */
  const normaliseLineEndings = (text: string): string => {
    const rest = endedInCarriageReturn && text.startsWith('\n') ? text.slice(1) : text
    endedInCarriageReturn = text.endsWith('\r')
    return rest.includes('\r') ? rest.replaceAll(/\r\n?/g, '\n') : rest
  }

  return {
    push(bytes) {
      if (overflow) throw tooLong()
      let text: string
      try {
        text = decoder.decode(bytes, { stream: true })
      } catch (cause) {
        throw new RouterError('upstream', 'The upstream sent a stream that is not UTF-8.', { cause })
      }
      if (text !== '') parser.feed(normaliseLineEndings(text))
      if (overflow) throw tooLong()
      const ready = frames
      frames = []
      return ready
    },
  }
}

/**
 * Returns the frames of a text that holds whole ones in the form that Anthropic's servers write, a name and one line of data
 * each, or undefined where any of it has another form. The decoder says the same of it, and takes several times as long.
 */
export function plainFrames(text: string): SseFrame[] | undefined {
  const frames: SseFrame[] = []
  let from = 0
  while (from < text.length) {
    const end = text.indexOf('\n\n', from)
    const line = text.indexOf('\n', from)
    if (end === -1 || line === end || line === from + EVENT.length) return undefined
    if (!text.startsWith(EVENT, from) || !text.startsWith(DATA, line + 1)) return undefined
    const data = text.slice(line + 1 + DATA.length, end)
    // An event without data is none, as the standard says.
    if (data === '' || data.includes('\n')) return undefined
    frames.push({ event: text.slice(from + EVENT.length, line), data })
    from = end + 2
  }
  return text.includes('\r') ? undefined : frames
}

const EVENT = 'event: '
const DATA = 'data: '

/** Yields the frames of a byte stream; an unfinished frame at the end is dropped, as the standard says. */
export async function* decodeSse(
  bytes: AsyncIterable<Uint8Array>,
  maxEventCharacters = MAX_SSE_EVENT_CHARACTERS,
): AsyncGenerator<SseFrame> {
  const decoder = createSseDecoder(maxEventCharacters)
  for await (const chunk of bytes) yield* decoder.push(chunk)
}

/** Returns an event in Anthropic's framing: its type as the event name, itself as JSON. */
export function encodeSseEvent(event: KnownEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}

/**
 * Returns a comment line, which clients ignore and which shows that the connection lives. No blank line follows it:
 * that would end an event, and some clients take an event without data for a broken one.
 */
export function encodeSseComment(text: string): string {
  return `: ${text.replaceAll(/[\r\n]/g, ' ')}\n`
}

function tooLong(): RouterError {
  return new RouterError('upstream', 'The upstream sent an event that is too long.')
}
