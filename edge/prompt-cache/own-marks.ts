/**
 * Whether a client marks anything of its request for Claude's prompt cache itself. Looks where the API takes marks, never
 * into texts, inputs of tools or schemas, which may hold the same word.
 */
import type { ContentBlock, MessagesRequest } from '../../shared/messages.ts'

/** Says whether there is a `cache_control` anywhere that the API reads one, `null` included. */
export function setsCacheControl(request: MessagesRequest): boolean {
  const { system, tools, messages } = request
  return (
    isMarked(request) ||
    (Array.isArray(system) && system.some(blockIsMarked)) ||
    (tools?.some(isMarked) ?? false) ||
    messages.some(
      (message) =>
        isMarked(message) || (typeof message.content !== 'string' && message.content.some(blockIsMarked)),
    )
  )
}

/** Results of tools and documents may hold blocks again. */
function blockIsMarked(block: ContentBlock): boolean {
  if (isMarked(block)) return true
  const { content, source } = block
  return holdsMark(content) || (typeof source === 'object' && source !== null && holdsMark(contentOf(source)))
}

function contentOf(source: object): unknown {
  return 'content' in source ? source.content : undefined
}

function holdsMark(content: unknown): boolean {
  return Array.isArray(content) && content.some(isMarked)
}

function isMarked(part: unknown): boolean {
  return typeof part === 'object' && part !== null && 'cache_control' in part
}
