/**
 * What routing looks at in a request: the last thing the user said, how long everything is, and what else the
 * request holds. Every text in it is bounded, so that whoever reads features needs no longer for long requests. Pure;
 * decides nothing.
 */
import { readAnswerFormat } from '../../shared/answer-format.ts'
import { RouterError } from '../../shared/errors.ts'
import { type ContentBlock, type MessageParam, type MessagesRequest, textOf } from '../../shared/messages.ts'
import { estimateTokens } from '../../shared/tokens.ts'
import { clip } from './plain-text.ts'
import { findUnknownField } from './unknown-fields.ts'

export type Features = {
  /** The last thing a person wrote, without what clients wrap around it; of a long text the beginning and the end. */
  readonly lastUserText: string
  /** Its length in characters before it was cut. */
  readonly lastUserCharacters: number
  /** What the operator told the model, also between turns; of a long text the beginning and the end. */
  readonly systemText: string
  /** The end of what was said before, newest last; empty in a first turn. */
  readonly earlierText: string
  /** The newest of the turns before, oldest first, each cut to its beginning. */
  readonly earlierTurns: readonly EarlierTurn[]
  /** User and assistant turns, all of them. */
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
  /** Whether a form of the answer is demanded. */
  readonly structuredOutput: boolean
  /** Why no local model can be held to the form, or undefined. */
  readonly unservableForm: string | undefined
  /** The path of the first field that only Claude may know, or undefined. */
  readonly unknownField: string | undefined
  /** The request ends with the beginning of the answer, which only some models continue. */
  readonly prefill: boolean
}

export type EarlierTurn = { readonly role: 'user' | 'assistant'; readonly text: string }

/** Elements that clients such as Claude Code add to a turn; nobody wrote them. */
const CLIENT_ELEMENTS = [
  'system-reminder',
  'local-command-stdout',
  'command-name',
  'command-message',
  'ide_selection',
]
const CLIENT_TEXT_OPENING = new RegExp(`<(${CLIENT_ELEMENTS.join('|')})>`, 'g')
const TOOL_BLOCKS = new Set(['tool_use', 'tool_result', 'server_tool_use', 'mcp_tool_use', 'mcp_tool_result'])
const LAST_USER_HEAD = 1_000
const LAST_USER_TAIL = 500
const SYSTEM_HEAD = 1_500
const SYSTEM_TAIL = 500
const EARLIER_CHARACTERS = 2_000
const EARLIER_TURNS = 20
const EARLIER_TURN_CHARACTERS = 400
/** Token counts of what exceeds this are extrapolated. */
const COUNTED_CHARACTERS = 20_000

/** Returns the features of a request whose shape has been checked. */
export function extractFeatures(request: MessagesRequest): Features {
  const messages = request.messages
  const { lastUserText, earlier } = lastUserTurn(messages)
  const form = readForm(request)
  return {
    ...readOutline(request, form),
    systemText: clip(systemTextOf(request, form.notes), SYSTEM_HEAD, SYSTEM_TAIL),
    lastUserText: clip(lastUserText, LAST_USER_HEAD, LAST_USER_TAIL),
    lastUserCharacters: lastUserText.length,
    ...readEarlier(earlier),
    estimatedInputTokens: estimateInputTokens(request),
  }
}

/** Returns what can be told of a request without judging any of its texts, which are left empty: of the last one its length. */
export function outlineFeatures(request: MessagesRequest): Features {
  return {
    ...readOutline(request, readForm(request)),
    systemText: '',
    lastUserText: '',
    lastUserCharacters: lastUserTurn(request.messages).lastUserText.length,
    earlierText: '',
    earlierTurns: [],
    estimatedInputTokens: 0,
  }
}

type TextFeature =
  | 'systemText'
  | 'lastUserText'
  | 'lastUserCharacters'
  | 'earlierText'
  | 'earlierTurns'
  | 'estimatedInputTokens'

function readOutline(request: MessagesRequest, form: Form): Omit<Features, TextFeature> {
  const { messages } = request
  const blocks = messages.flatMap((message) => (typeof message.content === 'string' ? [] : message.content))
  const spoken = messages.filter((message) => message.role !== 'system')
  return {
    turns: spoken.length,
    maxTokens: request.max_tokens,
    usesTools: usesTools(request, blocks),
    forcedTool: forcesTool(request),
    nonTextBlock:
      nonTextBlock(blocks) ?? nonTextBlock(typeof request.system === 'object' ? (request.system ?? []) : []),
    thinking: isThinkingAsked(request.thinking),
    structuredOutput: form.demanded,
    unservableForm: form.problem,
    unknownField: findUnknownField(request),
    prefill: hasPrefill(request),
  }
}

