/** How much each model caches at least, as Anthropic's page lists it. */
import { expect, test } from 'vitest'
import { leastCacheableTokens } from '../../../../edge/providers/claude/cacheable-length.ts'

test.each([
  ['claude-haiku-5-5', 512],
  ['claude-sonnet-5-5', 512],
  ['claude-opus-5-5', 512],
  ['claude-fable-5-2', 512],
  ['claude-opus-5', 512],
  ['claude-sonnet-5', 1_024],
  ['claude-opus-4-8', 1_024],
  ['claude-sonnet-4-6', 1_024],
  ['claude-sonnet-4-5-20250929', 1_024],
  ['claude-opus-4-1-20250805', 1_024],
  ['claude-3-7-sonnet-latest', 1_024],
  ['claude-opus-4-7', 2_048],
  ['claude-3-5-haiku-20241022', 2_048],
  ['claude-opus-4-6', 4_096],
  ['claude-opus-4-5-20251101', 4_096],
  ['claude-haiku-4-5', 4_096],
  ['claude-sonnet-6', 512],
  ['some-other-model', 4_096],
])('%s: %i tokens', (model, tokens) => {
  expect(leastCacheableTokens(model)).toBe(tokens)
})
