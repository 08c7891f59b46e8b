/**
 * Reads a request of the Responses API: the body, what is kept of the conversation before it, and its translation. Does not
 * answer it.
 */
import { withExactMembers } from '../openai/exact-json.ts'
import { readConversation } from '../responses/kept-conversation.ts'
import { toMessagesRequest } from '../responses/messages-request.ts'
import { parseResponsesRequest } from '../responses/request-schema.ts'
import type { ResponseShelf } from '../responses/store/response-store.ts'
import type { RequestBody } from './read-request.ts'

/** Members that hold schemas of the client's, whose numbers keep their digits. */
const SCHEMAS: ReadonlySet<string> = new Set(['tools', 'text'])

/**
 * Returns what the request asks for, its own items with references resolved, whether anything kept in it must not get to
 * Claude, and the Messages request.
 * @param shelf undefined where nothing is kept
 * @param maxBodyBytes the most that the body and what is kept may be together
 * @throws {RouterError} `invalid_request` that names the parameter, `too_large`, `unavailable`
 */
export async function readResponsesRequest(
  { body, text, value }: RequestBody,
  shelf: ResponseShelf | undefined,
  maxBodyBytes: number,
) {
  const asked = parseResponsesRequest(withExactMembers(value, text, SCHEMAS))
  const { earlier, own, privacyLocal } = await readConversation(asked, shelf, maxBodyBytes - body.byteLength)
  return { asked, own, privacyLocal, translated: toMessagesRequest(asked, earlier, own) }
}
