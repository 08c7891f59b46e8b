import { expect, test, vi } from 'vitest'
import { openEventStream } from '../../../inference/http/event-stream.ts'
import { createAsyncQueue } from '../../../inference/serving/async-queue.ts'
import { RouterError } from '../../../shared/errors.ts'
import type { KnownEvent } from '../../../shared/events.ts'

const STOP: KnownEvent = { type: 'message_stop' }
const options = { requestId: 'req_1', pingIntervalMs: 60_000, onCancel: () => {} }

async function readAll(stream: ReadableStream<Uint8Array>): Promise<string> {
  return await new Response(stream).text()
}

test('ends with an error event where the source fails while nobody reads', async () => {
  const unhandled = vi.fn()
  process.on('unhandledRejection', unhandled)
  const events = createAsyncQueue<KnownEvent>()
  events.push({ type: 'ping' })
  const stream = await openEventStream(events, options)
  const reader = stream.getReader()
  await reader.read()
  events.fail(new RouterError('unavailable', 'The local model stopped.'))
  // Unhandled rejections are told after the microtasks of a turn.
  await new Promise((resolve) => setImmediate(resolve))
  const { value } = await reader.read()
  expect(new TextDecoder().decode(value)).toMatch(
    /^event: error\ndata: .*The local model stopped\..*"request_id":"req_1"/,
  )
  expect(await reader.read()).toMatchObject({ done: true })
  process.off('unhandledRejection', unhandled)
  expect(unhandled).not.toHaveBeenCalled()
})

test('a failure before the first event is thrown, so that it gets a status', async () => {
  const events = createAsyncQueue<KnownEvent>()
  events.fail(new RouterError('overloaded', 'Full.'))
  await expect(openEventStream(events, options)).rejects.toMatchObject({ code: 'overloaded' })
})

test('pings while nothing comes, and tells when the reader leaves', async () => {
  const left = vi.fn()
  const events = createAsyncQueue<KnownEvent>()
  const stream = await openEventStream(events, { ...options, pingIntervalMs: 1, onCancel: left })
  const reader = stream.getReader()
  const { value } = await reader.read()
  expect(new TextDecoder().decode(value)).toContain('event: ping')
  await reader.cancel()
  expect(left).toHaveBeenCalledOnce()
})

test('closes after the last event', async () => {
  const events = createAsyncQueue<KnownEvent>()
  events.push(STOP)
  events.end()
  const text = await readAll(await openEventStream(events, options))
  expect(text).toBe('event: message_stop\ndata: {"type":"message_stop"}\n\n')
})
