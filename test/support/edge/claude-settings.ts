/** Settings of the Claude provider, for tests of its parts. */
import type { ClaudeConfig } from '../../../edge/settings/core-settings.ts'
import { CLAUDE_KEY } from './canaries.ts'
import { CLAUDE_URL } from './upstreams.ts'

export function claudeSettings(overrides: Partial<ClaudeConfig> = {}): ClaudeConfig {
  return {
    baseUrl: CLAUDE_URL,
    apiKey: CLAUDE_KEY,
    keySource: 'router',
    model: 'claude-sonnet-5-5',
    simpleModel: 'claude-haiku-5-5',
    maxRetries: 1,
    promptCache: 'off',
    deadlines: { headersMs: 1_000, firstContentMs: 1_000, idleMs: 1_000, totalMs: 5_000 },
    ...overrides,
  }
}
