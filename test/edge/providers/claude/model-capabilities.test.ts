/** The table of what Claude models refuse, and which of the operator's models can do what is demanded. */
import { expect, test } from 'vitest'
import {
  capabilitiesOf,
  capableModel,
  maxOutputTokens,
} from '../../../../edge/providers/claude/model-capabilities.ts'

test.each([
  ['claude-sonnet-5-5', false, false, ['adaptive', 'between_tools']],
  ['claude-opus-5-5', false, false, ['adaptive']],
  ['claude-haiku-5-5', true, false, ['adaptive', 'disabled']],
  ['claude-fable-5-2', false, false, ['adaptive']],
  ['claude-fable-5', true, false, ['adaptive']],
  ['claude-sonnet-5', true, false, ['adaptive', 'disabled']],
  ['claude-opus-4-7', true, false, ['adaptive', 'disabled']],
  ['claude-sonnet-4-6', true, false, ['enabled', 'disabled', 'adaptive']],
  ['claude-haiku-4-5-20251001', true, true, ['enabled', 'disabled']],
  ['claude-3-5-sonnet-20241022', true, true, []],
  ['claude-haiku-6', false, false, ['adaptive']],
  ['claude-next', false, false, ['adaptive']],
  ['anthropic.claude-haiku-5-5-v1:0', true, false, ['adaptive', 'disabled']],
])(
  'knows of %s whether it takes forced tools and a begun answer, and how it thinks',
  (model, forcedTools, prefill, thinking) => {
    expect(capabilitiesOf(model)).toMatchObject({ forcedTools, prefill, thinking })
  },
)

test.each([
  ['claude-opus-4-7', 'none'],
  ['claude-sonnet-5-5', 'none'],
  ['claude-next', 'none'],
  ['claude-haiku-4-5', 'temperature_or_top_p'],
  ['claude-opus-4-1', 'temperature_or_top_p'],
  ['claude-sonnet-4-20250514', 'all'],
  ['claude-3-7-sonnet-latest', 'all'],
])('knows which sampling parameters %s takes', (model, sampling) => {
  expect(capabilitiesOf(model).sampling).toBe(sampling)
})

test.each([
  ['claude-sonnet-5-5', 128_000],
  ['claude-haiku-5-5', 128_000],
  ['claude-opus-4-6', 128_000],
  ['claude-opus-4-5-20251101', 64_000],
  ['claude-haiku-4-5', 64_000],
  ['claude-sonnet-4-20250514', 64_000],
  ['claude-opus-4-1-20250805', 32_000],
  ['claude-3-7-sonnet-latest', 64_000],
  ['claude-3-5-haiku-20241022', 8_192],
  ['claude-3-haiku-20240307', 4_096],
  ['claude-next', 128_000],
])('knows how much %s writes at most', (model, most) => {
  expect(maxOutputTokens(model)).toBe(most)
})

test('prefers a model that can do what is demanded, and changes nothing where neither or both can', () => {
  const forced = { forcedTool: true, prefill: false }
  const begun = { forcedTool: false, prefill: true }
  const nothing = { forcedTool: false, prefill: false }
  expect(capableModel(forced, 'claude-sonnet-5-5', 'claude-haiku-5-5')).toBe('claude-haiku-5-5')
  expect(capableModel(forced, 'claude-sonnet-5-5', 'claude-opus-5-5')).toBe('claude-sonnet-5-5')
  expect(capableModel(begun, 'claude-sonnet-5-5', 'claude-haiku-5-5')).toBe('claude-sonnet-5-5')
  expect(capableModel(begun, 'claude-sonnet-5-5', 'claude-haiku-4-5')).toBe('claude-haiku-4-5')
  expect(capableModel(nothing, 'claude-sonnet-5-5', 'claude-haiku-4-5')).toBe('claude-sonnet-5-5')
  expect(capableModel({ forcedTool: true, prefill: true }, 'claude-opus-5-5', 'claude-haiku-5-5')).toBe(
    'claude-opus-5-5',
  )
})
