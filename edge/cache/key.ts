/**
 * Which requests have the same answer, and under which key it is kept. Exact matches only: similar is not same.
 */
import canonicalize from 'canonicalize'
import { sha256Hex } from '../../shared/digest.ts'
import type { Message, MessagesRequest } from '../../shared/messages.ts'
import type { RouterRequest } from '../request.ts'
import type { Features } from '../routing/features.ts'
import type { Target } from '../target.ts'

/** Raise when answers kept under older keys must not be served any more. */
const KEY_VERSION = 1
/** Estimated tokens. The key of a longer request would cost several times its size in memory, and it rarely recurs. */
const LONGEST_INPUT = 200_000
const COMPLETE_STOP_REASONS = new Set(['end_turn', 'stop_sequence'])

/**
 * Says why a request must not be answered from the cache, or undefined where it may.
 * Tools and documents make requests stateful; an explicit temperature above 0 asks for variety.
 */
export function uncacheableReason(request: MessagesRequest, features: Features): string | undefined {
  if (features.usesTools) return 'tools'
  if (features.nonTextBlock !== undefined) return 'non-text content'
  if (features.thinking) return 'thinking'
  if (features.serverFeatures) return 'server features'
  if (features.estimatedInputTokens > LONGEST_INPUT) return 'long input'
  if (typeof request.temperature === 'number' && request.temperature > 0) return 'temperature above 0'
  const metadata = request.metadata
  if (typeof metadata === 'object' && metadata !== null && 'user_id' in metadata) return 'metadata.user_id'
  return undefined
}

/** Says whether an answer is whole and plain enough to be given again. */
export function isCacheableAnswer(message: Message): boolean {
  return (
    COMPLETE_STOP_REASONS.has(message.stop_reason ?? '') &&
    message.content.length > 0 &&
    message.content.every((block) => block.type === 'text')
  )
}

/**
 * Returns the key of a request's answer by one target: SHA-256 over tenant, every field of the request in canonical
 * form (RFC 8785), API version and betas, target and model. `stream` is left out: both forms come from one entry.
 */
export async function cacheKey(request: RouterRequest, target: Target): Promise<string> {
  const { stream: _stream, ...body } = request.view
  const parts = {
    version: KEY_VERSION,
    tenant: request.tenant.id,
    query: request.query,
    headers: request.apiHeaders,
    provider: target.provider,
    model: target.model,
    body,
  }
  return sha256Hex(canonicalize(parts) ?? '')
}
