/** Model names of OpenAI's clients become names that the router or Claude knows. */
import { expect, test } from 'vitest'
import { routableModel } from '../../../edge/openai/model-name.ts'

test.each([
  ['claude-sonnet-5-5', 'claude-sonnet-5-5'],
  ['anthropic/claude-sonnet-5-5', 'claude-sonnet-5-5'],
  ['anthropic/claude-sonnet-4.5', 'claude-sonnet-4-5'],
  ['openrouter/anthropic/claude-opus-4.1:beta', 'claude-opus-4-1'],
  ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'claude-sonnet-4-5-20250929'],
  ['claude-haiku-4-5@20251001', 'claude-haiku-4-5-20251001'],
  ['Claude-Opus-5.5', 'claude-opus-5-5'],
  ['anthropic/claude-auto', 'claude-auto'],
  ['auto', 'auto'],
  ['local', 'local'],
  ['gpt-5.2', 'auto'],
  ['openai/gpt-5.2', 'auto'],
  ['my-claude', 'my-claude'],
  ['org/claude-like.gguf', 'org/claude-like.gguf'],
])('%s is %s', (name, routed) => {
  expect(routableModel(name, 'org/claude-like.gguf')).toBe(routed)
})
