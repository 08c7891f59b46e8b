/** Time limits of one attempt: what ends it, with which error, and that nothing is left behind. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createDeadline } from '../../../edge/fallback/deadline.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const never = new Promise<never>(() => {})

test('ends a stage that takes too long, and names it', async () => {
  const deadline = createDeadline(new AbortController().signal, 1_000)
  deadline.stage(100, 'The model wrote nothing')
  const result = expect(deadline.within(never)).rejects.toMatchObject({
    code: 'timeout',
    message: 'The model wrote nothing in time.',
  })
  await vi.advanceTimersByTimeAsync(100)
  await result
  expect(deadline.signal.aborted).toBe(true)
  expect(deadline.totalPassed()).toBe(false)
})

test('starts the clock anew with each stage, but never waits longer than the attempt may take', async () => {
  const deadline = createDeadline(new AbortController().signal, 1_000)
  let failure: unknown
  for (let at = 0; at < 12 && failure === undefined; at++) {
    deadline.stage(100, 'The model wrote nothing')
    const piece = new Promise((resolve) => setTimeout(resolve, 90))
    const read = deadline.within(piece).catch((error: unknown) => {
      failure = error
    })
    await vi.advanceTimersByTimeAsync(90)
    await read
    expect(deadline.signal.aborted).toBe(at >= 11)
  }
  expect(failure).toMatchObject({ code: 'timeout', message: 'The answer was not complete in time.' })
  expect(deadline.totalPassed()).toBe(true)
})

test('takes nothing from the attempt while the client reads: its pace is not the upstream’s', async () => {
  const deadline = createDeadline(new AbortController().signal, 1_000)
  await vi.advanceTimersByTimeAsync(60_000)
  await expect(deadline.within(Promise.resolve('there'))).resolves.toBe('there')
  expect(deadline.signal.aborted).toBe(false)
})

test('has no timer between two waits', async () => {
  const deadline = createDeadline(new AbortController().signal, 1_000)
  deadline.stage(100, 'The model wrote nothing')
  await deadline.within(Promise.resolve())
  expect(vi.getTimerCount()).toBe(0)
})

test('ends when the client disconnects', async () => {
  const client = new AbortController()
  const deadline = createDeadline(client.signal, 1_000)
  const result = expect(deadline.within(never)).rejects.toMatchObject({ code: 'cancelled' })
  client.abort()
  await result
})

test('has ended already for a client that disconnected before', async () => {
  const deadline = createDeadline(AbortSignal.abort(), 1_000)
  await expect(deadline.within(never)).rejects.toMatchObject({ code: 'cancelled' })
})

test('gives the reason of the end, whatever the work throws because of it', async () => {
  const client = new AbortController()
  const deadline = createDeadline(client.signal, 1_000)
  const work = new Promise<never>((_, reject) => {
    deadline.signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')))
  })
  const result = expect(deadline.within(work)).rejects.toMatchObject({ code: 'cancelled' })
  client.abort()
  await result
})

test('passes results and errors of work that is in time through', async () => {
  const deadline = createDeadline(new AbortController().signal, 1_000)
  expect(await deadline.within(Promise.resolve('x'))).toBe('x')
  await expect(deadline.within(Promise.reject(new Error('own')))).rejects.toThrow('own')
})

test('leaves no timer behind once it is over', () => {
  for (const end of ['done', 'cancel'] as const) {
    const deadline = createDeadline(new AbortController().signal, 1_000)
    deadline.stage(100, 'The model wrote nothing')
    deadline[end]()
    expect(vi.getTimerCount()).toBe(0)
  }
})

test('runs a stage only while the upstream is waited for, so that slow readers make nobody late', async () => {
  const deadline = createDeadline(new AbortController().signal, 10_000)
  deadline.stage(100, 'The model wrote nothing')
  await vi.advanceTimersByTimeAsync(5_000)
  await expect(deadline.within(Promise.resolve('there'))).resolves.toBe('there')
  expect(deadline.signal.aborted).toBe(false)
})

test('adds up the waits of one stage', async () => {
  const deadline = createDeadline(new AbortController().signal, 10_000)
  deadline.stage(100, 'The model wrote nothing')
  const soon = new Promise((resolve) => setTimeout(resolve, 60))
  const first = deadline.within(soon)
  await vi.advanceTimersByTimeAsync(60)
  await first
  const second = expect(deadline.within(never)).rejects.toMatchObject({ code: 'timeout' })
  await vi.advanceTimersByTimeAsync(40)
  await second
})

test('serves reads that follow each other by one timer, which goes when the attempt is over', async () => {
  for (const end of ['done', 'cancel'] as const) {
    const deadline = createDeadline(new AbortController().signal, 1_000)
    deadline.stage(100, 'The model wrote nothing')
    for (let at = 0; at < 3; at++) {
      await deadline.reading(Promise.resolve())
      expect(vi.getTimerCount()).toBe(1)
    }
    deadline[end]()
    expect(vi.getTimerCount()).toBe(0)
  }
})

test('ends a read that takes too long, by its own clock and not by that of the read before', async () => {
  const deadline = createDeadline(new AbortController().signal, 1_000)
  deadline.stage(100, 'The model wrote nothing')
  await deadline.reading(Promise.resolve())
  await vi.advanceTimersByTimeAsync(90)
  let failure: unknown
  const read = deadline.reading(never).catch((error: unknown) => {
    failure = error
  })
  await vi.advanceTimersByTimeAsync(99)
  expect(failure).toBeUndefined()
  await vi.advanceTimersByTimeAsync(1)
  await read
  expect(failure).toMatchObject({ code: 'timeout', message: 'The model wrote nothing in time.' })
})

test('does not end a read early that begins in a shorter stage, nor one after a slow client', async () => {
  const deadline = createDeadline(new AbortController().signal, 10_000)
  deadline.stage(1_000, 'The model began nothing')
  await deadline.reading(Promise.resolve())
  await vi.advanceTimersByTimeAsync(5_000)
  expect(vi.getTimerCount()).toBe(0)
  deadline.stage(100, 'The model wrote nothing')
  const read = expect(deadline.reading(never)).rejects.toMatchObject({
    message: 'The model wrote nothing in time.',
  })
  await vi.advanceTimersByTimeAsync(100)
  await read
})
