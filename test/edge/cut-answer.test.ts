/** An answer that the router cuts ends where its text first holds a stop, however the text arrived. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutAnswer } from '../../edge/cut-answer.ts'
import { closesWith } from '../../edge/fallback/commit.ts'
import type { Answer, AnswerChunk } from '../../edge/providers/provider.ts'
import { collect, type KnownEvent, replay, type StreamEvent } from '../../shared/events.ts'
import { claudeMessage } from '../support/edge/messages.ts'

const target = { provider: 'claude', model: 'claude-haiku-5-5' } as const
const pieces = fc.array(fc.string({ unit: fc.constantFrom('a', 'é', ' ', '\n', '\t', '🌍') }), {
  maxLength: 8,
})
const stops = fc.uniqueArray(fc.constantFrom('\n', '\n\n', ' ', ' \n', '\t\t'), {
  minLength: 1,
  maxLength: 3,
})

function eventsOf(texts: readonly string[]): KnownEvent[] {
  return [...replay(claudeMessage({ content: [{ type: 'text', text: 'x' }] }))].flatMap(
    (event): KnownEvent[] =>
      event.type === 'content_block_delta'
        ? texts.flatMap((text) => [{ ...event, delta: { type: 'text_delta', text } }, { type: 'ping' }])
        : [event],
  )
}

function streamed(events: readonly StreamEvent[], onClose: () => void = () => {}): Answer {
  async function* chunks(): AsyncGenerator<AnswerChunk> {
    for (const event of events) yield { bytes: new Uint8Array(), events: [event] }
  }
  return { target, status: 200, headers: {}, body: { kind: 'stream', chunks: closesWith(chunks(), onClose) } }
}

async function* eventsIn({ body }: Answer): AsyncGenerator<StreamEvent> {
  if (body.kind === 'stream') for await (const chunk of body.chunks) yield* chunk.events
}

/** What a person would say: the stop that is complete first, and the text before it. */
function expected(text: string, wanted: readonly string[]) {
  const found = wanted
    .map((stop) => ({ stop, start: text.indexOf(stop) }))
    .filter(({ start }) => start !== -1)
    .toSorted((a, b) => a.start + a.stop.length - b.start - b.stop.length || a.start - b.start)[0]
  return found === undefined
    ? { text, stop_reason: 'end_turn', stop_sequence: null }
    : { text: text.slice(0, found.start), stop_reason: 'stop_sequence', stop_sequence: found.stop }
}

test('a stream ends before the first stop, wherever it is cut into pieces', async () => {
  await fc.assert(
    fc.asyncProperty(pieces, stops, async (texts, wanted) => {
      const message = await collect(eventsIn(cutAnswer(streamed(eventsOf(texts)), wanted)))
      const { text, ...ending } = expected(texts.join(''), wanted)
      expect(message).toMatchObject(ending)
      expect(message.content).toEqual([{ type: 'text', text }])
      expect(message.usage.input_tokens).toBe(12)
    }),
  )
})

test('a non-streaming answer ends at the same place', async () => {
  await fc.assert(
    fc.asyncProperty(pieces, stops, async (texts, wanted) => {
      const message = claudeMessage({
        content: [
          { type: 'text', text: texts.join('') },
          { type: 'tool_use', id: 't', name: 'f', input: {} },
        ],
      })
      const bytes = new TextEncoder().encode(JSON.stringify(message))
      const body = { kind: 'non_streaming', bytes, message } as const
      const cut = cutAnswer({ target, status: 200, headers: {}, body }, wanted).body
      if (cut.kind !== 'non_streaming') throw new Error('became a stream')
      const { text, ...ending } = expected(texts.join(''), wanted)
      expect(cut.message).toMatchObject(ending)
      expect(cut.message?.content[0]).toEqual({ type: 'text', text })
      expect(cut.message?.content).toHaveLength(ending.stop_sequence === null ? 2 : 1)
      expect(JSON.parse(new TextDecoder().decode(cut.bytes))).toEqual(cut.message)
      expect(cut.message?.usage).toEqual(message.usage)
    }),
  )
})

test('the upstream is closed at the stop, and when the reader leaves before it began', async () => {
  for (const texts of [['a\n', 'b'], []]) {
    let closed = 0
    const { body } = cutAnswer(
      streamed(eventsOf(texts), () => {
        closed++
      }),
      ['\n'],
    )
    if (body.kind !== 'stream') throw new Error('became whole')
    if (texts.length === 0) await body.chunks[Symbol.asyncIterator]().return?.()
    else for await (const _ of body.chunks);
    expect(closed).toBe(1)
  }
})

test('logs of probabilities end at the stop as well', () => {
  const events = [...eventsOf(['a', '\n', 'b'])].map((event) =>
    event.type === 'content_block_delta' ? { ...event, delta: { ...event.delta, logprob: -1 } } : event,
  )
  const message = claudeMessage({ content: [{ type: 'text', text: 'a\nb' }] })
  const body = { kind: 'non_streaming', bytes: new Uint8Array(), message, events } as const
  const cut = cutAnswer({ target, status: 200, headers: {}, body }, ['\n']).body
  if (cut.kind !== 'non_streaming') throw new Error('became a stream')
  const deltas = cut.events?.filter((event) => event.type === 'content_block_delta')
  expect(deltas).toMatchObject([{ delta: { text: 'a', logprob: -1 } }])
})

test('an answer without stops, and an upstream error, stay as they are', () => {
  const answer = streamed([])
  expect(cutAnswer(answer, [])).toBe(answer)
  const body = { kind: 'non_streaming', bytes: new Uint8Array([1]), message: undefined } as const
  expect(cutAnswer({ ...answer, body }, ['\n']).body).toEqual(body)
})
