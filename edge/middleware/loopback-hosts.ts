/**
 * Keeps a router that needs no keys to this machine's own names.
 */
import type { MiddlewareHandler } from 'hono'
import { RouterError } from '../../shared/errors.ts'
import { isLoopbackHost } from '../../shared/loopback.ts'
import type { AppEnvironment } from '../http/context.ts'

/** Returns the middleware. @throws {RouterError} `forbidden` for any other host */
export function loopbackHosts(): MiddlewareHandler<AppEnvironment> {
  return async (context, next) => {
    if (!isLoopbackHost(context.req.header('host') ?? new URL(context.req.url).host))
      throw new RouterError(
        'forbidden',
        'Without keys this router answers on this machine only, as localhost or 127.0.0.1. Set ROUTER_KEYS to let others in.',
      )
    await next()
  }
}
