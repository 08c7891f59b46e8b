/**
 * OpenAI's chat messages as turns of a conversation: roles, speakers, tool calls and their results, in both dialects.
 * Does not read any parameter besides `messages`; openai/conversation.ts puts the turns together.
 */
import { RouterError } from '../../shared/errors.ts'
import type { ContentBlock } from '../../shared/messages.ts'
import { toToolResult, toToolUse, withCacheControl } from '../openai/blocks.ts'
import { type Conversation, toConversation as putTogether, type Turn } from '../openai/conversation.ts'
import { createToolCallIds, type ToolCallIds } from '../openai/tool-call-ids.ts'
import { toBlocks, toTextBlocks } from './content-parts.ts'
import type { ChatContent, ChatMessage } from './request-schema.ts'

type AssistantMessage = Extract<ChatMessage, { role: 'assistant' }>
type TextMessage = Exclude<ChatMessage, { role: 'assistant' | 'tool' | 'function' }>

/**
 * Translates the whole list.
 * @throws {RouterError} `invalid_request` that names the message and the part that cannot be translated
 */
export function toConversation(chat: readonly ChatMessage[]): Conversation {
  const ids = createToolCallIds()
  let legacyCall: string | undefined

  const toTurn = (message: ChatMessage, source: number): Turn => {
    const path = `messages.${source}.content`
    if (message.role === 'tool') {
      const result = toResult(ids.result(message.tool_call_id), message.content, path)
      return { role: 'result', content: withCacheControl([result], message.cache_control), source, path }
    }
    if (message.role === 'function') {
      if (legacyCall === undefined)
        throw new RouterError(
          'invalid_request',
          `messages.${source}: must follow an assistant message with a "function_call"`,
        )
      return { role: 'result', content: [toResult(legacyCall, message.content ?? '', path)], source, path }
    }
    if (message.role === 'assistant') {
      ids.nextTurn()
      legacyCall = message.function_call ? ids.call(`call_function_${source}`) : legacyCall
      const content = assistantContent(message, legacyCall, ids, `messages.${source}`)
      return { role: 'assistant', content, source, path }
    }
    return { role: isSystem(message) ? 'system' : 'user', content: textContent(message, path), source, path }
  }

  return putTogether(chat.map(toTurn), 'messages')
}

function isSystem({ role }: ChatMessage): boolean {
  return role === 'system' || role === 'developer'
}

/** A string stays a string, which is what most clients send; what says nothing is empty. */
function textContent(message: TextMessage, path: string): string | ContentBlock[] {
  const { content, name, cache_control } = message
  const blocks = isSystem(message) ? toTextBlocks(content, path) : toBlocks(content, path)
  if (blocks.length === 0) return []
  // The API has no field for who of several people speaks.
  const speaker = name ? `${name}: ` : ''
  if (typeof content === 'string' && !cache_control) return `${speaker}${content}`
  return withCacheControl(withSpeaker(blocks, speaker), cache_control)
}

function withSpeaker(blocks: ContentBlock[], speaker: string): ContentBlock[] {
  const first = blocks.findIndex((block) => block.type === 'text')
  const spoken = blocks[first]
  if (speaker === '') return blocks
  if (spoken === undefined) return [{ type: 'text', text: speaker.trimEnd() }, ...blocks]
  return blocks.with(first, { ...spoken, text: `${speaker}${spoken.text}` })
}

function toResult(id: string, content: ChatContent, path: string): ContentBlock {
  return toToolResult(id, typeof content === 'string' ? content : toBlocks(content, path))
}

function assistantContent(
  message: AssistantMessage,
  legacyCall: string | undefined,
  ids: ToolCallIds,
  path: string,
): string | ContentBlock[] {
  const content = message.content ?? ''
  const blocks = toTextBlocks(content, `${path}.content`)
  const calls = (message.tool_calls ?? []).flatMap(({ id, function: called, cache_control }) =>
    withCacheControl([toToolUse(ids.call(id), called.name, called.arguments)], cache_control),
  )
  const legacy = message.function_call
  if (legacy && legacyCall !== undefined) calls.push(toToolUse(legacyCall, legacy.name, legacy.arguments))
  const refusal = toTextBlocks(message.refusal ?? '', `${path}.refusal`)
  const plain = calls.length === 0 && refusal.length === 0 && !message.cache_control
  if (plain && typeof content === 'string') return blocks.length === 0 ? [] : content
  return withCacheControl([...blocks, ...refusal, ...calls], message.cache_control)
}
