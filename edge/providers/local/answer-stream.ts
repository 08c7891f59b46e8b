/**
 * One local answer from bytes to what the client gets: events without thoughts, encoded, up to `message_stop`. Keeps the
 * stages of the deadline and the verdict on the server. Does not ask, and does not decide when to commit.
 */
import { RouterError } from '../../../shared/errors.ts'
import { isContent, type KnownEvent, type StreamEvent } from '../../../shared/events.ts'
import { createSseDecoder, encodeSseEvent } from '../../../shared/sse.ts'
import type { Deadline } from '../../fallback/deadline.ts'
import type { Deadlines } from '../../settings/core-settings.ts'
import { type AnswerChunk, readChunk } from '../provider.ts'
import type { LocalReader } from './protocol.ts'
import { createThoughtFilter } from './thoughts.ts'
import { errorOfEvent } from './upstream-errors.ts'

/** One verdict on the server for each request: that it answered to the end, or how it failed. */
export type Report = { readonly succeeded: () => void; readonly failed: (error: RouterError) => void }

export type AnswerStreamOptions = {
  readonly reader: LocalReader
  readonly deadlines: Pick<Deadlines, 'firstContentMs' | 'idleMs'>
  /** In the stage in which the first content is due. */
  readonly deadline: Deadline
  readonly report: Report
  /** Whether error events are our own container's. */
  readonly fromContainer: boolean
}

/** Yields the answer's pieces; ends at `message_stop`. @throws {RouterError} however else it ends */
export async function* readAnswer(
  body: ReadableStream<Uint8Array>,
  options: AnswerStreamOptions,
): AsyncGenerator<AnswerChunk> {
  const { deadlines, deadline, report, fromContainer } = options
  const reader = body.getReader()
  const decoder = createSseDecoder()
  const thoughts = createThoughtFilter()
  let started = false
  try {
    for (;;) {
      const { done, value } = await deadline.within(readChunk(reader, 'the local model'))
      const events = done
        ? options.reader.end()
        : decoder.push(value).flatMap((frame) => options.reader.push(frame))
      for (const event of events) {
        if (event.type === 'error') throw errorOfEvent(event, fromContainer)
        const shown = thoughts.push(event)
        started ||= shown.some(isContent)
        // Only what the model makes shows that it lives, its thoughts included; pings and empty pieces are the server's.
        if (isContent(event))
          if (started) deadline.stage(deadlines.idleMs, 'The local model wrote nothing more')
          else deadline.stage(deadlines.firstContentMs, 'The local model wrote nothing')
        if (event.type === 'message_stop') report.succeeded()
        yield* shown.map(encode)
        if (event.type === 'message_stop') return
      }
      if (done) throw new RouterError('upstream', 'The local model ended its answer before it was complete.')
    }
  } catch (error) {
    const known = RouterError.from(error)
    // A model that wrote to the last moment was asked for more than there is time for: no fault of the server's.
    if (!started || !deadline.totalPassed()) report.failed(known)
    throw known
  } finally {
    // What is not told yet tells nothing of the server: whoever closes the iteration before its end has disconnected.
    report.failed(new RouterError('cancelled', 'The client closed the connection.'))
    reader.cancel().catch(() => {})
    deadline.cancel()
  }
}

const encoder = new TextEncoder()

/** Events of types that this version does not know stay here: no client was promised them. */
function encode(event: StreamEvent): AnswerChunk {
  const bytes =
    event.type === 'unknown' ? new Uint8Array() : encoder.encode(encodeSseEvent(withoutLogprob(event)))
  return { bytes, events: [event] }
}

/** `logprob` is a word between container and edge; no Messages client knows it. */
function withoutLogprob(event: KnownEvent): KnownEvent {
  if (event.type !== 'content_block_delta' || event.delta.logprob === undefined) return event
  const { logprob: _logprob, ...delta } = event.delta
  return { ...event, delta }
}
