/**
 * OpenAI's messages to a Messages conversation: leading system messages become `system`, tool calls and results
 * become blocks, neighbouring results become one turn. Does not read any parameter besides `messages`.
 */
import { RouterError } from '../../shared/errors.ts'
import { exceededBound, MAX_JSON_DEPTH } from '../../shared/json.ts'
import type { ContentBlock, MessageParam } from '../../shared/messages.ts'
import { isBlank } from './blank.ts'
import { toBlocks, toTextBlocks, withCacheControl } from './content-parts.ts'
import { parseExact } from './exact-json.ts'
import type { ChatContent, ChatMessage } from './request-schema.ts'
import { createToolCallIds, type ToolCallIds } from './tool-call-ids.ts'

export type Conversation = {
  /** The texts of the leading system and developer messages, in order. */
  readonly system: readonly ContentBlock[]
  readonly messages: MessageParam[]
  /** For each of `messages`, which of the client's it comes from; of several, the first. */
  readonly sources: readonly number[]
}

type AssistantMessage = Extract<ChatMessage, { role: 'assistant' }>
type TextMessage = Exclude<ChatMessage, { role: 'assistant' | 'tool' | 'function' }>

/**
 * Translates the whole list. System messages after the first user or assistant message stay where they are, with
 * role `system`. A list of system messages only is legal at OpenAI but not here, so its last one becomes the
 * user's turn. Turns without text are left out, unless the last one is the user's.
 * @throws {RouterError} `invalid_request` that names the message and the part that cannot be translated
 */
export function toConversation(chat: readonly ChatMessage[]): Conversation {
  const firstTurn = chat.findIndex((message) => !isSystem(message))
  const leading = firstTurn === -1 ? chat.length - 1 : firstTurn
  const lastTurn = firstTurn === -1 ? chat.length - 1 : chat.findLastIndex((message) => !isSystem(message))
  const ids = createToolCallIds()
  const system: ContentBlock[] = []
  const messages: MessageParam[] = []
  const sources: number[] = []
  let results: ContentBlock[] | undefined
  let legacyCall: string | undefined

  const push = (message: MessageParam, at: number) => {
    messages.push(message)
    sources.push(at)
  }
  const addResult = (block: ContentBlock, at: number) => {
    if (results === undefined) {
      results = [block]
      push({ role: 'user', content: results }, at)
    } else results.push(block)
  }

  for (const [at, message] of chat.entries()) {
    const path = `messages.${at}`
    if (message.role === 'tool') {
      const blocks = [toResult(ids.result(message.tool_call_id), message.content, `${path}.content`)]
      for (const block of withCacheControl(blocks, message.cache_control)) addResult(block, at)
      continue
    }
    if (message.role === 'function') {
      if (legacyCall === undefined)
        throw new RouterError(
          'invalid_request',
          `${path}: must follow an assistant message with a "function_call"`,
        )
      addResult(toResult(legacyCall, message.content ?? '', `${path}.content`), at)
      continue
    }
    results = undefined
    if (message.role === 'assistant') {
      ids.nextTurn()
      legacyCall = message.function_call ? ids.call(`call_function_${at}`) : legacyCall
      const content = assistantContent(message, legacyCall, ids, path)
      if (content.length > 0)
        push({ role: 'assistant', content: at === lastTurn ? withoutTrailingSpace(content) : content }, at)
      continue
    }
    const content = textContent(message, `${path}.content`)
    if (isSystem(message) && at < leading) system.push(...asBlocks(content))
    else if (content.length > 0)
      push({ role: isSystem(message) && firstTurn !== -1 ? 'system' : 'user', content }, at)
    else if (at === lastTurn)
      throw new RouterError(
        'invalid_request',
        `${path}.content: must hold something besides white space, as the last turn of the conversation`,
      )
  }
  if (messages.length === 0)
    throw new RouterError('invalid_request', 'messages: must hold at least one message that is not empty')
  return { system, messages, sources }
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
  const blocks = toBlocks(content, path)
  const result = { type: 'tool_result', tool_use_id: id }
  // A tool may have nothing to say; a result without content is one.
  if (blocks.length === 0) return result
  return { ...result, content: typeof content === 'string' ? content : blocks }
}

function assistantContent(
  message: AssistantMessage,
  legacyCall: string | undefined,
  ids: ToolCallIds,
  path: string,
): string | ContentBlock[] {
  const content = message.content ?? ''
  const blocks = toTextBlocks(content, `${path}.content`)
  const calls = (message.tool_calls ?? []).map((call) =>
    toolUse(ids.call(call.id), call.function.name, call.function.arguments),
  )
  const legacy = message.function_call
  if (legacy && legacyCall !== undefined) calls.push(toolUse(legacyCall, legacy.name, legacy.arguments))
  const refusal = toTextBlocks(message.refusal ?? '', `${path}.refusal`)
  const plain = calls.length === 0 && refusal.length === 0 && !message.cache_control
  if (plain && typeof content === 'string') return blocks.length === 0 ? [] : content
  return withCacheControl([...blocks, ...refusal, ...calls], message.cache_control)
}

function toolUse(id: string, name: string, json: string): ContentBlock {
  return { type: 'tool_use', id, name, input: toInput(json) }
}

/**
 * A model's arguments need not be valid JSON (cut off, or just wrong), and the agent that sends them back must be
 * able to go on; what cannot be an input object is shown to the model as what it wrote.
 */
function toInput(json: string): unknown {
  if (isBlank(json)) return {}
  try {
    // Bounded like the body around it: what nests deeper cannot be printed again.
    if (/^\s*\{/.test(json) && exceededBound(json, MAX_JSON_DEPTH) === undefined) return parseExact(json)
  } catch {
    // Kept below.
  }
  return { invalid_json: json }
}

/** The API takes no begun answer that ends in white space. */
function withoutTrailingSpace(content: string | ContentBlock[]): string | ContentBlock[] {
  if (typeof content === 'string') return content.trimEnd()
  const last = content.at(-1)
  if (last?.text === undefined) return content
  return content.with(-1, { ...last, text: last.text.trimEnd() })
}

function asBlocks(content: string | ContentBlock[]): ContentBlock[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content
}
