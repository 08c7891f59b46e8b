/**
 * The administrator's session as a cookie: set at log-in, read and renewed by the dashboard's pages and by the router's
 * own endpoints, never by those that ask a model. What a session's value is made of is `session-token.ts`'s.
 */
import type { MiddlewareHandler } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { sha256Hex } from '../../shared/digest.ts'
import { RouterError } from '../../shared/errors.ts'
import type { AppContext, AppEnvironment } from '../http/context.ts'
import { findTenant, type Tenant, type TenantKey } from '../tenants.ts'
import { isOwnScript, isSameOrigin } from './same-origin.ts'
import { readSession, renewSession, SESSION_MS, startSession } from './session-token.ts'

export type DashboardSessions = {
  /** Returns the administrator whose session the request carries, and renews it; undefined where it carries none. */
  readonly read: (context: AppContext) => Promise<Tenant | undefined>
  /** Begins a session where this is an admin key; returns whether it is one. */
  readonly begin: (context: AppContext, key: string) => Promise<boolean>
  readonly end: (context: AppContext) => void
}

/** Returns sessions of whoever knows one of these keys. @param now milliseconds since the epoch */
export function createDashboardSessions(
  adminKeys: readonly TenantKey[],
  now: () => number,
): DashboardSessions {
  const write = (context: AppContext, value: string) =>
    setCookie(context, cookieName(context), value, {
      httpOnly: true,
      sameSite: 'Strict',
      secure: isSecure(context),
      path: '/',
      maxAge: SESSION_MS / 1000,
    })
  return {
    async read(context) {
      const value = getCookie(context, cookieName(context))
      if (value === undefined) return undefined
      for (const { digest, tenant } of adminKeys) {
        const session = await readSession(digest, value, now())
        if (session === undefined) continue
        const renewed = await renewSession(digest, session, now())
        if (renewed !== undefined) write(context, renewed)
        return tenant
      }
      return undefined
    },
    async begin(context, key) {
      if ((await findTenant(adminKeys, key)) === undefined) return false
      write(context, await startSession(await sha256Hex(key), now()))
      return true
    },
    end: (context) =>
      void deleteCookie(context, cookieName(context), { path: '/', secure: isSecure(context) }),
  }
}

/**
 * Returns a middleware that takes a session for a credential, and leaves everybody else, and whoever sends a key, to
 * `withKey`. A session changes something only by the dashboard's own script.
 * @throws {RouterError} `forbidden` for a session that another page, or a form, makes use of
 */
export function sessionOrKey(
  sessions: DashboardSessions,
  withKey: MiddlewareHandler<AppEnvironment>,
): MiddlewareHandler<AppEnvironment> {
  return async (context, next) => {
    const request = context.req.raw
    if (request.headers.has('x-api-key') || request.headers.has('authorization'))
      return withKey(context, next)
    const administrator = await sessions.read(context)
    if (administrator === undefined) return withKey(context, next)
    const reads = request.method === 'GET' || request.method === 'HEAD'
    if (!(reads ? isSameOrigin(request) : isOwnScript(request)))
      throw new RouterError(
        'forbidden',
        "A session holds for the dashboard's own requests. Send the admin key in x-api-key instead.",
      )
    context.set('tenant', administrator)
    context.set('clientCredential', undefined)
    await next()
  }
}

/** The prefix keeps other hosts of the same domain, and plain http, from setting the cookie. */
function cookieName(context: AppContext): string {
  return isSecure(context) ? '__Host-router-session' : 'router-session'
}

function isSecure(context: AppContext): boolean {
  return new URL(context.req.url).protocol === 'https:'
}
