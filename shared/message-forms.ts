/**
 * The common forms of requests and answers, looked at member by member: schemas take ten times as long. Whatever is not
 * plainly right is left to the schemas of `messages.ts`, which know all forms and say what is wrong.
 */
import type { KnownEvent } from './events.ts'
import type { Message, MessagesRequest } from './messages.ts'

/** Returns whether the schema of requests takes this value as it is. May be wrong about what it does take, never about what it doesn't. */
export function isPlainRequest(value: unknown): value is MessagesRequest {
  if (!isPlainObject(value)) return false
  const { model, max_tokens: maxTokens, messages, system, stream, stop_sequences: stops, tools } = value
  return (
    typeof model === 'string' &&
    model.length > 0 &&
    model.length <= 256 &&
    Number.isSafeInteger(maxTokens) &&
    Number(maxTokens) >= 0 &&
    Array.isArray(messages) &&
    messages.length > 0 &&
    messages.every(isTurn) &&
    (isAbsent(system) || isContent(system)) &&
    (isAbsent(stream) || typeof stream === 'boolean') &&
    (isAbsent(stops) || (Array.isArray(stops) && stops.every(isText))) &&
    isNumberOrAbsent(value.temperature) &&
    isNumberOrAbsent(value.top_p) &&
    isNumberOrAbsent(value.top_k) &&
    (isAbsent(tools) || Array.isArray(tools))
  )
}

/** Returns whether the schema of answers takes this value as it is. May be wrong about what it does take, never about what it doesn't. */
export function isPlainMessage(value: unknown): value is Message {
  if (!isPlainObject(value)) return false
  const { id, type, role, model, content, usage, stop_reason: reason, stop_sequence: sequence } = value
  return (
    typeof id === 'string' &&
    type === 'message' &&
    role === 'assistant' &&
    typeof model === 'string' &&
    Array.isArray(content) &&
    content.every(isBlock) &&
    (reason === null || typeof reason === 'string') &&
    (isAbsent(sequence) || typeof sequence === 'string') &&
    isUsage(usage)
  )
}

function isUsage(value: unknown): boolean {
  return (
    isPlainObject(value) &&
    isNumberOrAbsent(value.input_tokens) &&
    isNumberOrAbsent(value.output_tokens) &&
    isNumberOrAbsent(value.cache_creation_input_tokens) &&
    isNumberOrAbsent(value.cache_read_input_tokens)
  )
}

/**
 * Returns whether the schema of events takes this value, an event of a known type, as it is. May be wrong about what it does
 * take, never about what it doesn't.
 */
export function isPlainEvent(value: unknown): value is KnownEvent {
  if (!isPlainObject(value)) return false
  const { type, index, delta } = value
  if (type === 'content_block_delta') return isIndex(index) && isBlockDelta(delta)
  if (type === 'content_block_start') return isIndex(index) && isBlock(value.content_block)
  if (type === 'content_block_stop') return isIndex(index)
  if (type === 'message_start') return isPlainMessage(value.message)
  if (type === 'message_delta')
    return isMessageDelta(delta) && (value.usage === undefined || isUsage(value.usage))
  if (type === 'error') return isError(value.error)
  return type === 'message_stop' || type === 'ping'
}

function isBlockDelta(value: unknown): boolean {
  if (!isPlainObject(value)) return false
  const { type, text, partial_json: json, thinking, signature, logprob } = value
  return (
    typeof type === 'string' &&
    isTextOrMissing(text) &&
    isTextOrMissing(json) &&
    isTextOrMissing(thinking) &&
    isTextOrMissing(signature) &&
    (logprob === undefined || Number.isFinite(logprob))
  )
}

function isMessageDelta(value: unknown): boolean {
  if (!isPlainObject(value)) return false
  const { stop_reason: reason, stop_sequence: sequence } = value
  return (
    (isAbsent(reason) || typeof reason === 'string') && (isAbsent(sequence) || typeof sequence === 'string')
  )
}

function isError(value: unknown): boolean {
  return isPlainObject(value) && typeof value.type === 'string' && typeof value.message === 'string'
}

function isIndex(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isTurn(value: unknown): boolean {
  if (!isPlainObject(value)) return false
  const { role, content } = value
  return (role === 'user' || role === 'assistant' || role === 'system') && isContent(content)
}

function isContent(value: unknown): boolean {
  return typeof value === 'string' || (Array.isArray(value) && value.every(isBlock))
}

function isBlock(value: unknown): boolean {
  if (!isPlainObject(value)) return false
  const { type, text } = value
  return typeof type === 'string' && (text === undefined || typeof text === 'string')
}

/** A member of this name is left out by the schemas. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !Object.hasOwn(value, '__proto__')
  )
}

function isNumberOrAbsent(value: unknown): boolean {
  return isAbsent(value) || Number.isFinite(value)
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function isTextOrMissing(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined
}
