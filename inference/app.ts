/**
 * The container's HTTP surface: Anthropic's Messages API in front of one local model, health, readiness, metrics.
 * Owns who gets in and the one error handler. Knows nothing of processes and model files.
 */
import { Hono } from 'hono'
import {
  type ErrorBody,
  type ErrorCode,
  errorBody,
  RouterError,
  retryAfterSeconds,
} from '../shared/errors.ts'
import { isLoopbackHost } from '../shared/loopback.ts'
import { createAuthenticate } from './http/authenticate.ts'
import { type AppDeps, type AppEnvironment, writeLoad } from './http/context.ts'
import { addDecisionEndpoint } from './http/decisions.ts'
import { addMessageEndpoints, describeUnknown } from './http/messages.ts'
import { addModelEndpoints } from './http/model-endpoints.ts'

const PATHS = [
  '/healthz',
  '/readyz',
  '/metrics',
  '/v1/models',
  '/v1/messages',
  '/v1/messages/count_tokens',
  '/v1/systemone',
]

/** Returns the application. */
export function createApp(deps: AppDeps): Hono<AppEnvironment> {
  const app = new Hono<AppEnvironment>()
  const authenticate = createAuthenticate(deps.secret)
  const { scheduler, metrics } = deps

  app.use(async (c, next) => {
    c.set('requestId', `req_${deps.newId()}`)
    c.header('request-id', c.get('requestId'))
    if (deps.secret === undefined && !isLoopbackHost(c.req.header('host') ?? new URL(c.req.url).host))
      throw new RouterError(
        'forbidden',
        'Without a secret this server answers on this machine only, as localhost or 127.0.0.1. Set LOCAL_LLM_SECRET.',
      )
    await next()
  })
  for (const path of ['/v1/*', '/metrics'])
    app.use(path, async (c, next) => {
      authenticate(c.req.raw.headers)
      await next()
    })

  app.get('/healthz', (c) => c.json({ status: 'ok' }))
  app.get('/metrics', async (c) =>
    c.text(await metrics.expose(), 200, { 'content-type': metrics.contentType }),
  )
  addModelEndpoints(app, deps)
  addMessageEndpoints(app, deps)
  addDecisionEndpoint(app, deps)

  app.notFound((c) => {
    if (PATHS.includes(c.req.path))
      throw new RouterError('method_not_allowed', `${c.req.method} is not possible here.`)
    throw new RouterError('not_found', 'There is nothing here. The API is at POST /v1/messages.')
  })

  app.onError((thrown, c) => {
    const error = RouterError.from(thrown)
    const requestId = c.get('requestId')
    if (!c.get('reported')) {
      metrics.recordRejection(error.code)
      const cause = thrown instanceof RouterError ? undefined : describeUnknown(thrown)
      const fields = { requestId, outcome: error.code, status: error.status, error: cause }
      deps.log('[LocalLLM] Request rejected', fields, error.status >= 500 ? 'error' : 'info')
    }
    writeLoad(c, scheduler)
    c.header('request-id', requestId)
    if (error.retryAfterMs !== undefined)
      c.header('retry-after', String(retryAfterSeconds(error.retryAfterMs)))
    // What is left of a refused body is not worth reading.
    if (error.code === 'too_large') c.header('connection', 'close')
    return Response.json(bodyOf(error, requestId), { status: error.status, headers: c.res.headers })
  })

  return app
}

/** A request that is left to another is no error of any type that Anthropic knows. */
const OWN_TYPES: Partial<Record<ErrorCode, string>> = {
  declined: 'judged_complex',
  low_confidence: 'low_confidence',
}

function bodyOf(error: RouterError, requestId: string): ErrorBody {
  const body = errorBody(error, requestId)
  return { ...body, error: { ...body.error, type: OWN_TYPES[error.code] ?? body.error.type } }
}
