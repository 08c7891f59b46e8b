/**
 * Where nobody needs a key, only this machine's own names are answered: a page on another host whose name has been pointed
 * at 127.0.0.1 (DNS rebinding) would otherwise use the operator's key.
 */
import type { MiddlewareHandler } from 'hono'
import { RouterError } from '../../shared/errors.ts'
import type { AppEnvironment } from '../http/context.ts'

const LOOPBACK = /^(localhost|[\w-]+\.localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i

/** Says whether a Host header names this machine's loopback. */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK.test(host)
}

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
