/** Claude's stream: the same bytes out as in, however they are cut, and no half frame before an error. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createDeadline } from '../../../../edge/fallback/deadline.ts'
import { readClaudeStream } from '../../../../edge/providers/claude/stream.ts'
import type { AnswerChunk } from '../../../../edge/providers/provider.ts'
import { createMessageFold } from '../../../../shared/events.ts'
import { claudeMessage, framesOf } from '../../../support/edge/messages.ts'
import { streamOf } from '../../../support/edge/upstreams.ts'

const encoder = new TextEncoder()

function cut(text: string, sizes: readonly number[]): Uint8Array[] {
  const bytes = encoder.encode(text)
  const pieces: Uint8Array[] = []
  for (let at = 0, turn = 0; at < bytes.byteLength; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    pieces.push(bytes.slice(at, at + size))
    at += size
  }
  return pieces
}

async function read(pieces: readonly Uint8Array[], isAnthropic = true) {
  const body = streamOf(pieces).body
  if (body === null) throw new Error('no body')
  const deadline = createDeadline(new AbortController().signal, 60_000)
  const chunks: AnswerChunk[] = []
  let error: unknown
  try {
    for await (const chunk of readClaudeStream(body, deadline, 60_000, isAnthropic)) chunks.push(chunk)
  } catch (reason) {
    error = reason
  }
  const text = Buffer.concat(chunks.map(({ bytes }) => bytes)).toString()
  return { chunks, text, error, events: chunks.flatMap(({ events }) => events) }
}

const answer = claudeMessage({ content: [{ type: 'text', text: 'Grüße 👋 日本' }] })
const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 })
const extra = fc.constantFrom(
  'event: ping\ndata: {"type": "ping"}\n\n',
  ': comment\n\n',
  'event: future_event\ndata: {"type":"future_event","n":1.0}\n\n',
  'id: 7\nretry: 10\n\n',
  'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"future_delta","x":1}}\n\n',
)

test('passes the same bytes on, however they are cut and whatever stands between known events', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.array(extra, { maxLength: 4 }), async (cuts, extras) => {
      const frames = framesOf(answer)
      const text = frames
        .flatMap((frame, at) => [frame, ...(at < frames.length - 1 ? (extras[at] ?? '') : '')])
        .join('')
      const result = await read(cut(text, cuts))
      expect(result.error).toBeUndefined()
      expect(result.text).toBe(text)
      const fold = createMessageFold()
      for (const event of result.events) fold.add(event)
      expect(fold.message()?.content).toEqual(answer.content)
      expect(fold.finished()).toBe(true)
    }),
  )
})

test('passes other line endings on as they are', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.constantFrom('\r\n', '\r'), async (cuts, ending) => {
      const text = framesOf(answer).join('').replaceAll('\n', ending)
      const result = await read(cut(text, cuts))
      expect(result.error).toBeUndefined()
      expect(result.text).toBe(text)
    }),
  )
})

test('sends whole frames and an error when the stream is cut anywhere before its end', async () => {
  const text = framesOf(answer).join('')
  const bytes = encoder.encode(text)
  const stop = encoder.encode(framesOf(answer).slice(0, -1).join('')).byteLength
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: stop }), sizes, async (length, cuts) => {
      const result = await read(cut(new TextDecoder().decode(bytes.slice(0, length)), cuts))
      expect(result.error).toMatchObject({ code: 'upstream' })
      expect(text.startsWith(result.text)).toBe(true)
      expect(result.text === '' || result.text.endsWith('\n\n')).toBe(true)
    }),
  )
})

test('passes an event of megabytes on that comes in thousands of pieces', async () => {
  const block = { type: 'web_search_tool_result', encrypted_content: 'x'.repeat(2_000_000) }
  const frames = framesOf(answer)
  const event = { type: 'content_block_start', index: 1, content_block: block }
  const large = `event: content_block_start\ndata: ${JSON.stringify(event)}\n\n`
  const text = [...frames.slice(0, -2), large, ...frames.slice(-2)].join('')
  const result = await read(cut(text, [500]))
  expect(result.error).toBeUndefined()
  expect(result.text === text).toBe(true)
})

test('closes an event that was too long to be kept back before the error that follows', async () => {
  const [first = ''] = framesOf(answer)
  const half = `${first}data: ${'x'.repeat(9 * 1024 * 1024)}`
  const { text, error } = await read(cut(half, [64 * 1024]))
  expect(error).toMatchObject({ code: 'upstream' })
  expect(text.endsWith('x\n\n')).toBe(true)
  expect(half.startsWith(text.slice(0, -2))).toBe(true)
})

const stopped = framesOf(answer).join('')
const failed = `${framesOf(answer)[0]}event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"x"}}\n\n`

test('ends with the terminal event, whatever the server sends after it and however it is cut', async () => {
  const after = fc.constantFrom(
    'data: [DONE]\n\n',
    ': bye',
    'not an event',
    framesOf(answer).slice(1, 3).join(''),
  )
  await fc.assert(
    fc.asyncProperty(sizes, fc.constantFrom(stopped, failed), after, async (cuts, text, rest) => {
      const result = await read(cut(text + rest, cuts))
      expect(result.error).toBeUndefined()
      expect(result.text).toBe(text)
    }),
  )
})

test('takes an end for one whatever its data lacks', async () => {
  for (const data of ['', '{}', '[]', 'down', '{"type":"error"}', '{"error":"down"}']) {
    const text = `${framesOf(answer)[0]}event: error\ndata: ${data}\n\n`
    const result = await read(cut(text + framesOf(answer)[1], [50]))
    expect(result.text, data).toBe(text)
    expect(result.events.at(-1)).toMatchObject({ type: 'error' })
  }
  const text = `${framesOf(answer).slice(0, -1).join('')}event: message_stop\ndata: {\n\n`
  expect(await read(cut(text, [50]))).toMatchObject({ error: undefined, text })
})

test('is over at message_stop, though the server keeps the connection or resets it', async () => {
  for (const end of ['stall', 'break'] as const) {
    const body = streamOf([stopped], { end }).body
    if (body === null) throw new Error('no body')
    const deadline = createDeadline(new AbortController().signal, 60_000)
    let text = ''
    for await (const { bytes } of readClaudeStream(body, deadline, 60_000, true))
      text += new TextDecoder().decode(bytes)
    expect(text).toBe(stopped)
  }
})

test('takes the last event of a server that leaves out the blank line after it', async () => {
  const text = stopped.trimEnd()
  const result = await read(cut(text, [40]))
  expect(result.error).toBeUndefined()
  expect(result.text).toBe(text)
})

test('never lets what it cannot read change the answer', async () => {
  const odd = fc.constantFrom(
    'data: [DONE]\n\n',
    'event: x\ndata: {"a\n\n',
    'data: 7\n\n',
    'event: message_start\ndata: {"type":"message_start"}\n\n',
    'event: message_delta\ndata: null\n\n',
    'event: content_block_delta\ndata: []\n\n',
  )
  await fc.assert(
    fc.asyncProperty(sizes, fc.array(odd, { minLength: 1, maxLength: 3 }), async (cuts, between) => {
      const [head, ...rest] = framesOf(answer)
      const text = [head, ...between, ...rest].join('')
      const result = await read(cut(text, cuts))
      expect(result.error).toBeUndefined()
      expect(result.text).toBe(text)
      const fold = createMessageFold()
      for (const event of result.events) fold.add(event)
      expect(fold.exact()).toBe(false)
    }),
  )
})

test('puts its own words into the error of a server that is not Anthropic’s', async () => {
  const result = await read(cut(failed.replace('"x"', '"db-7.internal is down"'), [30]), false)
  expect(result.text).not.toContain('internal is down')
  expect(result.text.startsWith(framesOf(answer)[0] ?? 'none')).toBe(true)
  expect(result.events.at(-1)).toMatchObject({ type: 'error', error: { type: 'overloaded_error' } })
})

test('takes an error event for the end, with or without words', async () => {
  for (const error of [{ type: 'overloaded_error', message: 'x' }, { type: 'overloaded_error' }]) {
    const text = `${framesOf(answer)[0]}event: error\ndata: ${JSON.stringify({ type: 'error', error })}\n\n`
    const result = await read(cut(text, [50]))
    expect(result.error).toBeUndefined()
    expect(result.text).toBe(text)
    expect(result.events.at(-1)).toMatchObject({ type: 'error', error })
  }
})
