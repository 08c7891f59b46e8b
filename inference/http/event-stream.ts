/**
 * Events as a server-sent byte stream: pings while nothing comes, one error event where the source fails.
 * A failure before the first event is thrown instead, so that it becomes a proper HTTP status.
 */
import { errorBody, RouterError } from '../../shared/errors.ts'
import type { KnownEvent } from '../../shared/events.ts'
import { encodeSseEvent } from '../../shared/sse.ts'

/** Proxies cut silent connections after 100 s and more; clients begin to doubt much earlier. */
export const PING_INTERVAL_MS = 10_000
/** Whoever waits for headers learns by then that the request was taken, and refused at once it would have been told so. */
const HEADERS_WITHIN_MS = 1_000

export type EventStreamOptions = {
  readonly requestId: string
  readonly pingIntervalMs: number
  /** Called when the reader disconnects. */
  readonly onCancel: () => void
}

/** Resolves with the stream when the first event is there or headers are due; rejects if the source fails before. */
export async function openEventStream(
  events: AsyncIterable<KnownEvent>,
  { requestId, pingIntervalMs, onCancel }: EventStreamOptions,
): Promise<ReadableStream<Uint8Array>> {
  const encoder = new TextEncoder()
  const iterator = events[Symbol.asyncIterator]()
  const take = () => {
    const coming = iterator.next()
    // Nobody may be waiting when it fails: a slow reader sees it later, one that has disconnected never.
    coming.catch(() => {})
    return coming
  }
  let next = take()
  await beforePing(next, Math.min(pingIntervalMs, HEADERS_WITHIN_MS))

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const send = (event: KnownEvent) => controller.enqueue(encoder.encode(encodeSseEvent(event)))
        try {
          const result = await beforePing(next, pingIntervalMs)
          if (result === 'silence') send({ type: 'ping' })
          else if (result.done) controller.close()
          else {
            send(result.value)
            next = take()
          }
        } catch (error) {
          const known = RouterError.from(error)
          const { error: body } = errorBody(known)
          // The status has been sent; the code tells the router what it would have been, such as declined.
          send({ type: 'error', error: { ...body, code: known.code }, request_id: requestId })
          controller.close()
        }
      },
      cancel: onCancel,
    },
    { highWaterMark: 0 },
  )
}

async function beforePing<T>(next: Promise<T>, intervalMs: number): Promise<T | 'silence'> {
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<'silence'>((resolve) => {
    timer = setTimeout(() => resolve('silence'), intervalMs)
  })
  try {
    return await Promise.race([next, silence])
  } finally {
    clearTimeout(timer)
  }
}
