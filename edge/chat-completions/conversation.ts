/**
 * OpenAI's messages to a Messages conversation: leading system messages become `system`, tool calls and results
 * become blocks, neighbouring results become one turn. Does not read any parameter besides `messages`.
 */
import { RouterError } from '../../shared/errors.ts'
import type { ContentBlock, MessageParam } from '../../shared/messages.ts'
import { toMessagesContent, toTextContent } from './content-parts.ts'
import type { ChatContent, ChatMessage } from './request-schema.ts'

type Conversation = {
  /** The texts of the leading system and developer messages, in order. */
  readonly system: readonly ContentBlock[]
  readonly messages: MessageParam[]
}

type AssistantMessage = Extract<ChatMessage, { role: 'assistant' }>

/**
 * Translates the whole list. System messages after the first user or assistant message stay where they are, with
 * role `system`. A list of system messages only is legal at OpenAI but not here, so its last one becomes the
 * user's turn.
 * @throws {RouterError} `invalid_request` that names the message and the part that cannot be translated
 */
export function toConversation(chat: readonly ChatMessage[]): Conversation {
  const firstTurn = chat.findIndex((message) => message.role !== 'system' && message.role !== 'developer')
  const leading = firstTurn === -1 ? chat.length - 1 : firstTurn
  const system: ContentBlock[] = []
  const messages: MessageParam[] = []
  let results: ContentBlock[] | undefined
  let legacyCall: string | undefined

  const addResult = (toolUseId: string, content: ChatContent, path: string) => {
    const result = { type: 'tool_result', tool_use_id: toolUseId, content: toMessagesContent(content, path) }
    if (results === undefined) {
      results = [result]
      messages.push({ role: 'user', content: results })
    } else results.push(result)
  }

  for (const [at, message] of chat.entries()) {
    const path = `messages.${at}`
    if (message.role === 'tool') {
      addResult(toToolUseId(message.tool_call_id), message.content, `${path}.content`)
      continue
    }
    if (message.role === 'function') {
      if (legacyCall === undefined)
        throw new RouterError(
          'invalid_request',
          `${path}: must follow an assistant message with a "function_call"`,
        )
      addResult(legacyCall, message.content ?? '', `${path}.content`)
      continue
    }
    results = undefined
    if (message.role === 'assistant') {
      if (message.function_call) legacyCall = `call_function_${at}`
      const content = assistantContent(message, `call_function_${at}`, path)
      // An empty turn says nothing, and the Messages API refuses it; the same holds for system messages below.
      if (content.length > 0) messages.push({ role: 'assistant', content })
    } else if (message.role === 'user') {
      messages.push({ role: 'user', content: toMessagesContent(message.content, `${path}.content`) })
    } else {
      const content = toTextContent(message.content, `${path}.content`)
      if (at < leading) system.push(...toBlocks(content))
      else if (content.length > 0) messages.push({ role: firstTurn === -1 ? 'user' : 'system', content })
    }
  }
  if (messages.length === 0)
    throw new RouterError('invalid_request', 'messages: must hold at least one message that is not empty')
  return { system, messages }
}

/**
 * Returns an id that the Messages API takes (`[a-zA-Z0-9_-]+`); other characters, which some servers put into
 * their ids (`functions.search:0`), are written as `_x` and their code, so that different ids stay different.
 */
export function toToolUseId(id: string): string {
  return id.replaceAll(/[^a-zA-Z0-9_-]/g, (character) => `_x${character.charCodeAt(0).toString(16)}`)
}

function assistantContent(
  message: AssistantMessage,
  legacyId: string,
  path: string,
): string | ContentBlock[] {
  const content = toTextContent(message.content ?? '', `${path}.content`)
  const calls = (message.tool_calls ?? []).map((call) =>
    toolUse(toToolUseId(call.id), call.function.name, call.function.arguments),
  )
  const legacy = message.function_call
  if (legacy) calls.push(toolUse(legacyId, legacy.name, legacy.arguments))
  const refusal = message.refusal ? toBlocks(message.refusal) : []
  if (calls.length === 0 && refusal.length === 0) return content
  return [...toBlocks(content), ...refusal, ...calls]
}

function toolUse(id: string, name: string, json: string): ContentBlock {
  return { type: 'tool_use', id, name, input: toInput(json) }
}

/**
 * A model's arguments need not be valid JSON (cut off, or just wrong), and the agent that sends them back must be
 * able to go on; what cannot be an input object is shown to the model as what it wrote.
 */
function toInput(json: string): unknown {
  if (json.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(json)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    // Kept below.
  }
  return { invalid_json: json }
}

function toBlocks(content: string | ContentBlock[]): ContentBlock[] {
  if (typeof content !== 'string') return content
  return content === '' ? [] : [{ type: 'text', text: content }]
}
