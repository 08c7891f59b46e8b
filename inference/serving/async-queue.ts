/**
 * A queue between a producer that calls and a consumer that awaits.
 * Unbounded: producers here are bounded by a request's token limit.
 */

export type AsyncQueue<T> = AsyncIterable<T> & {
  readonly push: (value: T) => void
  /** Ends the iteration after what is queued. */
  readonly end: () => void
  /** Makes the iteration throw `error` after what is queued. */
  readonly fail: (error: unknown) => void
}

/** Returns an empty queue for one consumer; calls after `end` or `fail` change nothing. */
export function createAsyncQueue<T>(): AsyncQueue<T> {
  const values: T[] = []
  let outcome: { readonly error?: unknown } | undefined
  let wake: (() => void) | undefined
  const settle = (result: { readonly error?: unknown }) => {
    outcome ??= result
    wake?.()
  }
  return {
    push(value) {
      if (outcome) return
      values.push(value)
      wake?.()
    },
    end: () => settle({}),
    fail: (error) => settle({ error }),
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const value = values.shift()
        if (value !== undefined) {
          yield value
          continue
        }
        if (outcome && 'error' in outcome) throw outcome.error
        if (outcome) return
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        wake = undefined
      }
    },
  }
}
