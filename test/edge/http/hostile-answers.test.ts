/** Answers of Claude with one value out of place: every format ends once and in words of its own, never in an internal error. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { COMPLEX_PROMPT } from '../../support/edge/canaries.ts'
import { claudeMessage, framesOf, readEvents } from '../../support/edge/messages.ts'
import { createTestRouter } from '../../support/edge/router.ts'
import { claude, streamOf } from '../../support/edge/upstreams.ts'
import { HOSTILE_VALUES, pathsOf, withValueAt } from '../../support/hostile-values.ts'

const MESSAGE = claudeMessage({
  content: [
    { type: 'thinking', thinking: 'Hm.', signature: 'sig' },
    { type: 'text', text: 'Hello', citations: [{ type: 'char_location' }] },
    { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } },
  ],
  stop_reason: 'tool_use',
})
const EVENTS = framesOf(MESSAGE).map((frame) => JSON.parse(frame.slice(frame.indexOf('data: ') + 6)))

const change = (value: unknown) =>
  fc.record({ at: fc.constantFrom(...pathsOf(value)), value: fc.constantFrom(...HOSTILE_VALUES) })
const BODIES = [
  ['/v1/responses', { model: 'auto', input: COMPLEX_PROMPT }],
  ['/v1/chat/completions', { model: 'auto', messages: [{ role: 'user', content: COMPLEX_PROMPT }] }],
  ['/v1/messages', { model: 'auto', max_tokens: 9, messages: [{ role: 'user', content: COMPLEX_PROMPT }] }],
] as const

test.each(BODIES)('%s, at once', async (path, body) => {
  const router = await createTestRouter({ CACHE_TTL_SECONDS: '0' })
  await fc.assert(
    fc.asyncProperty(change(MESSAGE), async ({ at, value }) => {
      claude.answer(() => Response.json(withValueAt(MESSAGE, at, value)))
      const response = await router.post(body, {}, { path })
      const text = await response.text()
      expect(text).not.toContain('Internal error')
      expect([200, 502]).toContain(response.status)
      JSON.parse(text)
    }),
    { numRuns: 25 },
  )
})

test.each(BODIES)('%s, as a stream', async (path, body) => {
  const router = await createTestRouter({ CACHE_TTL_SECONDS: '0' })
  await fc.assert(
    fc.asyncProperty(change(EVENTS), async ({ at, value }) => {
      const events = withValueAt(EVENTS, at, value)
      const frames = (Array.isArray(events) ? events : []).map(
        (event) => `event: ${event?.type}\ndata: ${JSON.stringify(event)}\n\n`,
      )
      claude.answer(() => streamOf(frames))
      const response = await router.post({ ...body, stream: true }, {}, { path })
      const text = await response.text()
      expect(text).not.toContain('Internal error')
      if (path !== '/v1/responses' || !text.startsWith('event:')) return
      const sent = readEvents(text)
      expect(sent.map(({ data }) => data.sequence_number)).toEqual(sent.map((_, index) => index))
      expect(
        sent
          .filter(({ event }) => /^(error|response\.(completed|failed|incomplete))$/.test(event))
          .map(({ event }) => event),
      ).toEqual([sent.at(-1)?.event])
    }),
    { numRuns: 25 },
  )
})
