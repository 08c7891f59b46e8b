/**
 * The HTTP surface: the order of middleware, the routes of the table, and the one place where errors become responses.
 */
import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { RouterError } from '../shared/errors.ts'
import { anthropicError, errorResponse, openAiError } from './http/answer.ts'
import type { AppDependencies, AppEnvironment } from './http/context.ts'
import { insteadOf, isNoResource, isOpenAiPath, normalisePath } from './http/paths.ts'
import { allMethods, allowedMethods, createRoutes } from './http/routes.ts'
import { ROUTER_HEADERS } from './ledger/headers.ts'
import { authenticate } from './middleware/auth.ts'
import { createDashboardSessions, sessionOrKey } from './middleware/dashboard-session.ts'
import { loadControl } from './middleware/load-control.ts'
import { loopbackHosts } from './middleware/loopback-hosts.ts'
import { requestId } from './middleware/request-id.ts'

/** Returns the app over its dependencies. */
export function createApp(dependencies: AppDependencies): Hono<AppEnvironment> {
  const { config, log, now, createId } = dependencies
  const routes = createRoutes(dependencies)
  const app = new Hono<AppEnvironment>({ getPath: (request) => normalisePath(pathOf(request.url)) })

  app.use(requestId(createId, now))
  app.use(async (context, next) => {
    await next()
    context.res.headers.set('x-content-type-options', 'nosniff')
    if (!context.res.headers.has('cache-control')) context.res.headers.set('cache-control', 'no-store')
  })
  if (config.corsOrigins.length > 0)
    app.use(
      cors({
        origin: [...config.corsOrigins],
        allowMethods: allMethods(routes),
        allowHeaders:
          config.users.header === undefined ? ALLOWED_HEADERS : [...ALLOWED_HEADERS, config.users.header],
        exposeHeaders: ROUTER_HEADERS,
        maxAge: 600,
      }),
    )

  if (config.anonymous !== undefined) app.use(loopbackHosts())
  const withKey = authenticate(dependencies)
  const withControl = loadControl(dependencies.control)
  const guards = {
    key: withKey,
    session: sessionOrKey(createDashboardSessions(config.adminKeys, now), withKey),
  }
  for (const { method, path, aliases, access, handle } of routes)
    for (const each of [path, ...aliases]) {
      if (access !== 'open') app.use(each, withControl, guards[access])
      app.on(method, each, handle)
    }

  app.notFound((context) => {
    const { path } = context.req
    const allowed = isNoResource(path) ? '' : allowedMethods(routes, path).join(', ')
    const error =
      allowed === ''
        ? new RouterError('not_found', insteadOf(path))
        : new RouterError('method_not_allowed', `This endpoint takes ${allowed} requests only.`)
    return errorResponse(
      error,
      context.get('requestId'),
      shapeFor(path),
      allowed === '' ? {} : { allow: allowed },
    )
  })
  app.onError((error, context) => {
    const known = RouterError.from(error)
    const id = context.get('requestId')
    if (known.code === 'internal')
      log('[Router] Internal error', { requestId: id, name: error.name }, 'error')
    return errorResponse(known, id, shapeFor(context.req.path))
  })
  return app
}

/** A request's address is parsed and printed already: its path stands between the host and the first of these signs. */
function pathOf(url: string): string {
  const from = url.indexOf('/', url.indexOf('://') + 3)
  const end = url.slice(from).search(/[?#]/)
  return end === -1 ? url.slice(from) : url.slice(from, from + end)
}

function shapeFor(path: string): typeof anthropicError {
  return isOpenAiPath(path) ? openAiError : anthropicError
}

/**
 * What browser clients send: the APIs' own headers, the SDKs', and the router's controls. One that were missing here
 * would fail the whole request.
 */
const ALLOWED_HEADERS = [
  'authorization',
  'content-type',
  'x-api-key',
  'anthropic-version',
  'anthropic-beta',
  'anthropic-dangerous-direct-browser-access',
  'anthropic-user-profile-id',
  'anthropic-workspace-id',
  'openai-beta',
  'openai-organization',
  'openai-project',
  'cache-control',
  'idempotency-key',
  'traceparent',
  'tracestate',
  // Vercel's AI SDK sets it, and browsers no longer take it away.
  'user-agent',
  'x-router-force',
  'x-router-strategy',
  'x-router-cache',
  'x-router-privacy',
  'x-router-session',
  'x-stainless-arch',
  'x-stainless-custom-poll-interval',
  'x-stainless-helper',
  'x-stainless-helper-method',
  'x-stainless-lang',
  'x-stainless-os',
  'x-stainless-package-version',
  'x-stainless-poll-helper',
  'x-stainless-retry-count',
  'x-stainless-runtime',
  'x-stainless-runtime-version',
  'x-stainless-timeout',
]
