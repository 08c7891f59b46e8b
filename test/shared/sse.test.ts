/**
 * Server-sent events byte by byte: the same frames however a stream is cut, and the same as Anthropic's own SDK reads.
 */
import { Stream } from '@anthropic-ai/sdk/core/streaming'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RouterError } from '../../shared/errors.ts'
import { type KnownEvent, parseStreamEvent, replay } from '../../shared/events.ts'
import {
  createSseDecoder,
  decodeSse,
  encodeSseComment,
  encodeSseEvent,
  MAX_SSE_EVENT_CHARACTERS,
  type SseFrame,
} from '../../shared/sse.ts'
import { cut, gather, message, pieceSizes, sequence, utf8 } from './arbitraries.ts'

const LINE_BREAK = /[\r\n]/
const inLine = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom('水', '🙂', '\u2028', ':', ' ', 'data:', '\ufeff'),
      fc.string({ maxLength: 2 }),
    ),
    maxLength: 10,
  })
  .filter((text) => !LINE_BREAK.test(text) && text.isWellFormed())

type Printed = { readonly lines: readonly string[]; readonly frame: SseFrame | undefined }

/** What may stand between two blank lines: an event with one or more data lines, or only a comment. */
const printedFrame: fc.Arbitrary<Printed> = fc.oneof(
  fc
    .record({
      event: fc.option(inLine.filter((name) => name !== '')),
      data: fc.array(inLine, { minLength: 1, maxLength: 3 }),
      comment: fc.option(inLine),
      other: fc.option(fc.constantFrom('id: 7', 'retry: 10', 'unknown: x', 'bare')),
    })
    .map(({ event, data, comment, other }) => ({
      lines: [
        ...(comment === null ? [] : [`:${comment}`]),
        ...(event === null ? [] : [`event: ${event}`]),
        ...(other === null ? [] : [other]),
        ...data.map((line) => `data: ${line}`),
      ],
      frame: { event: event ?? undefined, data: data.join('\n') },
    })),
  inLine.map((comment) => ({ lines: [`: ${comment}`], frame: undefined })),
)

const lineEnding = fc.constantFrom('\n', '\r', '\r\n')
const printedStream = fc
  .tuple(fc.array(printedFrame, { maxLength: 5 }), lineEnding, fc.boolean())
  .map(([frames, ending, mark]) => ({
    text:
      (mark ? '\ufeff' : '') +
      frames
        .flatMap(({ lines }) => [...lines, ''])
        .map((line) => line + ending)
        .join(''),
    frames: frames.flatMap(({ frame }) => (frame === undefined ? [] : [frame])),
  }))

test('F12 reads the same frames wherever the bytes are cut and however lines end', async () => {
  await fc.assert(
    fc.asyncProperty(printedStream, pieceSizes, async ({ text, frames }, sizes) => {
      expect(await gather(decodeSse(sequence(cut(utf8(text), sizes))))).toEqual(frames)
    }),
  )
})

test('reads the same frames byte by byte, line endings mixed', async () => {
  const text = '\ufeff: hi\r\nevent: a\rdata: 水\ndata:  🙂\r\n\r\ndata\r\rdata:x\n\r\ndata: y\r\n\n'
  const bytes = utf8(text)
  const frames = [
    { event: 'a', data: '水\n 🙂' },
    { event: undefined, data: '' },
    { event: undefined, data: 'x' },
    { event: undefined, data: 'y' },
  ]
  const single = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))
  expect(await gather(decodeSse(sequence([bytes])))).toEqual(frames)
  expect(await gather(decodeSse(sequence(single)))).toEqual(frames)
})

test('hands a frame over with its last byte, not with the next frame', () => {
  for (const ending of ['\n', '\r', '\r\n']) {
    const decoder = createSseDecoder()
    expect(decoder.push(utf8(`data: 1${ending}`))).toEqual([])
    expect(decoder.push(utf8(ending))).toEqual([{ event: undefined, data: '1' }])
  }
})

test('only the first byte order mark of a stream is dropped', async () => {
  const twice = await gather(decodeSse(sequence([utf8('\ufeff\ufeffdata: 1\n\ndata: 2\n\n')])))
  expect(twice).toEqual([{ event: undefined, data: '2' }])
  const latin = await gather(decodeSse(sequence([utf8('\u00ef\u00bb\u00bfdata: 1\n\ndata: 2\n\n')])))
  expect(latin).toEqual([{ event: undefined, data: '2' }])
})

test('drops a frame that the stream ends in the middle of', async () => {
  for (const rest of ['data: 2', 'data: 2\n', 'data: 2\r', 'event: a\n'])
    expect(await gather(decodeSse(sequence([utf8(`data: 1\n\n${rest}`)])))).toEqual([
      { event: undefined, data: '1' },
    ])
})

