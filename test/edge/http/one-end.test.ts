/**
 * Whatever streams of either upstream hold and however they end: a client of any surface hears one end and nothing after
 * it, and never words of two models.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { messagesStreamWriter } from '../../../edge/http/sse-response.ts'
import { CLAUDE_TEXT, COMPLEX_PROMPT, LOCAL_TEXT, SIMPLE_PROMPT } from '../../support/edge/canaries.ts'
import { claudeMessage, framesOf, localMessage } from '../../support/edge/messages.ts'
import { createTestRouter } from '../../support/edge/router.ts'
import { claude, container, streamOf } from '../../support/edge/upstreams.ts'

const frame = (type: string, fields: object = {}) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`

/** What does not belong where it stands, or nowhere. */
const STRAYS = [
  frame('ping'),
  frame('message_stop'),
  frame('error', { error: { type: 'overloaded_error', message: 'x' } }),
  frame('future_event', { n: 1 }),
  frame('content_block_stop', { index: 7 }),
  frame('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } }),
  'event: content_block_delta\ndata: {"type":"content_block_delta"}\n\n',
  'data: {"type":"mess\n\n',
  'data: [DONE]\n\n',
  ': a comment\n\n',
  'event: error\ndata: not json\n\n',
]

type Change = { readonly at: number; readonly stray: string | undefined }
type Upstream = {
  readonly changes: readonly Change[]
  readonly length: number
  readonly end: 'close' | 'break'
}

const upstream: fc.Arbitrary<Upstream> = fc.record({
  changes: fc.array(
    fc.record({ at: fc.nat(9), stray: fc.option(fc.constantFrom(...STRAYS), { nil: undefined }) }),
    { maxLength: 3 },
  ),
  length: fc.nat(12),
  end: fc.constantFrom('close', 'break'),
})

/** A whole stream with frames added (or, without a stray, taken away), cut after `length` of them. */
function framesBy({ changes, length }: Upstream, whole: readonly string[]): string[] {
  const frames = [...whole]
  for (const { at, stray } of changes) {
    if (stray === undefined) frames.splice(at, 1)
    else frames.splice(at, 0, stray)
  }
  return frames.slice(0, length)
}

const surfaces = [
  {
    path: '/v1/messages',
    fields: { model: 'auto', max_tokens: 64 },
    isEnd: (block: string) => /^event: (message_stop|error)$/m.test(block),
  },
  {
    path: '/v1/chat/completions',
    fields: { model: 'auto' },
    isEnd: (block: string) => /^data: (\[DONE\]|\{"error":)/m.test(block),
  },
  {
    path: '/v1/responses',
    fields: { model: 'auto', store: false },
    isEnd: (block: string) => /^event: (response\.(completed|failed|incomplete)|error)$/m.test(block),
  },
] as const

test.each(surfaces)(
  'F9 F10 F30 F31 every stream of $path has one end, which is its last word',
  async (surface) => {
    await fc.assert(
      fc.asyncProperty(upstream, upstream, fc.boolean(), async (local, remote, isSimple) => {
        container.answer(() => streamOf(framesBy(local, framesOf(localMessage())), { end: local.end }))
        claude.answer(() => streamOf(framesBy(remote, framesOf(claudeMessage())), { end: remote.end }))
        const router = await createTestRouter({ CLAUDE_MAX_RETRIES: '0' })
        const question = isSimple ? SIMPLE_PROMPT : COMPLEX_PROMPT
        const asked = [{ role: 'user', content: question }]
        const body =
          surface.path === '/v1/responses'
            ? { ...surface.fields, input: question, stream: true }
            : { ...surface.fields, messages: asked, stream: true }
        const response = await router.post(body, {}, { path: surface.path })
        const text = await response.text()
        expect(text.includes(LOCAL_TEXT) && text.includes(CLAUDE_TEXT)).toBe(false)
        if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
          expect(response.status).toBeGreaterThanOrEqual(400)
          return
        }
        const blocks = text.split(/\r?\n\r?\n/).filter((block) => /^(event|data):/m.test(block))
        expect(blocks.map(surface.isEnd)).toEqual(blocks.map((_, index) => index === blocks.length - 1))
      }),
      { numRuns: 60 },
    )
  },
)

test('F59 an error of an upstream is one event, whatever its white space, in linear time', () => {
  const body = { kind: 'non_streaming', message: undefined } as const
  const written = (text: string) =>
    messagesStreamWriter.nonStreaming({ ...body, bytes: new TextEncoder().encode(text) }, 500)
  expect(written('{\r\n  "a": 1\n\n}')).toBe('event: error\ndata: {   "a": 1 }\n\n')
  const blank = '\t'.repeat(1_000_000)
  expect(written(`{${blank}}`)).toBe(`event: error\ndata: {${blank}}\n\n`)
})
