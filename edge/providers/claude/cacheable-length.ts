/**
 * How long a prompt must be for each Claude model to cache any of it, as one table by family and version. Shorter ones are
 * answered without a cache and without an error, whatever they mark.
 *
 * Source: Anthropic's page on prompt caching, "Cache limitations", as of 8 October 2026, and the model pages. Assumed where
 * they say nothing: a newer version than the table knows is like the newest, anything else like the strictest.
 */
import { modelVersion } from './model-capabilities.ts'

const STRICTEST = 4_096

/** Returns the least number of tokens, from the beginning of the prompt to the mark. */
export function leastCacheableTokens(model: string): number {
  const version = modelVersion(model)
  const is = (family: string) => model.includes(family)
  if (version === undefined) return STRICTEST
  if (version > 500) return 512
  if (version === 500) return is('sonnet') ? 1_024 : 512
  if (is('opus')) return opus(version)
  if (is('sonnet')) return 1_024
  if (is('haiku')) return version >= 405 ? STRICTEST : 2_048
  return STRICTEST
}

function opus(version: number): number {
  if (version >= 408) return 1_024
  if (version === 407) return 2_048
  return version >= 405 ? STRICTEST : 1_024
}
