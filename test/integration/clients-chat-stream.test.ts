/**
 * Streams of chat completions through the whole router: the same whatever the pieces in which Claude's came, and a
 * sign of life where Claude's own has no counterpart.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeSseEvent } from '../../shared/sse.ts'
import { COMPLEX_PROMPT } from '../support/edge/canaries.ts'
import { claudeMessage, framesOf } from '../support/edge/messages.ts'
import { createTestRouter, type TestRouter } from '../support/edge/router.ts'
import { claude, streamOf } from '../support/edge/upstreams.ts'

const ANSWER = claudeMessage({
  content: [
    { type: 'text', text: 'Grüße, 世界 🌍\r\n' },
    { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { city: 'Tromsø', days: [1, 2] } },
  ],
  stop_reason: 'tool_use',
})
const BYTES = new TextEncoder().encode(framesOf(ANSWER).join(''))

function stream(router: TestRouter): Promise<Response> {
  const body = {
    model: 'gpt-x',
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: COMPLEX_PROMPT }],
  }
  return router.post(body, { 'x-router-cache': 'skip' }, { path: '/v1/chat/completions' })
}

/** The frames without ids, which differ from request to request, and without comments. */
async function framesIn(response: Response): Promise<string[]> {
  const text = await response.text()
  return text
    .replaceAll(/^:.*\n/gm, '')
    .split('\n\n')
    .filter((frame) => frame !== '')
    .map((frame) => frame.replace(/"id":"chatcmpl-[^"]*"/, '"id":"chatcmpl"'))
}

test('a stream that is split at any byte translates the same', async () => {
  const router = await createTestRouter()
  claude.answer(() => streamOf([BYTES]))
  const whole = await framesIn(await stream(router))
  expect(whole.at(-1)).toBe('data: [DONE]')
  expect(whole.join()).toContain('Grüße, 世界 🌍')
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(BYTES.length), { maxLength: 12 }), async (cuts) => {
      const edges = [0, ...cuts.toSorted((left, right) => left - right), BYTES.length]
      const pieces = edges.slice(1).map((end, index) => BYTES.subarray(edges[index], end))
      claude.answer(() => streamOf(pieces))
      expect(await framesIn(await stream(router))).toEqual(whole)
    }),
    { numRuns: 60 },
  )
})

test('a stream of single bytes translates the same', async () => {
  const router = await createTestRouter()
  claude.answer(() => streamOf([BYTES]))
  const whole = await framesIn(await stream(router))
  claude.answer(() => streamOf([...BYTES].map((byte) => Uint8Array.of(byte))))
  expect(await framesIn(await stream(router))).toEqual(whole)
})

test('pings and thinking, which have no chunk, become comment lines that end no event', async () => {
  const router = await createTestRouter()
  const [first = '', ...others] = framesOf(ANSWER)
  const ping = encodeSseEvent({ type: 'ping' })
  claude.answer(() => streamOf([first, ...others.slice(0, 2), ping, ping, ...others.slice(2)]))
  const text = await (await stream(router)).text()
  // Some clients dispatch an event at every blank line, also one that a comment alone stands before.
  expect(text.match(/^: ping\n(?!\n)/gm)).toHaveLength(2)
  expect(text.trim().endsWith('data: [DONE]')).toBe(true)
})
