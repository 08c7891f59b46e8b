/**
 * Watches a streamed answer on its way to the client: what it amounts to, when its content began and how it ended. Passes
 * chunks on as they are; whoever is told of the end decides what to keep of it.
 */
import { RouterError } from '../shared/errors.ts'
import { createMessageFold, isContent, type StreamEvent } from '../shared/events.ts'
import type { Message } from '../shared/messages.ts'
import type { Pieces } from './fallback/commit.ts'
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
    onEnd({ outcome, message: fold.message() ?? begun, exact: fold.exact(), firstContentAt, errorCode })
  }
  const note = (event: StreamEvent) => {
    fold.add(event)
    if (isContent(event)) firstContentAt ??= now()
    // Whatever becomes of the connection afterwards, of either side, is no part of the answer.
    if (event.type === 'error') end('broken', event.error.type)
    else if (fold.finished()) end('completed')
  }
  let isClosed = false
  const close = async () => {
    end('cancelled')
    if (isClosed) return
    isClosed = true
    signal.removeEventListener('abort', disconnected)
    await source.return?.()
  }
  const finish = () => close().then(() => END)
  type Result = IteratorResult<AnswerChunk, unknown>
  const passed = (result: Result): Result | Promise<Result> => {
    if (result.done) {
      end('broken')
      return finish()
    }
    for (const event of result.value.events) note(event)
    return result
  }
  const failed = async (error: unknown) => {
    const known = RouterError.from(error)
    end(known.code === 'cancelled' ? 'cancelled' : 'broken', known.code)
    await close()
    throw known
  }
  /** Neither generators nor async functions: it is called for every chunk. */
  const pieces: Pieces<AnswerChunk> = {
    next: () => (ended ? finish() : source.next().then(passed, failed)),
    return: finish,
    [Symbol.asyncIterator]: () => pieces,
  }
  const disconnected = () => void close().catch(() => {})
  if (signal.aborted) disconnected()
  else signal.addEventListener('abort', disconnected, { once: true })
  return pieces
}

const END = { done: true, value: undefined } as const
