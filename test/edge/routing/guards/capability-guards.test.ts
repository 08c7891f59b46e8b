/** The requests that no small text model can serve, and what their senders are told. */
import { expect, test } from 'vitest'
import type { Features } from '../../../../edge/routing/features.ts'
import { findGuard } from '../../../../edge/routing/guards/guards.ts'
import { uniformTrust } from '../../../../shared/model-card.ts'
import { featuresOf } from '../../../support/edge/requests.ts'
import { ask } from '../../../support/edge/router.ts'

const plain = featuresOf(ask('Hello'))
const card = { trust: uniformTrust('full'), languages: null, maxTemperature: null, exam: null }
const subjectOf = (features: Features) =>
  ({
    features,
    simpleTask: 'simple_chat',
    complex: false,
    sensitive: false,
    local: { card, maxInputTokens: 1_000 },
  }) as const

const CASES: [string, Partial<Features>, RegExp][] = [
  ['tools required', { usesTools: true }, /Remove "tools"/],
  ['non-text content', { nonTextBlock: 'image' }, /type "image"/],
  ['thinking requested', { thinking: true }, /Remove "thinking"/],
  ['structured output requested', { structuredOutput: true }, /output_config\.format/],
  ['unknown field', { unknownField: 'thread' }, /the field thread\. Remove it/],
  ['prompt cache warm-up', { maxTokens: 0 }, /max_tokens 0/],
  ['answer begun by the client', { prefill: true }, /End the messages with a user turn/],
  ['no user text', { lastUserText: '', lastUserCharacters: 0 }, /user turn with text/],
  ['context too long', { estimatedInputTokens: 1_001 }, /Shorten it/],
]
for (const [reason, change, explanation] of CASES)
  test(`keeps a request from the local model: ${reason}`, () => {
    const features = { ...plain, ...change }
    const guard = findGuard(subjectOf(features))
    expect(guard).toMatchObject({ name: reason, kind: 'capability' })
    expect(guard?.explanation?.(subjectOf(features))).toMatch(explanation)
  })

test('leaves a demanded form to a local model whose server can be held to it', () => {
  const features = { ...plain, structuredOutput: true }
  const subject = subjectOf(features)
  const able = { ...subject, local: { ...subject.local, structuredOutputs: true } }
  expect(findGuard(able)).toBeUndefined()
  const unservable = {
    ...able,
    features: { ...features, unservableForm: 'output_config.format.schema: must …' },
  }
  const guard = findGuard(unservable)
  expect(guard?.name).toBe('structured output requested')
  expect(guard?.explanation?.(unservable)).toBe('output_config.format.schema: must …')
})

test('names the first of several reasons', () => {
  const everything: Features = Object.assign({ ...plain }, ...CASES.map(([, change]) => change))
  expect(findGuard(subjectOf(everything))?.name).toBe('tools required')
})

test('leaves a plain request alone, up to the last token that the model reads', () => {
  expect(findGuard(subjectOf(plain))).toBeUndefined()
  expect(findGuard(subjectOf({ ...plain, estimatedInputTokens: 1_000 }))).toBeUndefined()
})

test('quotes no more than the beginning of a block type', () => {
  const features = { ...plain, nonTextBlock: 'x'.repeat(10_000) }
  const explanation = findGuard(subjectOf(features))?.explanation?.(subjectOf(features))
  expect(explanation?.length).toBeLessThan(200)
})
