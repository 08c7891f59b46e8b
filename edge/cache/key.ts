/**
 * Which requests have the same answer, and under which key it is kept. Exact matches only: similar is not same.
 */
import { sha256Hex } from '../../shared/digest.ts'
import { minifyJson, topLevelMembers } from '../../shared/json.ts'
import type { Message } from '../../shared/messages.ts'
import type { RouterRequest } from '../request.ts'
import type { Features } from '../routing/features.ts'
import type { Target } from '../target.ts'

/** Raise when answers kept under older keys must not be served any more. */
const KEY_VERSION = 5
/** Bytes of a body. The key of a longer one would cost several times its size in memory, and it rarely recurs. */
const LONGEST_BODY = 512 * 1024
const COMPLETE_STOP_REASONS = new Set(['end_turn', 'stop_sequence'])

/**
 * Says why a request must not be answered from the cache, or undefined where it may.
 * Tools and documents make requests stateful; an explicit temperature above 0 asks for variety.
 */
export function uncacheableReason(request: RouterRequest, features: Features): string | undefined {
  const { temperature, metadata } = request.view
  if (request.controls.cache === 'skip') return 'not wanted'
  if (request.body.byteLength > LONGEST_BODY) return 'long body'
  // The key is over what the models are asked, which holds neither of these.
  if (request.logprobs) return 'logprobs'
  if (request.cutAt.length > 0) return 'stops of the router'
  if (features.usesTools) return 'tools'
  if (features.nonTextBlock !== undefined) return 'non-text content'
  if (features.thinking) return 'thinking'
  if (features.unknownField !== undefined) return 'unknown field'
  if (typeof temperature === 'number' && temperature > 0) return 'temperature above 0'
  if (typeof metadata === 'object' && metadata !== null && 'user_id' in metadata) return 'metadata.user_id'
  return undefined
}

/** Says whether an answer is complete and plain enough to be given again. */
export function isCacheableAnswer(message: Message): boolean {
  return (
    COMPLETE_STOP_REASONS.has(message.stop_reason ?? '') &&
    message.content.length > 0 &&
    message.content.every((block) => block.type === 'text')
  )
}

/**
 * Returns the key of a request's answer by one target: SHA-256 over the caller, the text of every field of the body,
 * API version and betas, target and model. The text, not the parsed value: duplicate names, `__proto__` and digits
 * beyond a double's are what Claude would read. `stream` is left out: both forms come from one entry. Whether the body is
 * a translation, and whether its limit of tokens is the client's own, decide what a model gets of it. A model that nobody stands
 * behind answers what it would have left to another.
 */
export async function cacheKey(request: RouterRequest, target: Target): Promise<string> {
  const { text, tenant, translated, unlimited } = request
  const body = topLevelMembers(text)
    .filter(({ key }) => key !== 'stream')
    .map(({ key, start, end }) => [key, minifyJson(text.slice(start, end))] as const)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
  const headers = Object.entries(request.apiHeaders).toSorted(([left], [right]) => (left < right ? -1 : 1))
  const caller = [tenant.admin ? 'admin' : 'tenant', tenant.id]
  const meant = [translated, unlimited, target.provider, target.model, target.mayHandOver ?? false]
  // What was given without being verified is not given to who would have had it verified.
  const verified = target.verified ? ['verified'] : []
  const lengths = body.map(([key, value]) => [key, value.length])
  const parts = [KEY_VERSION, caller, request.query, headers, [...meant, ...verified], lengths]
  // The lengths say where each value ends, so that none has to be escaped: JSON by itself has no line break.
  return sha256Hex(`${JSON.stringify(parts)}\n${body.map(([, value]) => value).join('')}`)
}