test('reads well-formed streams as the SDK of Anthropic does', async () => {
  const wellFormed = fc
    .tuple(
      fc.array(
        printedFrame.filter(({ frame }) => frame?.event !== undefined),
        { maxLength: 5 },
      ),
      lineEnding,
    )
    .map(([frames, ending]) =>
      frames
        .flatMap(({ lines }) => [...lines, ''])
        .map((line) => line + ending)
        .join(''),
    )
  await fc.assert(
    fc.asyncProperty(wellFormed, pieceSizes, async (text, sizes) => {
      const pieces = cut(utf8(text), sizes)
      const theirs = await gather(Stream.rawEvents(new Response(streamOf(pieces))))
      const ours = await gather(decodeSse(sequence(pieces)))
      expect(ours).toEqual(theirs.map(({ event, data }) => ({ event: event ?? undefined, data })))
    }),
  )
})

test('an event comes back from its frame as it was', async () => {
  await fc.assert(
    fc.asyncProperty(message, pieceSizes, async (answer, sizes) => {
      const events = [...replay(answer)]
      const bytes = utf8(events.map((event) => encodeSseEvent(event) + encodeSseComment('waiting')).join(''))
      const frames = await gather(decodeSse(sequence(cut(bytes, sizes))))
      expect(frames.map(({ event }) => event)).toEqual(events.map(({ type }) => type))
      expect(frames.map(({ data, event }) => parseStreamEvent(data, event))).toEqual(events)
    }),
  )
})

test('frames an event as Anthropic does', () => {
  const event: KnownEvent = {
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'text_delta', text: 'a\nb\r\u2028' },
  }
  expect(encodeSseEvent(event)).toBe(
    'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a\\nb\\r\u2028"}}\n\n',
  )
})

test('a comment stays a comment, whatever it says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: fc.constantFrom('\n', '\r', 'data: x', ':', ' ') }), async (text) => {
      // One line and no blank one after it, at which some clients would dispatch an empty event.
      expect(encodeSseComment(text)).toMatch(/^:[^\r\n]*\n$/)
      const frames = await gather(decodeSse(sequence([utf8(`${encodeSseComment(text)}data: 1\n\n`)])))
      expect(frames).toEqual([{ event: undefined, data: '1' }])
    }),
  )
})

test.each<[name: string, text: string]>([
  ['in one line that never ends', `data: ${'x'.repeat(2000)}`],
  ['in one line', `data: ${'x'.repeat(2000)}\n\n`],
  ['in many lines', `${'data: xxxxxxxx\n'.repeat(200)}\n`],
  ['in many lines that never end', 'data: xxxxxxxx\n'.repeat(200)],
  ['as a field name', 'x'.repeat(2000)],
])('refuses an event that is too long %s, in one chunk or in many', (_name, text) => {
  const bytes = utf8(text)
  for (const size of [bytes.length, 700, 64, 1]) {
    const decoder = createSseDecoder(1000)
    const pieces = cut(bytes, Array(Math.ceil(bytes.length / size)).fill(size))
    const error = errorOf(() => pieces.flatMap((piece) => decoder.push(piece)))
    expect(error).toMatchObject({ code: 'upstream', message: 'The upstream sent an event that is too long.' })
    expect(errorOf(() => decoder.push(utf8('data: 1\n\n'))).code).toBe('upstream')
  }
})

test('takes any number of events within the bound, and one just below it', () => {
  const decoder = createSseDecoder(1000)
  const frames = Array.from({ length: 500 }, () => decoder.push(utf8(`data: ${'x'.repeat(990)}\n\n`)))
  expect(frames.flat()).toHaveLength(500)
  const data = 'x'.repeat(MAX_SSE_EVENT_CHARACTERS - 10)
  expect(createSseDecoder().push(utf8(`data: ${data}\n\n`))).toEqual([{ event: undefined, data }])
})

test('refuses bytes that are not UTF-8, wherever they are cut', () => {
  for (const broken of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe6, 0xb0, 0x20]]) {
    const bytes = Uint8Array.from([...utf8('data: '), ...broken, ...utf8('\n\n')])
    for (const pieces of [[bytes], Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))]) {
      const decoder = createSseDecoder()
      expect(errorOf(() => pieces.flatMap((piece) => decoder.push(piece)))).toMatchObject({
        code: 'upstream',
        message: 'The upstream sent a stream that is not UTF-8.',
      })
    }
  }
})

test('any bytes give frames or one refusal', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (pieces) => {
      const decoder = createSseDecoder(50)
      try {
        for (const piece of pieces) decoder.push(piece)
      } catch (error) {
        expect(error).toBeInstanceOf(RouterError)
      }
    }),
  )
})

function streamOf(pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece)
      controller.close()
    },
  })
}

function errorOf(call: () => unknown): RouterError {
  try {
    call()
  } catch (error) {
    return RouterError.from(error)
  }
  throw new Error('Nothing was thrown.')
}
