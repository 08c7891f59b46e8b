/**
 * Claude's batches for tenants that share its key: each sees its own and no others, its limits hold, and what its results
 * cost is written down once. Bytes go to Claude and back as they are, but for the address of the results. Knows no HTTP
 * server.
 */
import * as z from 'zod/mini'
import { causeName, type ErrorCode, RouterError } from '../../shared/errors.ts'
import { parseJsonBody } from '../../shared/json.ts'
import type { Log } from '../../shared/log.ts'
import type { BatchAnswer, BatchCaller, BatchResults, ClaudeBatches } from '../providers/claude/batches.ts'
import { notAnAnswer } from '../providers/claude/upstream-errors.ts'
import type { RouterRequest } from '../request.ts'
import type { AdmitBatch } from './batch-admission.ts'
import type { BatchBook } from './batch-book.ts'
import type { BatchRequest } from './batch-request.ts'
import { createListing, type ListQuery } from './list-batches.ts'
import { countedBody, createRowCounter, type ResultsDependencies } from './results-body.ts'

export type BatchesDependencies = ResultsDependencies & {
  readonly book: BatchBook
  readonly claude: ClaudeBatches
  readonly admit: AdmitBatch
  /** Told of a tenant whose key Claude has taken. */
  readonly taken: (tenant: string) => void
  readonly log: Log
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Who asks. */
export type BatchClient = BatchCaller &
  Pick<RouterRequest, 'id' | 'waitUntil' | 'query'> & {
    readonly tenant: string
  }

export type NewBatchRequest = {
  readonly body: Uint8Array
  readonly read: BatchRequest
  /** As a header names it, or else all requests that name one. */
  readonly user: string | undefined
}

export type Batches = {
  readonly create: (client: BatchClient, request: NewBatchRequest) => Promise<BatchAnswer>
  readonly list: (client: BatchClient, query: ListQuery) => Promise<BatchAnswer>
  readonly retrieve: (client: BatchClient, id: string) => Promise<BatchAnswer>
  readonly cancel: (client: BatchClient, id: string) => Promise<BatchAnswer>
  readonly remove: (client: BatchClient, id: string) => Promise<BatchAnswer>
  readonly results: (
    client: BatchClient,
    id: string,
  ) => Promise<
    BatchAnswer | { readonly headers: BatchResults['headers']; readonly body: ReadableStream<Uint8Array> }
  >
}

const BATCH_ID = /^[\w-]{1,128}$/
const madeSchema = z.looseObject({
  id: z.string().check(z.regex(BATCH_ID)),
  created_at: z.optional(z.string()),
})

/** Returns the batches. Every method throws a RouterError, `not_found` for a batch that the tenant has not made. */
export function createBatches(dependencies: BatchesDependencies): Batches {
  const { book, claude, log, now } = dependencies
  const ownBatch = async ({ tenant }: BatchClient, id: string) => {
    const found = BATCH_ID.test(id) ? await reading(book.find(tenant, id)) : undefined
    if (found === undefined) throw notFound(id)
    return found
  }
  return {
    create(client, request) {
      const made = create(dependencies, client, request)
      // A batch that Claude has made must be remembered, also where its client has left.
      client.waitUntil(made)
      return made
    },
    list: createListing({ book: { list: (tenant) => reading(book.list(tenant)) }, claude }),
    async retrieve(client, id) {
      await ownBatch(client, id)
      return claude.send({ method: 'GET', path: `/${id}${client.query}` }, client)
    },
    async cancel(client, id) {
      await ownBatch(client, id)
      return claude.send({ method: 'POST', path: `/${id}/cancel${client.query}` }, client)
    },
    async remove(client, id) {
      await ownBatch(client, id)
      const answer = await claude.send({ method: 'DELETE', path: `/${id}${client.query}` }, client)
      // Where it cannot be forgotten, Claude says from now on that there is no such batch.
      if (answer.ok) await book.forget(client.tenant, id).catch(() => {})
      return answer
    },
    async results(client, id) {
      const batch = { ...(await ownBatch(client, id)), tenant: client.tenant }
      const opened = await claude.open({ method: 'GET', path: `/${id}/results${client.query}` }, client)
      if (!('body' in opened)) return opened
      const { headers, body, read, close } = opened
      // Where nobody can say whether its rows are counted they are counted the next time.
      const at = await book.fetch(client.tenant, id).catch((error: unknown) => {
        log('[Router] Batches cannot be looked up', { batch: id, name: causeName(error) }, 'error')
        return undefined
      })
      const counter = at === undefined ? undefined : createRowCounter(dependencies, batch, at)
      return { headers, body: countedBody(body, read, counter, client.waitUntil, close) }
    },
  }

  async function create(
    { admit, taken }: BatchesDependencies,
    client: BatchClient,
    { body, read, user }: NewBatchRequest,
  ): Promise<BatchAnswer> {
    const { id: requestId, tenant, waitUntil } = client
    // Asked for what nobody has made: SDKs try again, and each time Claude would begin a batch that is cancelled.
    await reading(
      book.find(tenant, requestId),
      'Batches cannot be remembered at the moment, so none was made. Try again.',
    )
    const admission = await admit({ requestId, tenant, user, users: read.users.length, waitUntil }, read)
    let counts = false
    let status: number | undefined
    const onStatus = (told: number) => {
      status = told
    }
    try {
      const stays = { ...client, signal: new AbortController().signal }
      const answer = await claude.send({ method: 'POST', path: client.query, body, onStatus }, stays)
      if (!answer.ok) return { ...answer, headers: { ...answer.headers, ...admission.headers } }
      taken(tenant)
      const batch = madeSchema.safeParse(parsed(answer.bytes))
      if (!batch.success) throw notAnAnswer()
      counts = true
      const { id } = batch.data
      const told = Date.parse(batch.data.created_at ?? '')
      const createdAt = Number.isNaN(told) ? now() : told
      const bind = () =>
        book.bind(tenant, {
          id,
          createdAt,
          user: user ?? null,
          requests: read.count,
          booked: admission.booked,
        })
      try {
        await bind().catch(bind)
      } catch (error) {
        log(
          '[Router] A batch cannot be remembered',
          { requestId, batch: id, name: causeName(error) },
          'error',
        )
        // Nobody could ever fetch it: it shall cost as little as it can.
        waitUntil(claude.send({ method: 'POST', path: `/${id}/cancel` }, stays))
        throw new RouterError(
          'unavailable',
          'The batch could not be remembered and was cancelled. Send it again.',
        )
      }
      log('[Router] Batch created', { requestId, tenant, batch: id, requests: read.count })
      return { ...answer, headers: { ...answer.headers, ...admission.headers } }
    } catch (error) {
      if (!counts && mayExist(RouterError.from(error).code, status)) {
        counts = true
        log(
          '[Router] A batch may exist that belongs to nobody; what was reserved for it counts',
          { requestId, tenant, status, name: causeName(error) },
          'error',
        )
      }
      throw error
    } finally {
      await admission.settle(counts)
    }
  }
}

/** Before anything is sent: there is no key, or no connection. */
const NOTHING_SENT: ReadonlySet<ErrorCode> = new Set(['configuration', 'unauthorized', 'unavailable'])

/**
 * Says whether Claude may have made a batch although its answer is none that says so.
 * @param status of the answer, where one began
 */
function mayExist(code: ErrorCode, status: number | undefined): boolean {
  if (status === undefined) return !NOTHING_SENT.has(code)
  const isRefusal = (status >= 400 && status < 500) || code === 'overloaded'
  return !isRefusal
}

/** What nobody can look up is not given away. */
async function reading<T>(
  work: Promise<T>,
  complaint = 'Whose batch this is cannot be looked up at the moment. Try again.',
): Promise<T> {
  try {
    return await work
  } catch (cause) {
    throw new RouterError('unavailable', complaint, { cause })
  }
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return parseJsonBody(bytes).value
  } catch {
    return undefined
  }
}

function notFound(id: string): RouterError {
  return new RouterError(
    'not_found',
    `This key has made no batch ${JSON.stringify(id.slice(0, 100))}. Only batches that were made through this router with a key of the same tenant are found here, for 30 days.`,
  )
}
