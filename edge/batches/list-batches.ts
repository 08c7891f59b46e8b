/**
 * A tenant's page of Claude's list. Claude lists everybody's batches of one key: which are the tenant's, and in which order,
 * the book knows; what they are now is looked up in Claude's list.
 */
import * as z from 'zod/mini'
import { RouterError } from '../../shared/errors.ts'
import { arrayElements, topLevelMembers } from '../../shared/json.ts'
import type { BatchAnswer, BatchCaller, ClaudeBatches } from '../providers/claude/batches.ts'
import { notAnAnswer } from '../providers/claude/upstream-errors.ts'
import type { BatchBook, BoundBatch } from './batch-book.ts'

export type ListQuery = {
  readonly limit: number
  readonly after: string | undefined
  readonly before: string | undefined
  /** What else the client asks Claude for, such as `beta=true`. */
  readonly others: URLSearchParams
}

type Lister = BatchCaller & { readonly tenant: string }

export const LONGEST_PAGE = 1_000
/** Of Claude's list, for one page of the tenant's: other tenants may have made the batches in between. */
const MOST_PAGES = 10
/** Claude's answer where the batch to go on from has been deleted by another road: the list is then read from its beginning. */
const UNKNOWN: ReadonlySet<number> = new Set([400, 404])

const pageSchema = z.looseObject({
  data: z.array(z.looseObject({ id: z.string() })),
  has_more: z.optional(z.boolean()),
})

/** Returns the list. */
export function createListing({
  book,
  claude,
}: {
  readonly book: Pick<BatchBook, 'list'>
  readonly claude: Pick<ClaudeBatches, 'send'>
}): (client: Lister, query: ListQuery) => Promise<BatchAnswer> {
  return async (client, query) => {
    const { batches, hasMore } = pageOf(await book.list(client.tenant), query)
    const wanted = new Set(batches.map(({ id }) => id))
    const items = new Map<string, string>()
    let after = query.before === undefined ? query.after : undefined
    let answer: BatchAnswer | undefined
    for (let page = 0; wanted.size > 0 && page < MOST_PAGES; page++) {
      answer = await claude.send({ method: 'GET', path: queryOf(query.others, after) }, client)
      if (!answer.ok && after !== undefined && UNKNOWN.has(answer.status)) {
        after = undefined
        continue
      }
      if (!answer.ok) return answer
      const { data, has_more: more, texts } = readPage(answer.bytes)
      for (const [at, { id }] of data.entries()) if (wanted.delete(id)) items.set(id, texts[at] ?? '')
      after = data.at(-1)?.id
      if (more !== true || after === undefined) break
    }
    // Those that Claude does not list any more have been deleted elsewhere.
    const listed = batches.filter(({ id }) => items.has(id))
    const [first, last] = [listed[0]?.id ?? null, listed.at(-1)?.id ?? null]
    const body = `{"data":[${listed.map(({ id }) => items.get(id)).join(',')}],"has_more":${hasMore},"first_id":${JSON.stringify(first)},"last_id":${JSON.stringify(hasMore ? (batches.at(-1)?.id ?? last) : last)}}`
    const headers = answer?.headers ?? { 'content-type': 'application/json' }
    return { ok: true, status: 200, headers, bytes: new TextEncoder().encode(body) }
  }
}

/** Anthropic's paging, newest first. @throws {RouterError} `invalid_request` for a batch that is not among them */
function pageOf(
  all: readonly BoundBatch[],
  { limit, after, before }: ListQuery,
): { readonly batches: readonly BoundBatch[]; readonly hasMore: boolean } {
  const indexOf = (name: string, id: string) => {
    const at = all.findIndex((batch) => batch.id === id)
    if (at === -1) throw new RouterError('invalid_request', `${name}: there is no such batch`)
    return at
  }
  if (before !== undefined) {
    const end = indexOf('before_id', before)
    const from = Math.max(0, end - limit)
    return { batches: all.slice(from, end), hasMore: from > 0 }
  }
  const from = after === undefined ? 0 : indexOf('after_id', after) + 1
  return { batches: all.slice(from, from + limit), hasMore: from + limit < all.length }
}

function queryOf(others: URLSearchParams, after: string | undefined): string {
  const query = new URLSearchParams(others)
  query.set('limit', String(LONGEST_PAGE))
  if (after !== undefined) query.set('after_id', after)
  return `?${query}`
}

function readPage(bytes: Uint8Array) {
  try {
    const text = new TextDecoder().decode(bytes)
    const page = pageSchema.parse(JSON.parse(text))
    const data = topLevelMembers(text).findLast(({ key }) => key === 'data')
    return { ...page, texts: data === undefined ? [] : arrayElements(text.slice(data.start, data.end)) }
  } catch {
    throw notAnAnswer()
  }
}
