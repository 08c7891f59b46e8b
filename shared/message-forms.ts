/**
 * The common forms of requests and answers, looked at member by member: schemas take ten times as long. Whatever is not
 * plainly right is left to the schemas of `messages.ts`, which know all forms and say what is wrong.
 */
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
    isPlainObject(usage) &&
    isNumberOrAbsent(usage.input_tokens) &&
    isNumberOrAbsent(usage.output_tokens) &&
    isNumberOrAbsent(usage.cache_creation_input_tokens) &&
    isNumberOrAbsent(usage.cache_read_input_tokens)
  )
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

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined
}
