/**
 * Watches a streamed answer on its way to the client: what it amounts to, when its content began and how it ended. Passes
 * chunks on as they are; whoever is told of the end decides what to keep of it.
 */
import { RouterError } from '../shared/errors.ts'
import { createMessageFold, isContent, type StreamEvent } from '../shared/events.ts'
import type { Message } from '../shared/messages.ts'
import { closesWith, type Pieces, type Source } from './fallback/commit.ts'
import type { AnswerChunk, StreamBody } from './providers/provider.ts'

export type ObservedEnd = {
  readonly outcome: 'completed' | 'broken' | 'cancelled'
  /** As far as it came. */
  readonly message: Message | undefined
  /** Whether the message equals the stream: every event was known and in its place. */
  readonly exact: boolean
  /** Milliseconds since the epoch; undefined where no content came. */
  readonly firstContentAt: number | undefined
  readonly errorCode: string | undefined
}

export type ObserveOptions = {
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Called exactly once. */
  readonly onEnd: (end: ObservedEnd) => void
}

/**
 * Returns the chunks up to the terminal event. The end is told then, or when the stream breaks, is closed or its client
 * disconnects, also where nobody has begun to read it or ever will.
 */
export function observeAnswer(
  { chunks, begun }: StreamBody,
  { signal, now, onEnd }: ObserveOptions,
): Pieces<AnswerChunk> {
  const source = chunks[Symbol.asyncIterator]()
  const fold = createMessageFold()
  let firstContentAt: number | undefined
  let ended = false
  const end = (outcome: ObservedEnd['outcome'], errorCode?: string) => {
    if (ended) return
    ended = true
    signal.removeEventListener('abort', disconnected)
    onEnd({ outcome, message: fold.message() ?? begun, exact: fold.exact(), firstContentAt, errorCode })
  }
  const note = (event: StreamEvent) => {
    fold.add(event)
    if (isContent(event)) firstContentAt ??= now()
    // Whatever becomes of the connection afterwards, of either side, is no part of the answer.
    if (event.type === 'error') end('broken', event.error.type)
    else if (fold.finished()) end('completed')
  }
  const passed = (result: IteratorResult<AnswerChunk, unknown>) => {
    if (result.done) end('broken')
    else for (const event of result.value.events) note(event)
    return result
  }
  const failed = (error: unknown) => {
    const known = RouterError.from(error)
    end(known.code === 'cancelled' ? 'cancelled' : 'broken', known.code)
    throw known
  }
  const pieces: Source<AnswerChunk> = {
    next: () => (ended ? Promise.resolve(END) : source.next().then(passed, failed)),
    return: async () => END,
  }
  const close = async () => {
    end('cancelled')
    await source.return?.()
  }
  const disconnected = () => void close().catch(() => {})
  if (signal.aborted) disconnected()
  else signal.addEventListener('abort', disconnected, { once: true })
  return closesWith(pieces, close)
}

const END = { done: true, value: undefined } as const
