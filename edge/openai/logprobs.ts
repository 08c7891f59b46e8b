/**
 * Log-probabilities of the local model in OpenAI's shape. The local stream gives one mean a delta, not one number
 * a token; this file owns that mapping. Claude gives none.
 */
import type { StreamEvent } from '../../shared/events.ts'

export type LogprobEntry = {
  /** The delta's whole text, which may be several tokens. */
  readonly token: string
  /** Natural log; the mean over the delta's tokens, so sums over entries are not the log-probability of the text. */
  readonly logprob: number
  /** The text's UTF-8 bytes. */
  readonly bytes: readonly number[]
  /** Always empty: the local model reports no alternatives. */
  readonly top_logprobs: readonly []
}

/** Returns the entry of a text delta that carries a log-probability, and undefined for every other event. */
export function logprobOf(event: StreamEvent): LogprobEntry | undefined {
  if (event.type !== 'content_block_delta' || event.delta.type !== 'text_delta') return undefined
  const { text, logprob } = event.delta
  if (!text || logprob === undefined) return undefined
  return { token: text, logprob, bytes: [...new TextEncoder().encode(text)], top_logprobs: [] }
}
