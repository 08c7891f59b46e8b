/** The requests that no small text model can serve, and what their senders are told. */
import { expect, test } from 'vitest'
import type { Features } from '../../../edge/routing/features.ts'
import { findRule } from '../../../edge/routing/rules.ts'
import { featuresOf } from '../../support/edge/requests.ts'
import { ask } from '../../support/edge/router.ts'

const plain = featuresOf(ask('Hello'))
const limits = { maxInputTokens: 1_000 }

const CASES: [string, Partial<Features>, RegExp][] = [
  ['tools required', { usesTools: true }, /Remove "tools"/],
  ['non-text content', { nonTextBlock: 'image' }, /type "image"/],
  ['thinking requested', { thinking: true }, /Remove "thinking"/],
  ['structured output requested', { structuredOutput: true }, /output_config\.format/],
  ['server features requested', { serverFeatures: true }, /Remove those fields/],
  ['answer begun by the client', { prefill: true }, /End the messages with a user turn/],
  ['no user text', { lastUserText: '' }, /user turn with text/],
  ['context too long', { estimatedInputTokens: 1_001 }, /Shorten it/],
]
for (const [reason, change, explanation] of CASES)
  test(`keeps a request from the local model: ${reason}`, () => {
    const features = { ...plain, ...change }
    const rule = findRule(features, limits)
    expect(rule?.reason).toBe(reason)
    expect(rule?.explanation(features)).toMatch(explanation)
  })

test('names the first of several reasons', () => {
  const everything: Features = Object.assign({ ...plain }, ...CASES.map(([, change]) => change))
  expect(findRule(everything, limits)?.reason).toBe('tools required')
})

test('leaves a plain request alone, up to the last token that the model reads', () => {
  expect(findRule(plain, limits)).toBeUndefined()
  expect(findRule({ ...plain, estimatedInputTokens: 1_000 }, limits)).toBeUndefined()
})

test('quotes no more than the beginning of a block type', () => {
  const features = { ...plain, nonTextBlock: 'x'.repeat(10_000) }
  expect(findRule(features, limits)?.explanation(features).length).toBeLessThan(200)
})
