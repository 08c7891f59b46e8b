/**
 * A stand-in for Claude's batches on a real port: it makes, lists, cancels and deletes them as the API is documented, and
 * gives the results that a test has set. Records what it was asked.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type BatchHit = {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Writes an answer by itself. */
export type Answer = (response: ServerResponse) => void | Promise<void>

export type ClaudeBatchesUpstream = {
  readonly url: string
  readonly hits: readonly BatchHit[]
  /** Ends a batch with these results, as they are. */
  readonly end: (id: string, results: string | Answer) => void
  /** Answers the next request so, whatever it is. */
  readonly next: (answer: Answer) => void
  /** Makes a batch as somebody else with the same key of Claude would. */
  readonly make: () => string
  readonly close: () => Promise<void>
}

type Batch = {
  readonly id: string
  readonly at: number
  ended: boolean
  canceled: boolean
  results: string | Answer
}

/** @param longestPage what Claude gives at most of its list in one answer */
export async function startClaudeBatches(longestPage = 1_000): Promise<ClaudeBatchesUpstream> {
  const hits: BatchHit[] = []
  const queue: Answer[] = []
  let batches: Batch[] = []
  let made = 0
  const make = () => {
    made += 1
    const id = `msgbatch_${String(made).padStart(4, '0')}`
    const at = Date.UTC(2026, 10, 22, 12, 0, made)
    batches = [{ id, at, ended: false, canceled: false, results: '' }, ...batches]
    return id
  }
  const describe = ({ id, at, ended, canceled }: Batch) => ({
    id,
    type: 'message_batch',
    processing_status: ended ? 'ended' : canceled ? 'canceling' : 'in_progress',
    request_counts: {
      processing: ended ? 0 : 1,
      succeeded: ended ? 1 : 0,
      errored: 0,
      canceled: 0,
      expired: 0,
    },
    created_at: new Date(at).toISOString(),
    ended_at: ended ? new Date(at + 60_000).toISOString() : null,
    expires_at: new Date(at + 86_400_000).toISOString(),
    archived_at: null,
    cancel_initiated_at: null,
    results_url: ended ? `https://api.anthropic.com/v1/messages/batches/${id}/results` : null,
    future_field: 1,
  })
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const [method, path] = [request.method ?? '', request.url ?? '']
    hits.push({ method, path, headers: request.headers, body: Buffer.concat(chunks).toString() })
    const scripted = queue.shift()
    if (scripted !== undefined) return scripted(response)
    const url = new URL(path, 'http://claude.test')
    const [, id = '', action = ''] =
      /^\/v1\/messages\/batches(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(url.pathname) ?? []
    const found = batches.find((batch) => batch.id === id)
    if (id === '' && method === 'POST') return say(response, 200, describe(batchOf(make())))
    const after = url.searchParams.get('after_id')
    if (id === '' && after !== null && !batches.some((batch) => batch.id === after))
      return say(response, 404, errorBody('not_found_error', 'Claude knows no such batch'))
    if (id === '') return say(response, 200, list(url.searchParams))
    if (found === undefined)
      return say(response, 404, errorBody('not_found_error', 'Claude knows no such batch'))
    if (action === 'cancel') found.canceled = true
    if (action === 'results') {
      if (typeof found.results !== 'string') return found.results(response)
      response.writeHead(200, { 'content-type': 'application/x-jsonl', 'request-id': 'req_claude_results' })
      response.end(found.results)
      return
    }
    if (method === 'DELETE') {
      batches = batches.filter((batch) => batch !== found)
      return say(response, 200, { id, type: 'message_batch_deleted' })
    }
    return say(response, 200, describe(found))
  }
  const batchOf = (id: string): Batch => {
    const found = batches.find((batch) => batch.id === id)
    if (found === undefined) throw new Error(`no batch ${id}`)
    return found
  }
  const list = (query: URLSearchParams) => {
    const after = query.get('after_id')
    const from = after === null ? 0 : batches.findIndex(({ id }) => id === after) + 1
    const to = from + Math.min(longestPage, Number(query.get('limit') ?? 20))
    const data = batches.slice(from, to).map(describe)
    return {
      data,
      has_more: to < batches.length,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
    }
  }
  const server = createServer((request, response) => {
    answer(request, response).catch(() => request.socket.destroy())
  })
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    hits,
    make,
    end(id, results) {
      const batch = batchOf(id)
      batch.ended = true
      batch.results = results
    },
    next: (scripted) => void queue.push(scripted),
    close: () =>
      new Promise((settle) => {
        server.close(() => settle())
        server.closeAllConnections()
      }),
  }
}

/** Answers with this as JSON. */
export function say(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_claude_batches' })
  response.end(JSON.stringify(value))
}

/** Returns one line of results. */
export function succeeded(
  customId: string,
  usage: Record<string, unknown> = {},
  model = 'claude-haiku-4-5',
): string {
  const message = {
    id: `msg_${customId}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [{ type: 'text', text: `answer-canary to ${customId}` }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 1_000, output_tokens: 100, service_tier: 'batch', ...usage },
  }
  return `${JSON.stringify({ custom_id: customId, result: { type: 'succeeded', message } })}\n`
}

/** Returns one line of results without an answer. */
export function failed(customId: string, type: 'errored' | 'canceled' | 'expired'): string {
  const error = type === 'errored' ? { error: errorBody('invalid_request_error', 'Claude says no') } : {}
  return `${JSON.stringify({ custom_id: customId, result: { type, ...error } })}\n`
}

function errorBody(type: string, message: string) {
  return { type: 'error', error: { type, message } }
}
