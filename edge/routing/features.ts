/**
 * What routing looks at in a request: the last thing the user said, how long everything is, and what else the
 * request holds. Pure; decides nothing.
 */
import { type ContentBlock, type MessageParam, type MessagesRequest, textOf } from '../../shared/messages.ts'
import { estimateTokens } from '../../shared/tokens.ts'

export type Features = {
  /** The last thing a person wrote, without what clients wrap around it. */
  readonly lastUserText: string
  /** What the operator told the model, clipped. */
  readonly systemText: string
  /** What was said before that, newest last; empty in a first turn. */
  readonly earlierText: string
  /** What the user said before, oldest first, each clipped. */
  readonly earlierUserTexts: readonly string[]
  readonly turns: number
  /** Tokens that the answer may have. */
  readonly maxTokens: number
  readonly estimatedInputTokens: number
  readonly usesTools: boolean
  /** The model must use a tool, which some models refuse. */
  readonly forcedTool: boolean
  /** The type of the first content block that is neither text nor about tools, or undefined. */
  readonly nonTextBlock: string | undefined
  readonly thinking: boolean
  readonly structuredOutput: boolean
  /** The path of the first field that only Claude may know, or undefined. */
  readonly unknownField: string | undefined
  /** The request ends with the beginning of the answer, which only some models continue. */
  readonly prefill: boolean
}

/** Elements that clients such as Claude Code add to a turn; nobody wrote them. */
const CLIENT_TEXT_OPENING =
  /<(system-reminder|local-command-stdout|command-name|command-message|ide_selection)>/g
const TOOL_BLOCKS = new Set(['tool_use', 'tool_result', 'server_tool_use', 'mcp_tool_use', 'mcp_tool_result'])
const EARLIER_CHARACTERS = 4_000
const SYSTEM_CHARACTERS = 8_000
const EARLIER_USER_CHARACTERS = 400

/** What a local text model serves or may ignore; `null` counts as absent. */
const KNOWN_FIELDS: ReadonlySet<string> = new Set([
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
const KNOWN_MESSAGE_FIELDS: ReadonlySet<string> = new Set(['role', 'content'])
const KNOWN_TEXT_FIELDS: ReadonlySet<string> = new Set(['type', 'text', 'cache_control', 'citations'])

/** Returns the features of a request whose shape has been checked. */
export function extractFeatures(request: MessagesRequest): Features {
  const messages = request.messages
  const blocks = messages.flatMap((message) => (typeof message.content === 'string' ? [] : message.content))
  const lastUserIndex = messages.findLastIndex(
    (message) => message.role === 'user' && writtenText(message) !== '',
  )
  const lastUser = messages[lastUserIndex]
  const spoken = messages.filter((message) => message.role !== 'system')
  const everything = [textOf(request.system), ...messages.map((message) => textOf(message.content))]
  return {
    systemText: textOf(request.system).slice(0, SYSTEM_CHARACTERS),
    lastUserText: lastUser === undefined ? '' : writtenText(lastUser),
    earlierText: endOf(messages.slice(0, Math.max(lastUserIndex, 0))),
    earlierUserTexts: messages
      .slice(0, Math.max(lastUserIndex, 0))
      .flatMap((message) =>
        message.role === 'user' ? [writtenText(message).slice(0, EARLIER_USER_CHARACTERS)] : [],
      )
      .filter((text) => text !== ''),
    turns: spoken.length,
    maxTokens: request.max_tokens,
    estimatedInputTokens: everything.reduce((sum, text) => sum + estimateTokens(text), 0),
    usesTools: usesTools(request, blocks),
    forcedTool: forcesTool(request),
    nonTextBlock:
      nonTextBlock(blocks) ?? nonTextBlock(typeof request.system === 'object' ? (request.system ?? []) : []),
    thinking: isThinkingAsked(request.thinking),
    structuredOutput:
      typeof request.output_config === 'object' &&
      request.output_config !== null &&
      'format' in request.output_config,
    unknownField: findUnknownField(request),
    prefill: hasPrefill(request),
  }
}

/** Says whether the model must use a tool: any, or a named one. */
export function forcesTool({ tool_choice: choice }: MessagesRequest): boolean {
  return (
    typeof choice === 'object' &&
    choice !== null &&
    'type' in choice &&
    (choice.type === 'any' || choice.type === 'tool')
  )
}

/** Says whether the request ends in the beginning of an answer, which only some models continue. */
export function hasPrefill({ messages }: MessagesRequest): boolean {
  return messages.findLast(({ role }) => role !== 'system')?.role === 'assistant'
}

/** Returns the path of the first field, outside of blocks that are no text, that is not known here. */
function findUnknownField(request: MessagesRequest): string | undefined {
  const top = unknownKey(request, KNOWN_FIELDS)
  if (top !== undefined) return top
  for (const [at, message] of request.messages.entries()) {
    const key = unknownKey(message, KNOWN_MESSAGE_FIELDS) ?? unknownTextField(message.content)
    if (key !== undefined) return `messages.${at}.${key}`
  }
  const key = unknownTextField(request.system ?? '')
  return key === undefined ? undefined : `system.${key}`
}

function unknownTextField(content: MessageParam['content']): string | undefined {
  if (typeof content === 'string') return undefined
  for (const block of content) {
    const key = block.type === 'text' ? unknownKey(block, KNOWN_TEXT_FIELDS) : undefined
    if (key !== undefined) return key
  }
  return undefined
}

function unknownKey(value: object, known: ReadonlySet<string>): string | undefined {
  for (const [key, member] of Object.entries(value))
    if (!known.has(key) && member !== null && member !== undefined) return key
  return undefined
}

/** Returns the last characters of what was said, without reading the whole conversation for them. */
function endOf(messages: readonly MessageParam[]): string {
  let end: string | undefined
  for (const message of messages.toReversed()) {
    if (message.role === 'system') continue
    end = end === undefined ? writtenText(message) : `${writtenText(message)}\n${end}`
    if (end.length >= EARLIER_CHARACTERS) break
  }
  return end?.slice(-EARLIER_CHARACTERS) ?? ''
}

function writtenText(message: MessageParam): string {
  return withoutClientText(textOf(message.content)).trim()
}

/** Linear, whatever the text: an element's end is looked for once, and never again where there is none. */
function withoutClientText(text: string): string {
  const unended = new Set<string>()
  let written = ''
  let from = 0
  for (const { 0: opening, 1: name = '', index } of text.matchAll(CLIENT_TEXT_OPENING)) {
    if (index < from || unended.has(name)) continue
    const closing = `</${name}>`
    const end = text.indexOf(closing, index + opening.length)
    if (end === -1) {
      unended.add(name)
      continue
    }
    written += text.slice(from, index)
    from = end + closing.length
  }
  return written + text.slice(from)
}

function usesTools(request: MessagesRequest, blocks: readonly ContentBlock[]): boolean {
  if (Array.isArray(request.tools) && request.tools.length > 0) return true
  return blocks.some((block) => TOOL_BLOCKS.has(block.type) || block.type.endsWith('_tool_result'))
}

function nonTextBlock(blocks: readonly ContentBlock[]): string | undefined {
  return blocks.find((block) => block.type !== 'text' && !TOOL_BLOCKS.has(block.type))?.type
}

/** `adaptive` leaves it to the model and is sent by clients on every request, so it asks for nothing. */
function isThinkingAsked(thinking: unknown): boolean {
  if (typeof thinking !== 'object' || thinking === null || !('type' in thinking)) return false
  return thinking.type === 'enabled' || thinking.type === 'between_tools'
}
