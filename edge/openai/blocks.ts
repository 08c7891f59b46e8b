/**
 * Blocks of the Messages API that every format of OpenAI's needs: texts, calls of tools and their results, and where a
 * cached prefix ends. Images and files are media.ts's.
 */
import { exceededBound, MAX_JSON_DEPTH } from '../../shared/json.ts'
import type { ContentBlock } from '../../shared/messages.ts'
import { isBlank } from './blank.ts'
import { parseExact } from './exact-json.ts'

/** Returns the text as a block, or none: the Messages API refuses text without a character that is not white space. */
export function toTextBlock(text: string): ContentBlock[] {
  return isBlank(text) ? [] : [{ type: 'text', text }]
}

/** Marks the last block, where a prefix that Claude shall keep ends. */
export function withCacheControl(
  blocks: ContentBlock[],
  cacheControl: object | null | undefined,
): ContentBlock[] {
  const last = blocks.at(-1)
  if (!cacheControl || last === undefined) return blocks
  return [...blocks.slice(0, -1), { ...last, cache_control: cacheControl }]
}

/**
 * Returns what a tool answered.
 * @param content what it said, translated: text as it came, or blocks
 */
export function toToolResult(id: string, content: string | ContentBlock[]): ContentBlock {
  const result = { type: 'tool_result', tool_use_id: id }
  const isEmpty = typeof content === 'string' ? isBlank(content) : content.length === 0
  // A tool may have nothing to say; a result without content is one.
  return isEmpty ? result : { ...result, content }
}

/** Returns the call of a tool. @param json its arguments as the model wrote them */
export function toToolUse(id: string, name: string, json: string): ContentBlock {
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