/** Says whether the model must use a tool: any, or a named one. */
export function forcesTool({ tool_choice: choice }: MessagesRequest): boolean {
  const type = memberOf(choice, 'type')
  return type === 'any' || type === 'tool'
}

/** Says whether the request ends in the beginning of an answer, which only some models continue. */
export function hasPrefill({ messages }: MessagesRequest): boolean {
  return messages.findLast(({ role }) => role !== 'system')?.role === 'assistant'
}

function lastUserTurn(messages: readonly MessageParam[]): {
  readonly lastUserText: string
  readonly earlier: readonly MessageParam[]
} {
  for (let index = messages.length - 1; index >= 0; index--) {
    const message = messages[index]
    const lastUserText = message?.role === 'user' ? writtenText(message) : ''
    if (lastUserText !== '') return { lastUserText, earlier: messages.slice(0, index) }
  }
  return { lastUserText: '', earlier: [] }
}

type Form = {
  readonly demanded: boolean
  readonly problem: string | undefined
  readonly notes: readonly string[]
}

function readForm(request: MessagesRequest): Form {
  try {
    const form = readAnswerFormat(request.output_config)
    return { demanded: form !== undefined, problem: undefined, notes: form?.notes ?? [] }
  } catch (error) {
    return { demanded: true, problem: RouterError.from(error).message, notes: [] }
  }
}

/** Descriptions of a demanded form are instructions, too. */
function systemTextOf({ system, messages }: MessagesRequest, notes: readonly string[]): string {
  const between = messages.filter(({ role }) => role === 'system').map(({ content }) => textOf(content))
  return [textOf(system), ...between, ...notes].filter((text) => text !== '').join('\n')
}

/** Reads the newest turns only: nothing looks at older ones. */
function readEarlier(messages: readonly MessageParam[]): Pick<Features, 'earlierText' | 'earlierTurns'> {
  const turns: EarlierTurn[] = []
  let earlierText: string | undefined
  for (const message of messages.toReversed()) {
    if (message.role === 'system') continue
    if (turns.length === EARLIER_TURNS && (earlierText ?? '').length >= EARLIER_CHARACTERS) break
    const text = writtenText(message)
    if (turns.length < EARLIER_TURNS)
      turns.push({ role: message.role, text: text.slice(0, EARLIER_TURN_CHARACTERS) })
    earlierText = earlierText === undefined ? text : `${text}\n${earlierText}`.slice(-EARLIER_CHARACTERS)
  }
  return {
    earlierText: (earlierText ?? '').slice(-EARLIER_CHARACTERS),
    earlierTurns: turns.toReversed(),
  }
}

/** The share of tokens in what was counted stands for the rest: no small model reads so much anyway. */
function estimateInputTokens(request: MessagesRequest): number {
  let counted = 0
  let characters = 0
  let tokens = 0
  for (const content of [request.system, ...request.messages.map((message) => message.content)]) {
    const text = textOf(content)
    const part = text.slice(0, COUNTED_CHARACTERS - counted)
    tokens += estimateTokens(part)
    counted += part.length
    characters += text.length
  }
  return counted === 0 ? 0 : Math.ceil((tokens * characters) / counted)
}

function writtenText(message: MessageParam): string {
  return withoutClientText(textOf(message.content)).trim()
}

/** Linear, whatever the text: an element's end is looked for once, and never again where there is none. */
function withoutClientText(text: string): string {
  if (!CLIENT_ELEMENTS.some((name) => text.includes(`</${name}>`))) return text
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
  if (forcesTool(request)) return true
  return blocks.some((block) => TOOL_BLOCKS.has(block.type) || block.type.endsWith('_tool_result'))
}

function nonTextBlock(blocks: readonly ContentBlock[]): string | undefined {
  return blocks.find((block) => block.type !== 'text' && !TOOL_BLOCKS.has(block.type))?.type
}

/**
 * `adaptive` leaves it to the model and is sent by clients on every request, so it asks for nothing. A mode that this
 * version does not know may ask for anything.
 */
function isThinkingAsked(thinking: unknown): boolean {
  if (thinking === undefined || thinking === null) return false
  const type = memberOf(thinking, 'type')
  return type !== 'adaptive' && type !== 'disabled'
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined
}
