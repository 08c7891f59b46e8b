/**
 * Gives each request an id of our own making and the time of its arrival. A client's id is never taken over: it would
 * go into logs and headers unchecked.
 */
import type { MiddlewareHandler } from 'hono'
import type { AppEnvironment } from '../http/context.ts'

/** Returns the middleware; `now` and the time that ids begin with in milliseconds since the epoch. */
export function requestId(
  createId: (at: number) => string,
  now: () => number,
): MiddlewareHandler<AppEnvironment> {
  return async (context, next) => {
    const startedAt = now()
    context.set('requestId', createId(startedAt))
    context.set('startedAt', startedAt)
    await next()
    if (!context.res.headers.has('request-id'))
      context.res.headers.set('request-id', context.get('requestId'))
  }
}
