/**
 * The HTTP surface: routes, the order of middleware, and the one place where errors become responses.
 */
import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { RouterError } from '../shared/errors.ts'
import { anthropicError, errorResponse } from './http/answer.ts'
import { createChatCompletionsHandler, openAiError } from './http/chat-completions.ts'
import type { AppDependencies, AppEnvironment } from './http/context.ts'
import { createCountTokensHandler } from './http/count-tokens.ts'
import { createReadinessHandler, health } from './http/health.ts'
import { createMessagesHandler } from './http/messages.ts'
import { createModelHandler, createModelList, createModelsHandler } from './http/models.ts'
import { docsPage, landing, openApiJson } from './http/pages.ts'
import {
  createExplainHandler,
  createStatusHandler,
  createStrategyHandler,
  createStrategyResetHandler,
} from './http/router.ts'
import { ROUTER_HEADERS } from './ledger/headers.ts'
import { authenticate } from './middleware/auth.ts'
import { requestId } from './middleware/request-id.ts'

/** Returns the app over its dependencies. */
export function createApp(dependencies: AppDependencies): Hono<AppEnvironment> {
  const { config, log, now, createId } = dependencies
  const app = new Hono<AppEnvironment>()

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
        allowMethods: ['GET', 'POST', 'PUT', 'DELETE', 'HEAD'],
        allowHeaders: ALLOWED_HEADERS,
        exposeHeaders: ROUTER_HEADERS,
        maxAge: 600,
      }),
    )

  app.get('/', landing)
  app.get('/docs', docsPage)
  app.get('/openapi.json', openApiJson)
  // Clients look whether anybody is there before they send a request.
  app.get('/api/hello', health)
  app.get('/healthz', health)
  app.get('/readyz', createReadinessHandler(dependencies))

  const guard = authenticate(config)
  for (const path of ['/v1/messages', '/messages']) {
    app.use(path, guard)
    app.post(path, createMessagesHandler(dependencies))
  }
  for (const path of ['/v1/messages/count_tokens', '/messages/count_tokens']) {
    app.use(path, guard)
    app.post(path, createCountTokensHandler(dependencies))
  }
  for (const path of CHAT_PATHS) {
    app.use(path, guard)
    app.post(path, createChatCompletionsHandler(dependencies))
  }
  const models = createModelList(dependencies)
  for (const path of ['/v1/models', '/models']) {
    app.use(path, guard)
    app.use(`${path}/:id{.+}`, guard)
    app.get(path, createModelsHandler(models))
    app.get(`${path}/:id{.+}`, createModelHandler(models))
  }
  app.use('/v1/router/*', guard)
  app.get('/v1/router/status', createStatusHandler(dependencies))
  app.put('/v1/router/strategy', createStrategyHandler(dependencies))
  app.delete('/v1/router/strategy', createStrategyResetHandler(dependencies))
  app.post('/v1/router/explain', createExplainHandler(dependencies))

  app.notFound((context) => {
    const { path } = context.req
    const allowed = METHODS.find(([pattern]) => pattern.test(path))?.[1]
    const error =
      allowed === undefined
        ? new RouterError('not_found', `There is no such endpoint. ${hintFor(path)}`)
        : new RouterError('method_not_allowed', `This endpoint takes ${allowed} requests only.`)
    const headers = allowed === undefined ? {} : { allow: allowed }
    return errorResponse(error, context.get('requestId'), shapeFor(path), headers)
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

const CHAT_PATHS = ['/v1/chat/completions', '/chat/completions']
/** What exists takes these methods; everything else does not exist. */
const METHODS: readonly (readonly [RegExp, string])[] = [
  [/^(\/v1)?\/(messages(\/count_tokens)?|chat\/completions)$/, 'POST'],
  [/^\/v1\/router\/explain$/, 'POST'],
  [/^\/v1\/router\/strategy$/, 'PUT, DELETE'],
  [/^(\/v1\/router\/status|(\/v1)?\/models|\/docs|\/openapi\.json|\/healthz|\/readyz|\/)$/, 'GET'],
]

function hintFor(path: string): string {
  if (/^(\/v1)?\/responses\b/.test(path)) return "Of OpenAI's API the router has POST /v1/chat/completions."
  return 'GET /docs lists those that there are.'
}

function shapeFor(path: string): typeof anthropicError {
  return CHAT_PATHS.includes(path) ? openAiError : anthropicError
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
