/**
 * Sends a gateway's result to a client of either surface: whole, as a stream, or as an error.
 */
import { errorBody, RouterError, retryAfterSeconds } from '../../shared/errors.ts'
import type { GatewayResult } from '../gateway.ts'
import type { RouterRequest } from '../request.ts'
import { wantsStream } from '../request.ts'
import type { AppContext, AppDependencies } from './context.ts'
import { SSE_HEADERS, type StreamWriter, streamBody, writeEarlyStream, writeStream } from './sse-response.ts'

/** How a surface writes whole bodies and errors. */
export type Surface = {
  readonly stream: StreamWriter
  readonly whole: (result: Extract<GatewayResult, { error?: undefined }>) => Uint8Array | string
  readonly error: (error: RouterError, requestId: string) => unknown
}

/** Returns a signal that is aborted when the client leaves, and a way to say so. */
export function clientSignal(context: AppContext): {
  readonly signal: AbortSignal
  readonly leave: () => void
} {
  const controller = new AbortController()
  const leave = () => controller.abort(new RouterError('cancelled', 'The client closed the connection.'))
  const { signal } = context.req.raw
  if (signal?.aborted) leave()
  else signal?.addEventListener('abort', leave, { once: true })
  return { signal: controller.signal, leave }
}

/** Runs the gateway and answers in the surface's form. */
export async function answer(
  dependencies: AppDependencies,
  request: RouterRequest,
  surface: Surface,
  leave: () => void,
): Promise<Response> {
  const pending = dependencies.gateway.handle(request)
  if (!wantsStream(request)) return settle(await pending, request, surface, leave)
  const first = await Promise.race([pending, after(dependencies.config.earlyHeadersMs)])
  if (first !== undefined) return settle(first, request, surface, leave)
  // Silence must stay bounded: headers go out now, the verdict follows as events.
  const pieces = writeEarlyStream(pending, surface.stream, dependencies.config.heartbeatMs)
  return new Response(streamBody(pieces, leave), {
    headers: { ...SSE_HEADERS, 'request-id': request.id, 'x-router-request-id': request.id },
  })
}

function settle(
  result: GatewayResult,
  request: RouterRequest,
  surface: Surface,
  leave: () => void,
): Response {
  if (result.error !== undefined)
    return errorResponse(result.error, request.id, surface.error, result.headers)
  const headers = { 'request-id': request.id, ...result.headers }
  if (result.body.kind === 'stream')
    return new Response(streamBody(writeStream(result.body, surface.stream), leave), {
      status: result.status,
      headers: { ...headers, ...SSE_HEADERS },
    })
  return new Response(surface.whole(result), {
    status: result.status,
    headers: { ...headers, 'content-type': 'application/json' },
  })
}

/** Returns an error in the surface's shape, with Retry-After where trying again makes sense. */
export function errorResponse(
  error: RouterError,
  requestId: string,
  shape: (error: RouterError, requestId: string) => unknown = errorBody,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json(shape(error, requestId), {
    status: error.status,
    headers: {
      'request-id': requestId,
      'x-router-request-id': requestId,
      ...headers,
      ...(error.retryAfterMs === undefined
        ? {}
        : { 'retry-after': String(retryAfterSeconds(error.retryAfterMs)) }),
    },
  })
}

function after(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), milliseconds))
}
