/**
 * Ends an answer at texts that no model takes as stop sequences (white space only), as a model would: the text before
 * them, `stop_reason: stop_sequence`, and nothing of the upstream after that. Does not choose the texts.
 */
import { createMessageFold, type KnownEvent, type StreamEvent } from '../shared/events.ts'
import type { ContentBlock, Message } from '../shared/messages.ts'
import { createStopMatcher } from '../shared/stop-sequences.ts'
import { estimateTokens } from '../shared/tokens.ts'
import { closesWith } from './fallback/commit.ts'
import type { Answer, AnswerChunk, NonStreamingBody, StreamBody } from './providers/provider.ts'

/**
 * Returns the answer up to the first of `stops`. Chunks of a cut stream have events and no bytes: only requests that
 * were translated are cut, and their surface writes bytes of its own.
 */
export function cutAnswer(answer: Answer, stops: readonly string[]): Answer {
  if (stops.length === 0) return answer
  const { body } = answer
  return { ...answer, body: body.kind === 'stream' ? cutStream(body, stops) : cutMessage(body, stops) }
}

function cutMessage(body: NonStreamingBody, stops: readonly string[]): NonStreamingBody {
  const { message, events } = body
  if (message === undefined) return body
  const content = message.content.map((block) => createStopMatcher(stops).push(blockText(block)))
  const last = content.findIndex(({ stopped }) => stopped !== null)
  const match = content[last]
  const block = message.content[last]
  if (match === undefined || block === undefined) return body
  const cut: Message = {
    ...message,
    content: [...message.content.slice(0, last), { ...block, text: match.text }],
    stop_reason: 'stop_sequence',
    stop_sequence: match.stopped,
  }
  return {
    kind: 'non_streaming',
    bytes: new TextEncoder().encode(JSON.stringify(cut)),
    message: cut,
    ...(events === undefined ? {} : { events: events.flatMap(createEventCutter(stops).push) }),
  }
}

function blockText(block: ContentBlock): string {
  return block.type === 'text' ? (block.text ?? '') : ''
}

function cutStream({ chunks, begun }: StreamBody, stops: readonly string[]): StreamBody {
  const source = chunks[Symbol.asyncIterator]()
  const cutter = createEventCutter(stops)
  async function* pieces(): AsyncGenerator<AnswerChunk> {
    while (!cutter.stopped()) {
      const next = await source.next()
      if (next.done) return
      yield { bytes: NOTHING, events: next.value.events.flatMap(cutter.push) }
    }
  }
  return { kind: 'stream', chunks: closesWith(pieces(), () => source.return?.()), begun }
}

type EventCutter = {
  /** Takes the next event; returns what is left of it. After a stop nothing is. */
  readonly push: (event: StreamEvent) => StreamEvent[]
  readonly stopped: () => boolean
}

function createEventCutter(stops: readonly string[]): EventCutter {
  const matcher = createStopMatcher(stops)
  const fold = createMessageFold()
  let stopped = false
  /** The block that text held back belongs to. */
  let textAt = 0

  const text = (piece: string, like: object = {}): KnownEvent[] =>
    piece === ''
      ? []
      : [
          {
            type: 'content_block_delta',
            index: textAt,
            delta: { ...like, type: 'text_delta', text: piece },
          },
        ]

  const end = (stop: string): KnownEvent[] => {
    stopped = true
    const written = fold.message()?.content.map(blockText) ?? []
    return [
      { type: 'content_block_stop', index: textAt },
      {
        type: 'message_delta',
        delta: { stop_reason: 'stop_sequence', stop_sequence: stop },
        // The upstream is closed before it counts.
        usage: { output_tokens: estimateTokens(written.join('')) },
      },
      { type: 'message_stop' },
    ]
  }

  return {
    push(event) {
      if (stopped) return []
      fold.add(event)
      // Whatever stands beside the text, such as a ping, may come between the halves of a stop.
      if (ENDS_OF_TEXT.has(event.type)) return [...text(matcher.flush()), event]
      if (event.type !== 'content_block_delta' || event.delta.type !== 'text_delta') return [event]
      textAt = event.index
      const match = matcher.push(event.delta.text ?? '')
      const passed = text(match.text, event.delta)
      return match.stopped === null ? passed : [...passed, ...end(match.stopped)]
    },
    stopped: () => stopped,
  }
}

const ENDS_OF_TEXT: ReadonlySet<string> = new Set([
  'content_block_stop',
  'message_delta',
  'message_stop',
  'error',
])
const NOTHING = new Uint8Array()
