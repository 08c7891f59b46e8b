/** When a stream is committed to, what counts as an answer, and that it can be closed at any moment. */
import { expect, test } from 'vitest'
import { type CommitOptions, commitAtContent, type Pieces } from '../../../edge/fallback/commit.ts'
import { replay, type StreamEvent } from '../../../shared/events.ts'
import { localMessage } from '../../support/edge/messages.ts'

const events = [...replay(localMessage())]
const firstContent = events.findIndex(({ type }) => type === 'content_block_delta')
const beginning = events.slice(0, firstContent)
const empty = (stopReason: string) => [...replay(localMessage({ content: [], stop_reason: stopReason }))]

function upstreamOf(items: readonly StreamEvent[], end: Promise<void> = Promise.resolve()) {
  const upstream = { read: 0, ended: false }
  async function* generate(): AsyncGenerator<StreamEvent> {
    try {
      for (const item of items) {
        upstream.read++
        yield item
      }
      await end
    } finally {
      upstream.ended = true
    }
  }
  const commit = (options: Partial<CommitOptions<StreamEvent>> = {}) =>
    commitAtContent(generate(), { eventsOf: (event) => [event], acceptsEmpty: () => false, ...options })
  return { upstream, commit }
}

async function piecesOf(
  commitment: ReturnType<typeof commitAtContent<StreamEvent>>,
): Promise<Pieces<StreamEvent>> {
  const result = await commitment
  if (!result.committed) throw new Error('not committed')
  return result.pieces
}

async function all<T>(pieces: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const piece of pieces) found.push(piece)
  return found
}

test('reads up to the first content and no further, and then gives everything in order', async () => {
  const { upstream, commit } = upstreamOf(events)
  const pieces = await piecesOf(commit())
  expect(upstream.read).toBe(firstContent + 1)
  expect(await all(pieces)).toEqual(events)
  expect(upstream.ended).toBe(true)
})

test('takes an answer without content for one where its end says so, and else for a fault', async () => {
  const acceptsEmpty = (reason: unknown) => reason === 'stop_sequence'
  const stopped = empty('stop_sequence')
  expect(await all(await piecesOf(upstreamOf(stopped).commit({ acceptsEmpty })))).toEqual(stopped)
  for (const items of [empty('end_turn'), beginning, []]) {
    const { upstream, commit } = upstreamOf(items)
    await expect(commit({ acceptsEmpty })).rejects.toMatchObject({ code: 'empty_answer' })
    expect(upstream.ended).toBe(true)
  }
})

test('gives an error event that comes before the content to its caller, and closes the upstream', async () => {
  const event: StreamEvent = { type: 'error', error: { type: 'overloaded_error', message: 'x' } }
  const { upstream, commit } = upstreamOf([...beginning, event, ...events])
  expect(await commit()).toEqual({ committed: false, error: event })
  expect(upstream.ended).toBe(true)
})

test('commits after the longest hold to a stream that brings nothing readable, and loses no event of it', async () => {
  const silence = Promise.withResolvers<void>()
  const { commit } = upstreamOf(beginning, silence.promise)
  const pieces = await piecesOf(commit({ longestHoldMs: 1 }))
  silence.resolve()
  expect(await all(pieces)).toEqual(beginning)
})

test('closes the upstream when it is closed, before the first read too', async () => {
  for (const reads of [0, 1, firstContent + 1]) {
    const { upstream, commit } = upstreamOf(events)
    const pieces = await piecesOf(commit())
    for (let read = 0; read < reads; read++) await pieces.next()
    await pieces.return()
    expect(upstream.ended, `after ${reads} reads`).toBe(true)
  }
})

test('closes an upstream that is silent at that moment without waiting for it', async () => {
  const silence = Promise.withResolvers<void>()
  const { upstream, commit } = upstreamOf(beginning, silence.promise)
  const pieces = await piecesOf(
    commit({ longestHoldMs: 1, abort: () => silence.reject(new Error('aborted')) }),
  )
  await pieces.return()
  expect(upstream.ended).toBe(true)
})
