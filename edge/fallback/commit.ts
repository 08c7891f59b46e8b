/**
 * Commit at the first content: holds the beginning of an answer back until it has something to read, so that whatever
 * fails before can still be answered by another target. Written once, for every provider. Knows no wire format.
 */
import { RouterError } from '../../shared/errors.ts'
import { isContent, type StreamEvent } from '../../shared/events.ts'

/** An error event of the upstream, as it came. */
export type ErrorEvent = Extract<StreamEvent, { type: 'error' }>

/** What an iteration gives that can be closed at any time, its first read included. */
export type Pieces<T> = AsyncIterableIterator<T> & {
  readonly return: () => Promise<IteratorResult<T, unknown>>
}

/** What can be read and closed: a generator, or what is written out as one because it is called for every chunk. */
export type Source<T> = {
  readonly next: () => Promise<IteratorResult<T, unknown>>
  readonly return: (value: undefined) => Promise<IteratorResult<T, unknown>>
}

export type Commitment<T> =
  | { readonly committed: true; readonly pieces: Pieces<T> }
  /** The upstream reported an error before there was content; its stream is closed. */
  | { readonly committed: false; readonly error: ErrorEvent }

export type CommitOptions<T> = {
  readonly eventsOf: (piece: T) => readonly StreamEvent[]
  /** Whether an answer that ends for this reason without any content is an answer. */
  readonly acceptsEmpty: (stopReason: string | null | undefined) => boolean
  /** Commits this long after the first piece even if no content has followed, ms; absent: waits for content. */
  readonly longestHoldMs?: number
  /** Ends a read of the source that is under way; without it, closing waits for that read. */
  readonly abort?: () => void
}

/**
 * Reads `source` up to its first content and returns all of it, what was held back included. Returning the pieces early
 * closes the source, also before their first has been read.
 * @throws {RouterError} `empty_answer` for an answer without content, or what the source throws
 */
export async function commitAtContent<T>(
  source: Source<T>,
  { eventsOf, acceptsEmpty, longestHoldMs, abort = () => {} }: CommitOptions<T>,
): Promise<Commitment<T>> {
  const held: T[] = []
  let stopReason: string | null | undefined
  let hold: Promise<'held'> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    for (;;) {
      const next = source.next()
      next.catch(() => {})
      const first = await (hold === undefined ? next : Promise.race([next, hold]))
      if (first === 'held') return { committed: true, pieces: resume(held, source, abort, next) }
      if (first.done) throw emptyAnswer()
      held.push(first.value)
      for (const event of eventsOf(first.value)) {
        if (event.type === 'error') {
          await source.return(undefined)
          return { committed: false, error: event }
        }
        if (isContent(event)) return { committed: true, pieces: resume(held, source, abort) }
        if (event.type === 'message_delta') stopReason = event.delta.stop_reason
        if (event.type !== 'message_stop') continue
        if (acceptsEmpty(stopReason)) return { committed: true, pieces: resume(held, source, abort) }
        await source.return(undefined)
        throw emptyAnswer()
      }
      if (longestHoldMs !== undefined)
        hold ??= new Promise((resolve) => {
          timer = setTimeout(() => resolve('held'), longestHoldMs)
        })
    }
  } finally {
    if (timer !== undefined) clearTimeout(timer)
  }
}

/**
 * Gives the held pieces, then a read that was begun already, then the rest. A source that ends or fails by itself has closed
 * itself: only a reader who leaves has to close it.
 */
function resume<T>(
  held: readonly T[],
  source: Source<T>,
  abort: () => void,
  pending?: Promise<IteratorResult<T, unknown>>,
): Pieces<T> {
  const given = held.values()
  let isGiven = false
  let begun = pending
  let isClosed = false
  const pieces: Pieces<T> = {
    next() {
      if (isClosed) return Promise.resolve(END)
      if (!isGiven) {
        const first = given.next()
        if (!first.done) return Promise.resolve(first)
        isGiven = true
      }
      const next = begun ?? source.next()
      begun = undefined
      return next
    },
    async return() {
      if (isClosed) return END
      isClosed = true
      abort()
      return await source.return(undefined)
    },
    [Symbol.asyncIterator]: () => pieces,
  }
  return pieces
}

/**
 * Returns `source` with `close` called when it ends, however it ends. A generator's own `finally` does not run when
 * it is returned before its first read, as it is where a client disconnects at once.
 */
export function closesWith<T>(source: Source<T>, close: () => unknown): Pieces<T> {
  let closed = false
  const ended = async () => {
    if (closed) return
    closed = true
    await close()
  }
  const failed = async (error: unknown) => {
    await ended()
    throw error
  }
  const passed = (
    result: IteratorResult<T, unknown>,
  ): IteratorResult<T, unknown> | Promise<IteratorResult<T, unknown>> =>
    result.done ? ended().then(() => result) : result
  const guarded: Pieces<T> = {
    // No generator and no async function: this is called for every chunk.
    next: () => (closed ? Promise.resolve(END) : source.next().then(passed, failed)),
    async return() {
      // The source is closed first: a read that waits inside a generator would keep its return waiting.
      await ended()
      return source.return(undefined)
    },
    [Symbol.asyncIterator]: () => guarded,
  }
  return guarded
}

const END = { done: true, value: undefined } as const

function emptyAnswer(): RouterError {
  return new RouterError('empty_answer', 'The model gave an empty answer.')
}
