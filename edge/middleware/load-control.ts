/**
 * Makes sure that what is set at runtime has been asked for before anybody acts on it: keys, strategy, limits.
 */
import type { MiddlewareHandler } from 'hono'
import type { ControlStore } from '../control/control-store.ts'
import { type AppEnvironment, waitUntilOf } from '../http/context.ts'

/** Returns the middleware. Only an isolate's first request waits, and not for long. */
export function loadControl(control: ControlStore): MiddlewareHandler<AppEnvironment> {
  return async (context, next) => {
    await control.load(waitUntilOf(context))
    await next()
  }
}
