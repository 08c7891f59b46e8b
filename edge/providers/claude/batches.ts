/**
 * Claude's endpoints for batches: bytes there and bytes back, with the headers and the credential of any other request to
 * Claude. Nothing is asked twice: a batch that was made is paid for. Knows nothing of tenants.
 */
import { RouterError } from '../../../shared/errors.ts'
import { createDeadline, type Deadline } from '../../fallback/deadline.ts'
import type { RouterRequest } from '../../request.ts'
import type { ClaudeConfig } from '../../settings/core-settings.ts'
import { type Fetch, fetchOrUnavailable, readChunk } from '../provider.ts'
import { claudeRequestHeaders, visibleHeaders } from './headers.ts'
import { isAnthropic, notAnAnswer, ownError, readUpstreamError, visibleBody } from './upstream-errors.ts'

export type BatchCall = {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Behind `/v1/messages/batches`, with the query. */
  readonly path: string
  readonly body?: Uint8Array
  /** Called with the status, once an answer begins. */
  readonly onStatus?: (status: number) => void
}
export type BatchCaller = Pick<RouterRequest, 'apiHeaders' | 'passHeaders' | 'clientCredential' | 'signal'>

/** Claude's own answer; an error of its own among them. */
export type BatchAnswer = {
  readonly ok: boolean
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Uint8Array
}
export type BatchResults = {
  readonly headers: Readonly<Record<string, string>>
  readonly body: ReadableStream<Uint8Array>
  /** Reads on. @throws {RouterError} where Claude falls silent or breaks off */
  readonly read: (reader: ReadableStreamDefaultReader<Uint8Array>) => ReturnType<typeof readChunk>
  /** Nobody reads on. */
  readonly close: () => void
}

export type ClaudeBatches = {
  /** @throws {RouterError} where Claude cannot be asked, or what answers is not for clients */
  readonly send: (call: BatchCall, caller: BatchCaller) => Promise<BatchAnswer>
  /** The same for an answer of any length, once it has begun well. */
  readonly open: (call: BatchCall, caller: BatchCaller) => Promise<BatchAnswer | BatchResults>
}

/** Beyond it timers end at once. */
const LONGEST_TIMER_MS = 2_147_483_647
/** Longer than any description of a batch, or a page of a thousand. */
const LONGEST_ANSWER_BYTES = 16 * 1024 * 1024

/** Returns the calls. */
export function createClaudeBatches(config: ClaudeConfig, fetch: Fetch): ClaudeBatches {
  const { headersMs, idleMs, totalMs } = config.deadlines
  const call = async (
    { method, path, body, onStatus }: BatchCall,
    caller: BatchCaller,
    deadline: Deadline,
  ) => {
    const { 'content-type': contentType, ...headers } = claudeRequestHeaders(config, caller)
    // An upload takes as long as the body is large.
    deadline.stage(body === undefined ? headersMs : totalMs, 'Claude did not begin to answer')
    const response = await deadline.within(
      fetchOrUnavailable(
        fetch,
        `${config.baseUrl}/v1/messages/batches${path}`,
        {
          method,
          headers:
            body === undefined || contentType === undefined
              ? headers
              : { ...headers, 'content-type': contentType },
          // No body lies in shared memory, which some platforms' types of a request body leave out.
          ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }),
          signal: deadline.signal,
        },
        'Claude',
      ),
    )
    onStatus?.(response.status)
    return response
  }
  const whole = async (response: Response, deadline: Deadline): Promise<BatchAnswer> => {
    deadline.stage(idleMs, 'Claude did not finish its answer')
    const bytes = await deadline.within(readAll(response))
    deadline.done()
    const headers = { ...visibleHeaders(response.headers), 'content-type': 'application/json' }
    if (response.ok && isObject(bytes)) return { ok: true, status: response.status, headers, bytes }
    if (response.ok) throw notAnAnswer()
    const error = readUpstreamError(response.status, response.headers, bytes)
    const own = ownError(error, config.keySource !== 'client')
    if (own !== undefined) throw own
    return {
      ok: false,
      status: response.status,
      headers,
      bytes: visibleBody(error, isAnthropic(config.baseUrl)),
    }
  }
  return {
    async send(request, caller) {
      const deadline = createDeadline(caller.signal, totalMs)
      try {
        return await whole(await call(request, caller, deadline), deadline)
      } catch (error) {
        deadline.cancel()
        throw error
      }
    },
    async open(request, caller) {
      // Results are as long as they are: only silence ends them.
      const deadline = createDeadline(caller.signal, LONGEST_TIMER_MS)
      try {
        const response = await call(request, caller, deadline)
        const { body } = response
        if (!response.ok || body === null) return await whole(response, deadline)
        if (isPage(response)) {
          body.cancel().catch(() => {})
          throw notAnAnswer()
        }
        return {
          headers: visibleHeaders(response.headers),
          body,
          read(reader) {
            deadline.stage(idleMs, 'Claude sent nothing more')
            return deadline.within(readChunk(reader, 'Claude'))
          },
          close: deadline.cancel,
        }
      } catch (error) {
        deadline.cancel()
        throw error
      }
    },
  }
}

/** What a proxy shows in Claude's place. */
function isPage({ headers }: Response): boolean {
  return /^text\/html\b/i.test(headers.get('content-type') ?? '')
}

function isObject(bytes: Uint8Array): boolean {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

async function readAll(response: Response): Promise<Uint8Array> {
  if (Number(response.headers.get('content-length') ?? 0) > LONGEST_ANSWER_BYTES) throw notAnAnswer()
  let bytes: Uint8Array
  try {
    bytes = new Uint8Array(await response.arrayBuffer())
  } catch (cause) {
    throw new RouterError('upstream', 'The connection to Claude broke while it was answering.', { cause })
  }
  if (bytes.byteLength > LONGEST_ANSWER_BYTES) throw notAnAnswer()
  return bytes
}
