/** An answer as the playground reads it: however it is cut into pieces, and however it ends. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AnswerEvent, readAnswer } from '../../../../edge/pages/playground/answer-events.ts'
import { encodeSseComment } from '../../../../shared/sse.ts'

const FRAMES = [
  {
    type: 'message_start',
    message: { model: 'Ulfberht-135M', usage: { input_tokens: 3, output_tokens: 0 } },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'ping' },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Grüß ' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'hm' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'dich 🙂' } },
  { type: 'something_new', text: 'ignored' },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 7 } },
  { type: 'message_stop' },
]
const frame = (event: { type: string }) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`

async function read(body: BodyInit | null, init: ResponseInit = {}): Promise<AnswerEvent[]> {
  const events: AnswerEvent[] = []
  for await (const event of readAnswer(new Response(body, init))) events.push(event)
  return events
}

function inPieces(text: string, sizes: readonly number[]): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text)
  return new ReadableStream({
    start(controller) {
      let at = 0
      for (const size of sizes) {
        controller.enqueue(bytes.slice(at, at + size))
        at += size
      }
      controller.enqueue(bytes.slice(at))
      controller.close()
    },
  })
}

test('reads text, tokens and end, wherever the stream is cut', async () => {
  const text = encodeSseComment('waiting') + FRAMES.map(frame).join('')
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 30 }), async (sizes) => {
      const events = (await read(inPieces(text, sizes))).slice(1)
      expect(events).toEqual([
        { kind: 'model', model: 'Ulfberht-135M' },
        { kind: 'usage', inputTokens: 3, outputTokens: 0 },
        { kind: 'text', text: 'Grüß ' },
        { kind: 'text', text: 'dich 🙂' },
        { kind: 'usage', outputTokens: 7 },
        { kind: 'ended', stopReason: 'end_turn' },
      ])
    }),
    { numRuns: 50 },
  )
})

test("begins with what the router's headers say", async () => {
  const headers = { 'x-router-route': 'local', 'x-router-score': '0.012', 'x-router-request-id': 'req_1' }
  const [opened] = await read(FRAMES.map(frame).join(''), { headers })
  expect(opened).toMatchObject({
    kind: 'opened',
    facts: { route: 'local', score: 0.012, requestId: 'req_1', fallback: undefined },
  })
})

test('counts what the prompt cache read and wrote as input', async () => {
  const usage = {
    input_tokens: 1,
    cache_read_input_tokens: 10,
    cache_creation_input_tokens: 100,
    output_tokens: 1,
  }
  const events = await read(
    frame({ type: 'message_start', message: { model: 'm', usage } } as { type: string }),
  )
  expect(events).toContainEqual({ kind: 'usage', inputTokens: 111, outputTokens: 1 })
})

test("tells an error in the API's own words", async () => {
  const error = { type: 'api_error', message: 'ANTHROPIC_API_KEY is not set.' }
  const events = await read(JSON.stringify({ type: 'error', error }), { status: 503 })
  expect(events.at(-1)).toEqual({ kind: 'failed', error: { ...error, status: 503 } })
})

test('tells an error inside a stream', async () => {
  const error = { type: 'overloaded_error', message: 'Overloaded.' }
  const events = await read(frame({ type: 'error', error } as { type: string }))
  expect(events.at(-1)).toEqual({ kind: 'failed', error })
})

test.each(['<html>Bad gateway</html>', '', '{"error":"text"}'])(
  'says the status where the body is %j',
  async (body) => {
    const events = await read(body, { status: 502 })
    expect(events.at(-1)).toMatchObject({ kind: 'failed', error: { status: 502, type: 'unknown' } })
  },
)

test('a stream that ends without an end has broken off', async () => {
  const events = await read(FRAMES.slice(0, 4).map(frame).join(''))
  expect(events.at(-1)).toMatchObject({ kind: 'failed', error: { type: 'connection' } })
})

test('closes the stream when nobody reads on', async () => {
  let cancelled = false
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) =>
      controller.enqueue(new TextEncoder().encode(FRAMES.slice(0, 4).map(frame).join(''))),
    cancel: () => {
      cancelled = true
    },
  })
  for await (const event of readAnswer(new Response(stream))) if (event.kind === 'text') break
  expect(cancelled).toBe(true)
})
