/**
 * Items as turns of a conversation: what the model thought, said and called in one go is one turn. Does not read any
 * parameter besides the items; openai/conversation.ts puts the turns together.
 */
import type { ContentBlock } from '../../shared/messages.ts'
import { toToolResult, toToolUse, withCacheControl } from '../openai/blocks.ts'
import type { Turn } from '../openai/conversation.ts'
import { createToolCallIds } from '../openai/tool-call-ids.ts'
import { toBlocks, toTextBlocks } from './content-parts.ts'
import { thinkingBlockOf } from './encrypted-content.ts'
import type { InputItem } from './input-items.ts'

/** An item and where it stands in the request. */
export type PlacedItem = { readonly item: InputItem; readonly source: number; readonly path: string }

/**
 * Translates the items, in order. Reasoning that is none of Claude's is left out.
 * @throws {RouterError} `invalid_request` that names the item and the part that cannot be translated
 */
export function toTurns(items: readonly PlacedItem[]): Turn[] {
  const ids = createToolCallIds()
  const turns: Turn[] = []
  let said: ContentBlock[] | undefined
  const say = ({ source, path }: PlacedItem, blocks: () => ContentBlock[]) => {
    if (said === undefined) {
      said = []
      ids.nextTurn()
      turns.push({ role: 'assistant', content: said, source, path })
    }
    said.push(...blocks())
  }

  for (const placed of items) {
    const { item, source, path } = placed
    if (item.kind === 'reasoning') say(placed, () => toThinking(item))
    else if (item.kind === 'function_call')
      say(placed, () =>
        withCacheControl([toToolUse(ids.call(item.call_id), item.name, item.arguments)], item.cache_control),
      )
    else if (item.kind === 'message' && item.role === 'assistant')
      say(placed, () => withCacheControl(toTextBlocks(item.content, `${path}.content`), item.cache_control))
    else {
      said = undefined
      turns.push(
        item.kind === 'message'
          ? toMessageTurn(item, source, `${path}.content`)
          : toResultTurn(item, ids.result(item.call_id), source, `${path}.output`),
      )
    }
  }
  return turns.map((turn) => (isThoughtOnly(turn) ? { ...turn, content: [] } : turn))
}

type Message = Extract<InputItem, { kind: 'message' }>
type Output = Extract<InputItem, { kind: 'function_call_output' }>

/** A string stays a string, which is what most clients send; what says nothing is empty. */
function toMessageTurn({ role, content, cache_control }: Message, source: number, path: string): Turn {
  const isUser = role === 'user'
  const blocks = isUser ? toBlocks(content, path) : toTextBlocks(content, path)
  const asItIs = typeof content === 'string' && blocks.length > 0 && !cache_control
  return {
    role: isUser ? 'user' : 'system',
    content: asItIs ? content : withCacheControl(blocks, cache_control),
    source,
    path,
  }
}

function toResultTurn({ output, cache_control }: Output, id: string, source: number, path: string): Turn {
  const result = toToolResult(id, typeof output === 'string' ? output : toBlocks(output, path))
  return { role: 'result', content: withCacheControl([result], cache_control), source, path }
}

function toThinking({ encrypted_content }: Extract<InputItem, { kind: 'reasoning' }>): ContentBlock[] {
  const block = encrypted_content ? thinkingBlockOf(encrypted_content) : undefined
  return block === undefined ? [] : [block]
}

/** Claude refuses a turn that ends before anything was said. */
function isThoughtOnly({ role, content }: Turn): boolean {
  return (
    role === 'assistant' &&
    typeof content !== 'string' &&
    content.every(({ type }) => type === 'thinking' || type === 'redacted_thinking')
  )
}
