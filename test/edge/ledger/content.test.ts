/** Kept content: nothing unless asked for, redacted wherever it stands, of a bounded length. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FailedAttempt } from '../../../edge/fallback/failure.ts'
import { contentToKeep, keptContent } from '../../../edge/ledger/content.ts'
import { parseMessagesRequest } from '../../../shared/messages.ts'
import { claudeMessage } from '../../support/edge/messages.ts'
import { ask } from '../../support/edge/router.ts'

const request = parseMessagesRequest(
  ask('Write to anna@example.com', {
    metadata: { user_id: 'anna@example.com' },
    tools: [
      { name: 'call', input_schema: { properties: { 'bob@example.com': { const: 4111111111111111 } } } },
    ],
  }),
)
const answer = claudeMessage({ content: [{ type: 'text', text: 'Done: +49 30 901820' }] })

test('keeps nothing where it is off', () => {
  expect(keptContent('off', request, answer)).toBeUndefined()
})

test('redacts texts, names of members and numbers, and leaves JSON', () => {
  const kept = keptContent('redacted', request, answer)
  expect(kept?.request).not.toMatch(/example\.com|4111/)
  expect(JSON.parse(kept?.request ?? '')).toMatchObject({
    messages: [{ role: 'user', content: 'Write to [email]' }],
    tools: [{ input_schema: { properties: { '[email]': { const: '[card]' } } } }],
  })
  expect(JSON.parse(kept?.answer ?? '')).toEqual([{ type: 'text', text: 'Done: [phone]' }])
})

test('never keeps who the user is beside the content', () => {
  for (const mode of ['redacted', 'full'] as const)
    expect(keptContent(mode, request, answer)?.request).not.toContain('user_id')
})

test('keeps everything else as it is where it is asked for in full', () => {
  const kept = keptContent('full', request, undefined)
  const { metadata: _metadata, ...said } = request
  expect(JSON.parse(kept?.request ?? '')).toEqual(JSON.parse(JSON.stringify(said)))
  expect(kept?.answer).toBe('null')
})

test('is never longer than its bound, whatever a request holds', () => {
  const text = fc.string({ maxLength: 50 }).map((piece) => piece.repeat(2_000))
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 20 }), (texts) => {
      const messages = texts.map((content) => ({ role: 'user', content }))
      const kept = keptContent('full', parseMessagesRequest({ ...ask(), messages }), undefined)
      expect(kept?.request.length).toBeLessThanOrEqual(100_001)
    }),
    { numRuns: 20 },
  )
})

test('reads nothing that is nested deeper than anybody needs', () => {
  let deep: unknown = 'x'
  for (let at = 0; at < 5_000; at++) deep = [deep]
  expect(keptContent('full', { ...request, deep }, undefined)?.request).toContain('…')
})

test('for training, only what the local model was asked is kept, and none of Claude’s answers', () => {
  const settings = { log: 'off', training: 'full' } as const
  const declined = [{ provider: 'local', model: 'tiny', cause: 'low_confidence', usage: undefined }] as const
  const kept = (route: 'local' | 'claude', failedAttempts: readonly FailedAttempt[]) =>
    contentToKeep(settings, { route, failedAttempts }, request, answer)
  expect(kept('local', [])?.answer).toBe(JSON.stringify(answer.content))
  expect(kept('claude', declined)?.answer).toBe('null')
  expect(kept('claude', [])).toBeUndefined()
  expect(
    contentToKeep({ log: 'off', training: 'off' }, { route: 'local', failedAttempts: [] }, request, answer),
  ).toBe(undefined)
})
