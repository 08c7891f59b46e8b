/**
 * The fields that a local text model serves or may ignore. The API grows every month, and a field that this version does
 * not know may hold the conversation itself: its presence is for a guard to act on. Values are not judged here.
 */
import type { MessageParam, MessagesRequest } from '../../shared/messages.ts'

/** Sampling that servers of open models take, our container among them; Claude refuses all three. */
export const OPEN_MODEL_SAMPLING = ['min_p', 'repetition_penalty', 'seed'] as const

const REQUEST_FIELDS: ReadonlySet<string> = new Set([
  ...OPEN_MODEL_SAMPLING,
  'model',
  'max_tokens',
  'messages',
  'system',
  'stream',
  'stop_sequences',
  'temperature',
  'top_p',
  'top_k',
  'metadata',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'cache_control',
  'service_tier',
])
/** What may stand inside the fields that are objects and nobody else looks into. */
const NESTED_FIELDS = {
  metadata: new Set(['user_id']),
  output_config: new Set(['effort', 'format']),
} as const
const MESSAGE_FIELDS: ReadonlySet<string> = new Set(['role', 'content'])
const TEXT_FIELDS: ReadonlySet<string> = new Set(['type', 'text', 'cache_control'])

/**
 * Returns the path of the first unknown field, such as `messages.0.content.1.ref`, or undefined. `null` and empty lists
 * count as absent. Blocks that are not text are left out: their type says enough.
 */
export function findUnknownField(request: MessagesRequest): string | undefined {
  const top = unknownKey(request, REQUEST_FIELDS)
  if (top !== undefined) return top
  for (const [field, known] of Object.entries(NESTED_FIELDS)) {
    const key = unknownKey(request[field], known)
    if (key !== undefined) return `${field}.${key}`
  }
  for (const [at, message] of request.messages.entries()) {
    const key = unknownKey(message, MESSAGE_FIELDS)
    const path = key ?? within('content', unknownTextField(message.content))
    if (path !== undefined) return `messages.${at}.${path}`
  }
  return within('system', unknownTextField(request.system ?? ''))
}

function unknownTextField(content: MessageParam['content']): string | undefined {
  if (typeof content === 'string') return undefined
  for (const [at, block] of content.entries()) {
    const key = block.type === 'text' ? unknownKey(block, TEXT_FIELDS) : undefined
    if (key !== undefined) return `${at}.${key}`
  }
  return undefined
}

function within(field: string, path: string | undefined): string | undefined {
  return path === undefined ? undefined : `${field}.${path}`
}

function unknownKey(value: unknown, known: ReadonlySet<string>): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, member] of Object.entries(value)) if (!known.has(key) && !isAbsent(member)) return key
  return undefined
}

function isAbsent(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0)
}
