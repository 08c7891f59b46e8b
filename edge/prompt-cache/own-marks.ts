/**
 * Whether a client marks anything of its request for Claude's prompt cache itself. Looks where the API takes marks, never
 * into texts, inputs of tools or schemas, which may hold the same word.
 */
import type { MessagesRequest } from '../../shared/messages.ts'

/** Says whether there is a `cache_control` anywhere that the API reads one, `null` included. */
export function setsCacheControl(request: MessagesRequest): boolean {
  const { system, tools, messages } = request
  return (
    isMarked(request) ||
    holdsMark(system) ||
    (tools?.some(isMarked) ?? false) ||
    messages.some((message) => isMarked(message) || holdsMark(message.content))
  )
}

/** Results of tools, documents and results of searches hold blocks again, one in the other. */
function holdsMark(content: unknown): boolean {
  return Array.isArray(content) && content.some(blockIsMarked)
}

function blockIsMarked(block: unknown): boolean {
  if (typeof block !== 'object' || block === null) return false
  if (isMarked(block) || holdsMark(contentOf(block))) return true
  const source = 'source' in block ? block.source : undefined
  return typeof source === 'object' && source !== null && holdsMark(contentOf(source))
}

function contentOf(holder: object): unknown {
  return 'content' in holder ? holder.content : undefined
}

function isMarked(part: unknown): boolean {
  return typeof part === 'object' && part !== null && 'cache_control' in part
}
