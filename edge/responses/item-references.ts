/**
 * References to kept items, and the items in their place. Does not know what goes before the request, nor HTTP.
 */
import { RouterError } from '../../shared/errors.ts'
import { readKeptItems } from './kept-items.ts'
import type { RawItem } from './request-schema.ts'
import { responseOfItem } from './response-object.ts'
import { byteLength } from './store/byte-length.ts'
import type { ResponseShelf } from './store/response-store.ts'

export type ResolvedItems = {
  /** Undefined in the place of reasoning that is not kept, without which the conversation goes on as well. */
  readonly items: readonly (RawItem | undefined)[]
  /** Whether one of the responses that were looked up must not get to Claude. */
  readonly privacyLocal: boolean
}

/**
 * Returns a request's items with kept ones in the place of references.
 * @param shelf undefined where nothing is kept
 * @param room the most bytes that kept items may add, as often as each is referred to
 * @throws {RouterError} `invalid_request` for a reference to what is not kept; `too_large`, `unavailable`
 */
export async function resolveReferences(
  items: readonly RawItem[],
  shelf: ResponseShelf | undefined,
  room: number,
): Promise<ResolvedItems> {
  const wanted = new Set(items.flatMap((item) => referenceOf(item) ?? []))
  if (wanted.size === 0) return { items, privacyLocal: false }
  const { kept, privacyLocal } = await lookUp(wanted, shelf, room)
  let left = room
  const resolved = items.map((item, at) => {
    const id = referenceOf(item)
    if (id === undefined) return item
    const found = kept.get(id)
    if (found === undefined && item.type !== 'reasoning')
      throw new RouterError(
        'invalid_request',
        `input.${at}.id: no such item is kept. Send the item itself instead of a reference (AI SDK: providerOptions.openai.store = false).`,
      )
    left -= found?.bytes ?? 0
    if (left < 0) throw tooLarge(room)
    return found && withMarkOf(item, found.item)
  })
  return { items: resolved, privacyLocal }
}

/** A mark for Claude's prompt cache is of the request, as what is kept has none. */
function withMarkOf({ cache_control: mark }: RawItem, item: RawItem): RawItem {
  return mark ? { ...item, cache_control: mark } : item
}

type Kept = Map<string, { readonly item: RawItem; readonly bytes: number }>

async function lookUp(wanted: ReadonlySet<string>, shelf: ResponseShelf | undefined, room: number) {
  const kept: Kept = new Map()
  let privacyLocal = false
  const look = async (responses: readonly string[]) => {
    if (shelf === undefined || responses.length === 0) return
    const gathered = await shelf.gather(responses, room)
    if (gathered.kind === 'too_large') throw tooLarge(room)
    privacyLocal ||= gathered.privacyLocal
    for (const json of gathered.items) {
      const { input, output } = readKeptItems(json)
      for (const item of [...input, ...output])
        if (item.id && wanted.has(item.id))
          kept.set(item.id, { item, bytes: byteLength(JSON.stringify(item)) })
    }
  }
  const responsesOf = (ids: readonly string[]) => [...new Set(ids.flatMap((id) => responseOfItem(id) ?? []))]
  // Who refers to a whole conversation finds all of it in the youngest response: each keeps what it referred to itself.
  const youngest = responsesOf([...wanted])
    .toSorted()
    .slice(-1)
  await look(youngest)
  const missing = responsesOf([...wanted].filter((id) => !kept.has(id)))
  await look(missing.filter((id) => !youngest.includes(id)))
  return { kept, privacyLocal }
}

/** Reasoning without what Claude wants back stands for the whole of it. */
function referenceOf(item: RawItem): string | undefined {
  if (typeof item.id !== 'string') return undefined
  if (item.type === 'item_reference') return item.id
  if (item.type === 'reasoning') return item.encrypted_content ? undefined : item.id
  return (item.type ?? undefined) === undefined && !('role' in item) ? item.id : undefined
}

function tooLarge(room: number): RouterError {
  return new RouterError(
    'too_large',
    `input: the kept items that it refers to hold more than the ${Math.max(0, room)} bytes that MAX_BODY_BYTES leaves them beside the request and what it goes on from. Refer to fewer.`,
  )
}
