/**
 * Turns a program's chat log into messages: roles by many names, texts by many names, neighbours of one role merged.
 * Guesses nothing: a shape that is not listed at `toLLMMessages` is a TypeError.
 */
import * as z from 'zod/mini'
import { type ContentBlock, contentBlockSchema } from '../shared/messages.ts'
import type { LLMMessage } from './options.ts'

export type ChatLogOptions = {
  /** Names of the assistant in this log. Where given, names that mean no role are people, that is users. */
  readonly assistantNames?: readonly string[]
}

type Role = LLMMessage['role']
type Entry = { readonly role: Role; readonly content: LLMMessage['content'] }

const ROLE_FIELDS = ['role', 'author', 'from', 'sender'] as const
const TEXT_FIELDS = ['content', 'text', 'message', 'body'] as const
const ROLE_NAMES: Readonly<Record<string, Role>> = {
  user: 'user',
  human: 'user',
  customer: 'user',
  client: 'user',
  assistant: 'assistant',
  ai: 'assistant',
  bot: 'assistant',
  model: 'assistant',
  agent: 'assistant',
  claude: 'assistant',
  chatbot: 'assistant',
  system: 'system',
  developer: 'system',
}

/**
 * Returns messages that begin with a user's and alternate; texts of role system come first, as one message.
 *
 * An entry is either a text, spoken by whoever did not speak before (the first by the user), or an object with
 * - who: `role`, `author`, `from` or `sender`, a name of a role (user, human, customer, client; assistant, ai, bot,
 *   model, agent, claude, chatbot; system, developer) or an object whose `role` is one;
 * - what: `content`, `text`, `message` or `body`, a text or an array of content blocks.
 *
 * Empty entries are left out, and so is what the assistant says before the first user.
 * @throws {TypeError} naming the entry that has another shape
 */
export function toLLMMessages(history: readonly unknown[], options: ChatLogOptions = {}): LLMMessage[] {
  if (!Array.isArray(history))
    throw new TypeError(`toLLMMessages: the history must be an array, not ${nameOf(history)}.`)
  const assistantNames = options.assistantNames?.map((name) => name.toLowerCase())
  const spoken: Entry[] = []
  const system: Entry[] = []
  let previous: Role = 'assistant'
  for (const [index, item] of history.entries()) {
    const entry = readEntry(item, index, previous, assistantNames)
    if (entry.role !== 'system') previous = entry.role
    if (isEmpty(entry.content)) continue
    const list = entry.role === 'system' ? system : spoken
    const last = list.at(-1)
    if (last?.role === entry.role) list[list.length - 1] = merge(last, entry)
    else if (list === system || last !== undefined || entry.role === 'user') list.push(entry)
  }
  return [...system, ...spoken]
}

function readEntry(
  item: unknown,
  index: number,
  previous: Role,
  assistantNames: readonly string[] | undefined,
): Entry {
  if (typeof item === 'string') return { role: previous === 'user' ? 'assistant' : 'user', content: item }
  if (typeof item !== 'object' || item === null || Array.isArray(item))
    throw new TypeError(`toLLMMessages: entry ${index} must be a text or an object, not ${nameOf(item)}.`)
  const fields = new Map<string, unknown>(Object.entries(item))
  return {
    role: readRole(firstOf(fields, ROLE_FIELDS), index, assistantNames),
    content: readContent(firstOf(fields, TEXT_FIELDS), index),
  }
}

function readRole(value: unknown, index: number, assistantNames: readonly string[] | undefined): Role {
  const name = typeof value === 'object' && value !== null && 'role' in value ? value.role : value
  if (typeof name !== 'string' || name.trim() === '')
    throw new TypeError(
      `toLLMMessages: entry ${index} does not say who spoke. Give it one of ${ROLE_FIELDS.join(', ')}.`,
    )
  const lowered = name.trim().toLowerCase()
  if (assistantNames?.includes(lowered)) return 'assistant'
  const role = Object.hasOwn(ROLE_NAMES, lowered) ? ROLE_NAMES[lowered] : undefined
  if (role !== undefined) return role
  if (assistantNames !== undefined) return 'user'
  throw new TypeError(
    `toLLMMessages: the speaker of entry ${index} is none of ${Object.keys(ROLE_NAMES).join(', ')}. Where the log has names, pass { assistantNames: [...] }.`,
  )
}

function readContent(value: unknown, index: number): LLMMessage['content'] {
  if (typeof value === 'string') return value
  const blocks = z.array(contentBlockSchema).safeParse(value)
  if (blocks.success) return blocks.data
  throw new TypeError(
    `toLLMMessages: entry ${index} holds no text. Give it one of ${TEXT_FIELDS.join(', ')}: a text, or an array of content blocks.`,
  )
}

function firstOf(fields: ReadonlyMap<string, unknown>, names: readonly string[]): unknown {
  const name = names.find(
    (candidate) => fields.get(candidate) !== undefined && fields.get(candidate) !== null,
  )
  return name === undefined ? undefined : fields.get(name)
}

function isEmpty(content: LLMMessage['content']): boolean {
  if (typeof content === 'string') return content.trim() === ''
  return content.every((block) => block.type === 'text' && (block.text ?? '').trim() === '')
}

function merge(first: Entry, second: Entry): Entry {
  const { role } = first
  if (typeof first.content === 'string' && typeof second.content === 'string')
    return { role, content: `${first.content}\n\n${second.content}` }
  return { role, content: [...toBlocks(first.content), ...toBlocks(second.content)] }
}

function toBlocks(content: LLMMessage['content']): readonly ContentBlock[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content
}

function nameOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : typeof value
}
