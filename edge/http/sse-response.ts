/**
 * Turns a gateway's result into an event-stream response: heartbeats while nothing has been decided, then the bytes,
 * then nothing, or exactly one error event. Stops the upstream when the client disconnects.
 */
import { RouterError } from '../../shared/errors.ts'
import { encodeSseComment, encodeSseEvent } from '../../shared/sse.ts'
import { closesWith, type Pieces } from '../fallback/commit.ts'
import { settledWithin } from '../fallback/deadline.ts'
import type { GatewayResult } from '../gateway.ts'
import type { AnswerChunk, NonStreamingBody, StreamBody } from '../providers/provider.ts'

export const SSE_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
} as const

type Written = Uint8Array | string

/** How a surface (Messages, chat completions, Responses) writes what the gateway gives. */
export type StreamWriter = {
  /** May take its time where something must be done before the client reads on. */
  readonly chunk: (chunk: AnswerChunk) => Written | Promise<Written>
  /** One body where a stream was wanted: an upstream error. */
  readonly nonStreaming: (body: NonStreamingBody, status: number) => Uint8Array | string
  readonly error: (error: RouterError) => string
  /** Written after the last chunk. */
  readonly end: () => string
}

export const messagesStreamWriter: StreamWriter = {
  chunk: (chunk) => chunk.bytes,
  nonStreaming: (body) =>
    `event: error\ndata: ${new TextDecoder().decode(body.bytes).replaceAll(/[\r\n]+/g, ' ')}\n\n`,
  error: (error) => encodeSseEvent({ type: 'error', error: { type: error.type, message: error.message } }),
  end: () => '',
}

/** Yields the response's pieces once the result is there. Closing it, before its first read as well, closes the answer. */
export function writeStream(body: StreamBody, writer: StreamWriter): Pieces<Uint8Array | string> {
  const source = body.chunks[Symbol.asyncIterator]()
  let isWritten = false
  let isClosed = false
  const finish = async () => {
    isWritten = true
    if (!isClosed) {
      isClosed = true
      await source.return?.()
    }
    return END
  }
  const given = (value: Written) => ({ done: false, value }) as const
  const failed = async (error: unknown) => {
    isWritten = true
    return given(await writer.error(RouterError.from(error)))
  }
  const passed = ({ done, value }: IteratorResult<AnswerChunk, unknown>) => {
    try {
      if (done) {
        isWritten = true
        return given(writer.end())
      }
      const written = writer.chunk(value)
      return written instanceof Promise ? written.then(given, failed) : given(written)
    } catch (error) {
      return failed(error)
    }
  }
  /** Neither generators nor async functions: it is called for every chunk. */
  const pieces: Pieces<Written> = {
    next: () => (isWritten ? finish() : source.next().then(passed, failed)),
    return: finish,
    [Symbol.asyncIterator]: () => pieces,
  }
  return pieces
}

/**
 * Yields comments until the result is there, then what it holds: for streams whose headers had to be sent before
 * anything was decided.
 */
export function writeEarlyStream(
  result: Promise<GatewayResult>,
  writer: StreamWriter,
  heartbeatMs: number,
): Pieces<Uint8Array | string> {
  async function* pieces(): AsyncGenerator<Uint8Array | string> {
    yield encodeSseComment('waiting')
    for (;;) {
      const settled = await settledWithin(result, heartbeatMs)
      if (settled === undefined) {
        yield encodeSseComment('waiting')
        continue
      }
      if (settled.error !== undefined) yield writer.error(settled.error)
      else if (settled.body.kind === 'stream') yield* writeStream(settled.body, writer)
      else yield writer.nonStreaming(settled.body, settled.status)
      return
    }
  }
  // The client may disconnect while nobody has answered yet: what is opened after that is closed at once.
  return closesWith(pieces(), () => {
    void result.then(({ body }) => (body?.kind === 'stream' ? closeChunks(body) : undefined))
  })
}

const END = { done: true, value: undefined } as const

async function closeChunks({ chunks }: StreamBody): Promise<void> {
  await chunks[Symbol.asyncIterator]().return?.()
}

/**
 * Returns a body that pulls pieces as the client reads them.
 * @param onDisconnect called when the client goes away before the end
 */
export function streamBody(
  pieces: Pieces<Uint8Array | string>,
  onDisconnect: () => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const given = ({ done, value }: IteratorResult<Written, unknown>): void | Promise<void> => {
          if (done) return controller.close()
          if (value.length === 0) return pieces.next().then(given)
          return controller.enqueue(typeof value === 'string' ? encoder.encode(value) : value)
        }
        return pieces.next().then(given)
      },
      cancel() {
        onDisconnect()
        // The generator ends by itself once its upstream has been aborted; it is not waited for here.
        pieces.return().catch(() => {})
      },
    },
    { highWaterMark: 0 },
  )
}
