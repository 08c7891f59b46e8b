/**
 * Function calls and their outputs belong together, at OpenAI as at Claude: says which is missing, in the client's words, before
 * Claude says it in its own. Translates nothing.
 */
import { RouterError } from '../../shared/errors.ts'
import type { PlacedItem } from './conversation.ts'

const LONGEST_ID = 80

/**
 * Checks that every output answers a call before it, and that every call is answered.
 * @throws {RouterError} `invalid_request` for the first output without a call, or else the first call without an output
 */
export function requirePairedCalls(items: readonly PlacedItem[]): void {
  const called = new Set<string>()
  const open = new Set<string>()
  for (const { item, path } of items) {
    if (item.kind === 'function_call') {
      called.add(item.call_id)
      open.add(item.call_id)
    } else if (item.kind === 'function_call_output') {
      if (!called.has(item.call_id))
        throw new RouterError(
          'invalid_request',
          `${path}.call_id: no function call with this id stands before it. Send the call in "input", or the "previous_response_id" of the response that made it.`,
        )
      open.delete(item.call_id)
    }
  }
  for (const id of open)
    throw new RouterError(
      'invalid_request',
      `input: the function call ${JSON.stringify(id.slice(0, LONGEST_ID))} has no output. Send a function_call_output for every call before the conversation goes on.`,
    )
}
