/**
 * What a request and its answer have to do with kept responses: the conversation before it, the items that it refers to,
 * and keeping it in turn. Does not know where they are kept, nor HTTP.
 */
import * as z from 'zod/mini'
import { causeName, RouterError } from '../../shared/errors.ts'
import type { Log } from '../../shared/log.ts'
import { itemsOf } from './messages-request.ts'
import type { RawItem, ResponsesRequest } from './request-schema.ts'
import { itemId, type ResponseObject, responseOfItem } from './response-object.ts'
import type { ResponseShelf } from './store/response-store.ts'

const itemSchema = z.looseObject({ type: z.nullish(z.string()), id: z.nullish(z.string()) })
const keptItemsSchema = z.object({ input: z.array(itemSchema), output: z.array(itemSchema) })

/** The items of one kept response. */
export type KeptItems = z.infer<typeof keptItemsSchema>

/** Reads what `keepResponse` wrote. @throws if it is anything else */
export function readKeptItems(json: string): KeptItems {
  return keptItemsSchema.parse(JSON.parse(json))
}

/** Runs work on kept responses. @throws {RouterError} `unavailable` where they cannot be reached */
export async function reaching<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw new RouterError('unavailable', 'Kept responses cannot be reached at the moment. Try again.', {
      cause,
    })
  }
}

/**
 * Returns the items of the conversation that the request goes on with, oldest first.
 * @param shelf undefined where nothing is kept
 * @param maxBytes the most that they may hold
 * @throws {RouterError} `invalid_request`, `too_large`, `unavailable`
 */
export async function earlierItems(
  { previous_response_id: previous }: ResponsesRequest,
  shelf: ResponseShelf | undefined,
  maxBytes: number,
): Promise<RawItem[]> {
  if (!previous) return []
  if (shelf === undefined)
    throw new RouterError(
      'invalid_request',
      'previous_response_id: this router keeps no responses. Send the whole conversation in "input", or have RESPONSES_RETENTION_HOURS set.',
    )
  const chain = await reaching(() => shelf.chain(previous, maxBytes))
  if (chain.kind === 'missing')
    throw new RouterError(
      'invalid_request',
      'previous_response_id: no such response is kept, or one before it is gone: deleted, expired, or made with "store": false. Send the whole conversation in "input".',
    )
  if (chain.kind === 'too_large')
    throw new RouterError(
      'too_large',
      `previous_response_id: the conversation holds more than ${maxBytes} bytes. Begin a new one.`,
    )
  return chain.items.flatMap((json) => {
    const { input, output } = readKeptItems(json)
    return [...input, ...output]
  })
}

/**
 * Returns the request's own items with kept ones in the place of references; undefined where reasoning is not kept,
 * without which the conversation goes on as well.
 * @throws {RouterError} `invalid_request` for a reference to what is not kept; `unavailable`
 */
export async function ownItems(
  request: ResponsesRequest,
  shelf: ResponseShelf | undefined,
): Promise<(RawItem | undefined)[]> {
  const items = itemsOf(request)
  const wanted = new Set(items.flatMap((item) => referenceOf(item) ?? []))
  if (wanted.size === 0) return items
  const responses = new Set([...wanted].flatMap((id) => responseOfItem(id) ?? []))
  const kept = new Map<string, RawItem>()
  if (shelf !== undefined && responses.size > 0)
    for (const { items: json } of await reaching(() => shelf.find([...responses]))) {
      const { input, output } = readKeptItems(json)
      for (const item of [...input, ...output]) if (item.id) kept.set(item.id, item)
    }
  return items.map((item, at) => {
    const id = referenceOf(item)
    if (id === undefined) return item
    const found = kept.get(id)
    if (found === undefined && item.type !== 'reasoning')
      throw new RouterError(
        'invalid_request',
        `input.${at}.id: no such item is kept. Send the item itself instead of a reference (AI SDK: providerOptions.openai.store = false).`,
      )
    return found
  })
}

/** Reasoning without what Claude wants back stands for the whole of it. */
function referenceOf(item: RawItem): string | undefined {
  if (typeof item.id !== 'string') return undefined
  if (item.type === 'item_reference') return item.id
  if (item.type === 'reasoning') return item.encrypted_content ? undefined : item.id
  return (item.type ?? undefined) === undefined && !('role' in item) ? item.id : undefined
}

/**
 * Keeps a response with the items that it came from.
 * @returns whether it is kept; what goes wrong is logged and costs the client nothing but its follow-up
 */
export async function keepResponse(
  shelf: ResponseShelf,
  own: readonly (RawItem | undefined)[],
  { output, ...frame }: ResponseObject,
  log: Log,
): Promise<boolean> {
  const input = own.flatMap((item, at) => (item === undefined ? [] : [withId(item, frame.id, at)]))
  const previous = frame.previous_response_id
  try {
    return await shelf.keep({
      id: frame.id,
      previous: typeof previous === 'string' ? previous : undefined,
      items: JSON.stringify({ input, output }),
      frame: JSON.stringify(frame),
    })
  } catch (error) {
    log('[Router] A response cannot be kept', { name: causeName(error) }, 'error')
    return false
  }
}

function withId(item: RawItem, response: string, at: number): RawItem {
  const type = item.type ?? 'message'
  return { ...item, type, id: typeof item.id === 'string' ? item.id : itemId(response, type, `in${at}`) }
}
