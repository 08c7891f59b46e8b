/**
 * What a request and its answer have to do with kept responses: the conversation before it, the items that it refers to,
 * and keeping it in turn. Does not know where they are kept, nor HTTP.
 */
import { causeName, RouterError } from '../../shared/errors.ts'
import type { Log } from '../../shared/log.ts'
import { resolveReferences } from './item-references.ts'
import { readKeptItems, writeKeptItems } from './kept-items.ts'
import { itemsOf } from './messages-request.ts'
import type { RawItem, ResponsesRequest } from './request-schema.ts'
import { itemId, type ResponseObject } from './response-object.ts'
import type { ResponseShelf } from './store/response-store.ts'

export type Conversation = {
  /** The items before the request, oldest first. */
  readonly earlier: readonly RawItem[]
  /** The request's items, references resolved; undefined stands for one that means nothing. */
  readonly own: readonly (RawItem | undefined)[]
  /** Whether anything kept in it must not get to Claude. */
  readonly privacyLocal: boolean
}

/**
 * Returns the conversation that the request goes on with.
 * @param shelf undefined where nothing is kept
 * @param room the most bytes that kept items may add to the request
 * @throws {RouterError} `invalid_request`, `too_large`, `unavailable`
 */
export async function readConversation(
  request: ResponsesRequest,
  shelf: ResponseShelf | undefined,
  room: number,
): Promise<Conversation> {
  const earlier = await earlierItems(request, shelf, room)
  const own = await resolveReferences(itemsOf(request), shelf, room - earlier.bytes)
  return {
    earlier: earlier.items,
    own: own.items,
    privacyLocal: earlier.privacyLocal || own.privacyLocal,
  }
}

async function earlierItems(
  { previous_response_id: previous }: ResponsesRequest,
  shelf: ResponseShelf | undefined,
  room: number,
): Promise<{ readonly items: readonly RawItem[]; readonly bytes: number; readonly privacyLocal: boolean }> {
  if (!previous) return { items: [], bytes: 0, privacyLocal: false }
  if (shelf === undefined)
    throw new RouterError(
      'invalid_request',
      'previous_response_id: this router keeps no responses. Send the whole conversation in "input", or have RESPONSES_RETENTION_HOURS set.',
    )
  const chain = await shelf.chain(previous, room)
  if (chain.kind === 'missing')
    throw new RouterError(
      'invalid_request',
      'previous_response_id: no such response is kept, or one before it is gone: deleted, expired, or made with "store": false. Send the whole conversation in "input".',
    )
  if (chain.kind === 'too_large')
    throw new RouterError(
      'too_large',
      `previous_response_id: the conversation holds more than the ${room} bytes that MAX_BODY_BYTES leaves it beside the request. Begin a new one.`,
    )
  const items = chain.items.flatMap((json) => {
    const { input, output } = readKeptItems(json)
    return [...input, ...output]
  })
  return { items, bytes: chain.bytes, privacyLocal: chain.privacyLocal }
}

/**
 * Keeps a response with the items that it came from, but not who its end user is: that may be an address, and nothing
 * reads it again.
 * @param privacyLocal whether they must never get to Claude
 * @returns whether it is kept; what goes wrong is logged and costs the client nothing but its follow-up
 */
export async function keepResponse(
  shelf: ResponseShelf,
  { own, privacyLocal }: Pick<Conversation, 'own' | 'privacyLocal'>,
  { output, user: _, ...frame }: ResponseObject,
  log: Log,
): Promise<boolean> {
  const input = keptInput(own, frame.id)
  const previous = frame.previous_response_id
  try {
    return await shelf.keep({
      id: frame.id,
      previous: typeof previous === 'string' ? previous : undefined,
      items: writeKeptItems({ input, output }),
      frame: JSON.stringify({ ...frame, safety_identifier: null }),
      privacyLocal,
    })
  } catch (error) {
    log('[Router] A response cannot be kept', { name: causeName(error) }, 'error')
    return false
  }
}

/** Each with an id of its own: lists of them are read on by the id of the last. */
function keptInput(own: Conversation['own'], response: string): RawItem[] {
  const ids = new Set<unknown>()
  return own.flatMap((item, at) => {
    if (item === undefined) return []
    const type = item.type ?? 'message'
    const id =
      typeof item.id === 'string' && item.id !== '' && !ids.has(item.id)
        ? item.id
        : itemId(response, type, `in${at}`)
    ids.add(id)
    return [{ ...withoutMarks(item), type, id }]
  })
}

/** Marks for Claude's prompt cache are of one request: it takes four, which a conversation would soon hold. */
function withoutMarks({ cache_control: _, ...item }: RawItem): RawItem {
  const plain = (content: unknown) =>
    Array.isArray(content) ? content.map((part: unknown) => withoutMark(part)) : content
  return {
    ...item,
    ...('content' in item ? { content: plain(item.content) } : {}),
    ...('output' in item ? { output: plain(item.output) } : {}),
  }
}

function withoutMark(part: unknown): unknown {
  if (typeof part !== 'object' || part === null || !('cache_control' in part)) return part
  const { cache_control: _, ...rest } = part
  return rest
}
