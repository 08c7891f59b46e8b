/**
 * Sends a gateway's result to a client of either surface: as one body, as a stream, or as an error.
 */
import { errorBody, RouterError, retryAfterSeconds } from '../../shared/errors.ts'
import { settledWithin } from '../fallback/deadline.ts'
import type { GatewayResult } from '../gateway.ts'
import { toOpenAiError } from '../openai/openai-error.ts'
import type { NonStreamingBody } from '../providers/provider.ts'
import type { RouterRequest } from '../request.ts'
import { wantsStream } from '../request.ts'
import type { AppContext, AppDependencies } from './context.ts'
import { SSE_HEADERS, type StreamWriter, streamBody, writeEarlyStream, writeStream } from './sse-response.ts'

/** A status and a body to be sent as JSON. */
export type WireError = { readonly status: number; readonly body: unknown }

type WrittenBody = { readonly status: number; readonly bytes: Uint8Array | string }

/** How a surface (Messages, chat completions, Responses) writes bodies, streams and errors. */
export type Surface = {
  /** Called once per answer: writers may hold the state of one stream. */
  readonly createStream: () => StreamWriter
  readonly nonStreaming: (body: NonStreamingBody, status: number) => WrittenBody | Promise<WrittenBody>
  readonly error: (error: RouterError, requestId: string) => WireError
}

/** Anthropic's error shape, which is everybody's but the OpenAI surface's. */
export const anthropicError: Surface['error'] = (error, requestId) => ({
  status: error.status,
  body: errorBody(error, requestId),
})

/** OpenAI's error shape, on paths that only its clients call. */
export const openAiError: Surface['error'] = (error) => toOpenAiError(error)

/** Returns a signal that is aborted when the client disconnects, and a way to say so. */
export function clientSignal(context: AppContext): {
  readonly signal: AbortSignal
  readonly disconnect: () => void
} {
  const controller = new AbortController()
  const disconnect = () => controller.abort(new RouterError('cancelled', 'The client closed the connection.'))
  const { signal } = context.req.raw
  if (signal?.aborted) disconnect()
  else signal?.addEventListener('abort', disconnect, { once: true })
  return { signal: controller.signal, disconnect }
}

/** Runs the gateway and answers in the surface's form. */
export async function answer(
  dependencies: AppDependencies,
  request: RouterRequest,
  surface: Surface,
  disconnect: () => void,
): Promise<Response> {
  const pending = dependencies.gateway.handle(request)
  if (!wantsStream(request)) return settle(await pending, request, surface, disconnect)
  const first = await settledWithin(pending, dependencies.config.earlyHeadersMs)
  if (first !== undefined) return settle(first, request, surface, disconnect)
  // Silence must stay bounded: headers go out now, the verdict follows as events.
  const pieces = writeEarlyStream(pending, surface.createStream(), dependencies.config.heartbeatMs)
  return new Response(streamBody(pieces, disconnect), {
    headers: { ...SSE_HEADERS, 'request-id': request.id, 'x-router-request-id': request.id },
  })
}

async function settle(
  result: GatewayResult,
  request: RouterRequest,
  surface: Surface,
  disconnect: () => void,
): Promise<Response> {
  if (result.error !== undefined)
    return errorResponse(result.error, request.id, surface.error, result.headers)
  const headers = { 'request-id': request.id, 'x-request-id': request.id, ...result.headers }
  if (result.body.kind === 'stream')
    return new Response(streamBody(writeStream(result.body, surface.createStream()), disconnect), {
      status: result.status,
      headers: { ...headers, ...SSE_HEADERS },
    })
  const { status, bytes } = await surface.nonStreaming(result.body, result.status)
  return new Response(bytes, { status, headers: { ...headers, 'content-type': 'application/json' } })
}

/** Returns an error in the surface's shape, with Retry-After where trying again makes sense. */
export function errorResponse(
  error: RouterError,
  requestId: string,
  shape: Surface['error'] = anthropicError,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const { status, body } = shape(error, requestId)
  return Response.json(body, {
    status,
    headers: {
      'request-id': requestId,
      'x-request-id': requestId,
      'x-router-request-id': requestId,
      ...headers,
      ...retryHeaders(error),
    },
  })
}

/** A limit opens when it opens: clients ask again then, and no SDK before that by itself. */
function retryHeaders({ code, retryAfterMs }: RouterError): Record<string, string> {
  if (retryAfterMs === undefined) return {}
  if (code !== 'rate_limited') return { 'retry-after': String(retryAfterSeconds(retryAfterMs)) }
  const later = retryAfterMs > LONGEST_SDK_WAIT_MS ? { 'x-should-retry': 'false' } : {}
  return { 'retry-after': String(retryAfterSeconds(retryAfterMs, Number.POSITIVE_INFINITY)), ...later }
}

/** Told to wait longer, SDKs ask again after a wait of their own, in vain. */
const LONGEST_SDK_WAIT_MS = 60_000
