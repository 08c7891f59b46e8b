/**
 * What an answer took, as OpenAI counts it. Each format gives the counts names of its own.
 */
import type { Usage } from '../../shared/messages.ts'
import { property } from './property.ts'

/** In tokens. */
export type TokenCounts = {
  /** With what was read from and written to Claude's prompt cache, which `input_tokens` of a Messages answer excludes. */
  readonly input: number
  /** Read from the prompt cache. */
  readonly cached: number
  /** Written to it. */
  readonly cacheWrite: number
  /** With reasoning, as in both APIs. */
  readonly output: number
  readonly reasoning: number
}

/** Returns the counts of one answer; what is not said counts as none. */
export function tokenCounts(usage: Usage): TokenCounts {
  const cached = usage.cache_read_input_tokens ?? 0
  const cacheWrite = usage.cache_creation_input_tokens ?? 0
  const reasoning = property(usage.output_tokens_details, 'thinking_tokens')
  return {
    input: (usage.input_tokens ?? 0) + cacheWrite + cached,
    cached,
    cacheWrite,
    output: usage.output_tokens ?? 0,
    reasoning: typeof reasoning === 'number' ? reasoning : 0,
  }
}
