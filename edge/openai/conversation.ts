/**
 * Turns, translated one by one, to a Messages conversation: leading system texts become `system`, neighbouring results
 * become one turn, what says nothing is left out. Knows no format of OpenAI's.
 */
import { RouterError } from '../../shared/errors.ts'
import type { ContentBlock, MessageParam } from '../../shared/messages.ts'

/** One turn of the client's. An empty content says nothing. */
export type Turn = {
  /** `result`: what tools answered. */
  readonly role: 'system' | 'user' | 'assistant' | 'result'
  readonly content: string | ContentBlock[]
  /** Which of the client's messages or items it comes from; of several, the first. */
  readonly source: number
  /** Where its content stands in the request, for complaints. */
  readonly path: string
}

export type Conversation = {
  /** The leading system texts, in order. */
  readonly system: readonly ContentBlock[]
  readonly messages: MessageParam[]
  /** For each of `messages`, which of the client's it comes from; of several, the first. */
  readonly sources: readonly number[]
}

/**
 * Puts the turns together. System turns after the first of another kind stay where they are, with role `system`. Only
 * system turns are legal at OpenAI but not here, so the last of them becomes the user's.
 * @param parameter what the client calls the list
 * @throws {RouterError} `invalid_request` where nothing is said, or nothing in the last turn
 */
export function toConversation(turns: readonly Turn[], parameter: string): Conversation {
  const firstTurn = turns.findIndex(({ role }) => role !== 'system')
  const leading = firstTurn === -1 ? turns.length - 1 : firstTurn
  const lastTurn = firstTurn === -1 ? turns.length - 1 : turns.findLastIndex(({ role }) => role !== 'system')
  const system: ContentBlock[] = []
  const messages: MessageParam[] = []
  const sources: number[] = []
  let results: ContentBlock[] | undefined

  for (const [at, { role, content, source, path }] of turns.entries()) {
    const push = (message: MessageParam) => {
      messages.push(message)
      sources.push(source)
    }
    if (role === 'result') {
      if (results === undefined) {
        results = []
        push({ role: 'user', content: results })
      }
      results.push(...asBlocks(content))
      continue
    }
    results = undefined
    if (role === 'system' && at < leading) system.push(...asBlocks(content))
    else if (content.length === 0) {
      if (at === lastTurn && role !== 'assistant')
        throw new RouterError(
          'invalid_request',
          `${path}: must hold something besides white space, as the last turn of the conversation`,
        )
    } else if (role === 'assistant')
      push({ role, content: at === lastTurn ? withoutTrailingSpace(content) : content })
    else push({ role: role === 'system' && firstTurn !== -1 ? 'system' : 'user', content })
  }
  if (messages.length === 0)
    throw new RouterError('invalid_request', `${parameter}: must hold at least one message that is not empty`)
  return { system, messages, sources }
}

/** The API takes no begun answer that ends in white space. */
function withoutTrailingSpace(content: string | ContentBlock[]): string | ContentBlock[] {
  if (typeof content === 'string') return content.trimEnd()
  const last = content.at(-1)
  if (last?.text === undefined) return content
  return content.with(-1, { ...last, text: last.text.trimEnd() })
}

function asBlocks(content: string | ContentBlock[]): ContentBlock[] {
  if (typeof content !== 'string') return content
  return content === '' ? [] : [{ type: 'text', text: content }]
}
