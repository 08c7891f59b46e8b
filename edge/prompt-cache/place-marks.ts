/**
 * Where marks for Claude's prompt cache stand in a body: puts in what is missing and moves nothing else. Does not decide what
 * is marked.
 */
import { arraySpans, topLevelMembers } from '../../shared/json.ts'
import type { ContentBlock, MessagesRequest } from '../../shared/messages.ts'

/** Which parts of a prompt are marked. */
export type Marks = { readonly instructions: boolean; readonly conversation: boolean }

export const NO_MARKS: Marks = { instructions: false, conversation: false }

/** For five minutes, which each use begins anew. */
const MARK = '"cache_control":{"type":"ephemeral"}'

/**
 * Returns the body with its marks: at the top level, where the API marks the end of the prompt by itself, and at the end of
 * the instructions, in the last block of `system` or, where there is none, in the last tool. A `system` that is one text
 * becomes the one block of that text, which is the same to Claude: blocks alone can be marked.
 * @param text JSON whose outermost value is an object
 * @param request what the text was parsed from
 */
export function placeMarks(text: string, request: MessagesRequest, marks: Marks): string {
  const marked = marks.instructions ? markInstructions(text, request) : text
  return marks.conversation ? addMember(marked, marked.indexOf('{')) : marked
}

/** Returns where the instructions could be marked, or undefined where they cannot. */
export function placeOfInstructions({
  system,
  tools,
}: Pick<MessagesRequest, 'system' | 'tools'>): 'system' | 'tools' | undefined {
  if (typeof system === 'string' && system !== '') return isBlank(system) ? undefined : 'system'
  if (Array.isArray(system) && system.length > 0) return isMarkableBlock(system.at(-1)) ? 'system' : undefined
  return isMarkableTool(tools?.at(-1)) ? 'tools' : undefined
}

function markInstructions(text: string, request: MessagesRequest): string {
  const place = placeOfInstructions(request)
  const member = topLevelMembers(text).findLast(({ key }) => key === place)
  if (member === undefined) return text
  const { start, end } = member
  if (text.charAt(start) === '"')
    return `${text.slice(0, start)}[{"type":"text","text":${text.slice(start, end)},${MARK}}]${text.slice(end)}`
  const last = arraySpans(text, start).at(-1)
  return last === undefined ? text : addMember(text, last.start)
}

/** Puts the mark first into the object that begins at `at`. */
function addMember(text: string, at: number): string {
  const inside = at + 1
  const nothing = /[ \t\n\r]*\}/y
  nothing.lastIndex = inside
  const isEmpty = nothing.test(text)
  return `${text.slice(0, inside)}${MARK}${isEmpty ? '' : ','}${text.slice(inside)}`
}

/** Claude refuses a mark on a text of nothing. */
function isMarkableBlock(block: ContentBlock | undefined): boolean {
  return block?.type === 'text' && typeof block.text === 'string' && !isBlank(block.text)
}

/** Anthropic's own tools and those that are looked up later may not be marked, or may mean something else. */
function isMarkableTool(tool: unknown): boolean {
  return typeof tool === 'object' && tool !== null && 'input_schema' in tool && !('defer_loading' in tool)
}

function isBlank(text: string): boolean {
  return text.trim() === ''
}
