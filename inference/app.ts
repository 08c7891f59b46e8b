/**
 * The container's HTTP surface: Anthropic's Messages API in front of one local model, health, readiness, metrics.
 * Owns routes, headers and the one error handler. Knows nothing of processes and model files.
 */
import { type Context, Hono } from 'hono'
import { errorBody, RouterError, retryAfterSeconds } from '../shared/errors.ts'
import { collect } from '../shared/events.ts'
import type { Log } from '../shared/log.ts'
import { isLoopbackHost } from '../shared/loopback.ts'
import { parseMessagesRequest } from '../shared/messages.ts'
import type { Engine, ModelInfo } from './engine/engine.ts'
import { createAuthenticate } from './http/authenticate.ts'
import { openEventStream, PING_INTERVAL_MS } from './http/event-stream.ts'
import { toGenerateRequest, toPrompt } from './http/generate-request.ts'
import { readJsonBody } from './http/read-body.ts'
import type { Limits } from './serving/limits.ts'
import { type RunSummary, startRun } from './serving/message-run.ts'
import type { Metrics } from './serving/metrics.ts'
import type { Scheduler } from './serving/scheduler.ts'

export type ServiceStatus = 'loading' | 'ready' | 'restarting' | 'draining' | 'failed'

export type AppDeps = {
  /** Undefined until it is known which model is loaded. */
  readonly engine: () => Engine | undefined
  readonly status: () => ServiceStatus
  /** The configured limits cut to what the model can do. */
  readonly limits: (info: ModelInfo) => Limits
  readonly scheduler: Scheduler
  readonly metrics: Metrics
  readonly secret: string | undefined
  readonly log: Log
  readonly now: () => number
  /** A random id of letters and digits. */
  readonly newId: () => string
  readonly startedAt: Date
  readonly pingIntervalMs?: number
}

export type AppEnvironment = { Variables: { requestId: string; reported: boolean } }

/** After so long a client may ask again, in ms, by what the model is doing. */
const RETRY_AFTER_MS = { loading: 2000, restarting: 2000, draining: 5000, failed: 60_000 } as const

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

  app.get('/readyz', (c) => {
    const status = deps.status()
    const info = deps.engine()?.info
    if (status !== 'ready') {
      c.header('retry-after', String(retryAfterSeconds(RETRY_AFTER_MS[status])))
      return c.json({ status, model: info?.name ?? null }, 503)
    }
    if (!info) throw new RouterError('internal', 'The model is ready but unknown.')
    const { queueDepth, expectedWaitMs } = scheduler.load()
    return c.json({
      status,
      model: info.name,
      card: info.card ?? null,
      ...deps.limits(info),
      queueDepth,
      expectedWaitMs,
    })
  })

  app.get('/metrics', async (c) =>
    c.text(await metrics.expose(), 200, { 'content-type': metrics.contentType }),
  )

  app.get('/v1/models', (c) => {
    const item = modelItem(knownModel(deps), deps)
    return c.json({ object: 'list', data: [item], has_more: false, first_id: item.id, last_id: item.id })
  })

  app.get('/v1/models/:id{.+}', (c) => {
    const info = knownModel(deps)
    const id = c.req.param('id')
    if (id !== info.name && id !== 'local')
      throw new RouterError('not_found', `This server has one model: ${info.name}.`)
    return c.json(modelItem(info, deps))
  })

  app.post('/v1/messages/count_tokens', async (c) => {
    const engine = readyEngine(deps)
    const body = await readJsonBody(c.req.raw)
    // The API's count takes no max_tokens; the schema of messages wants one.
    const request = parseMessagesRequest(isObject(body) ? { ...body, max_tokens: 1 } : body)
    const prompt = toPrompt(request, deps.limits(engine.info).maxInputTokens)
    // Tokenizing a long text takes the model's process as long as an answer does: it waits its turn like one.
    const slot = await scheduler.acquire(c.req.raw.signal, readDeadline(c.req.header('x-deadline-ms')))
    try {
      return c.json({ input_tokens: await engine.countTokens(prompt) })
    } finally {
      slot.release(false)
    }
  })

  app.post('/v1/messages', async (c) => {
    const engine = readyEngine(deps)
    const limits = deps.limits(engine.info)
    const request = parseMessagesRequest(await readJsonBody(c.req.raw))
    const disconnected = new AbortController()
    const requestId = c.get('requestId')
    const run = {
      request: {
        ...toGenerateRequest(request, limits),
        logprobs: c.req.header('x-logprobs') === '1',
      },
      messageId: `msg_${deps.newId()}`,
      deadlineMs: readDeadline(c.req.header('x-deadline-ms')),
      signal: AbortSignal.any([disconnected.signal, c.req.raw.signal]),
    }
    c.set('reported', true)
    const ids = { requestId, routerRequestId: routerIdOf(c.req.header('x-router-request-id')) }
    const onFinish = (summary: RunSummary) => reportRun(deps, ids, summary)
    const { maxInputTokens } = limits
    const events = startRun({ engine, scheduler, maxInputTokens, now: deps.now, onFinish }, run)
    if (!request.stream) {
      const message = await collect(events)
      writeLoad(c, scheduler)
      return c.json(message)
    }
    const pingIntervalMs = deps.pingIntervalMs ?? PING_INTERVAL_MS
    const stream = await openEventStream(events, {
      requestId,
      pingIntervalMs,
      onCancel: () => disconnected.abort(),
    })
    writeLoad(c, scheduler)
    c.header('content-type', 'text/event-stream; charset=utf-8')
    c.header('cache-control', 'no-cache, no-transform')
    c.header('x-accel-buffering', 'no')
    return c.body(stream)
  })

  app.notFound((c) => {
    const known = [
      '/healthz',
      '/readyz',
      '/metrics',
      '/v1/models',
      '/v1/messages',
      '/v1/messages/count_tokens',
    ]
    if (known.includes(c.req.path))
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
    return Response.json(errorBody(error, requestId), { status: error.status, headers: c.res.headers })
  })

  return app
}

type RequestIds = { readonly requestId: string; readonly routerRequestId: string | undefined }

/** The router's own id of the request, so that both logs can be read together; anything else is not written. */
function routerIdOf(header: string | undefined): string | undefined {
  return header !== undefined && /^req_\w{1,64}$/.test(header) ? header : undefined
}

function reportRun(deps: AppDeps, ids: RequestIds, summary: RunSummary): void {
  deps.metrics.recordRun(summary)
  const { error, outcome, ...fields } = summary
  const cause = error === undefined ? undefined : describeUnknown(error)
  const text = outcome === 'ok' ? '[LocalLLM] Answered' : '[LocalLLM] Not answered'
  deps.log(text, { ...ids, outcome, ...fields, error: cause }, outcome === 'internal' ? 'error' : 'info')
}

/** Names an unknown error by its class: its text could hold anything. */
function describeUnknown(error: unknown): string {
  return error instanceof Error ? error.name : typeof error
}

function readyEngine(deps: AppDeps): Engine {
  const status = deps.status()
  const engine = deps.engine()
  if (status === 'ready' && engine) return engine
  const retryAfterMs = status === 'ready' ? RETRY_AFTER_MS.loading : RETRY_AFTER_MS[status]
  const text = {
    loading: 'loading',
    ready: 'loading',
    restarting: 'restarting',
    draining: 'shutting down',
    failed: 'not usable',
  }
  throw new RouterError('unavailable', `The local model is ${text[status]}. Try again later.`, {
    retryAfterMs,
  })
}

function knownModel(deps: AppDeps): ModelInfo {
  const info = deps.engine()?.info
  if (info) return info
  const retryAfterMs = RETRY_AFTER_MS.loading
  throw new RouterError('unavailable', 'The local model is not known yet. Try again later.', { retryAfterMs })
}

function modelItem(info: ModelInfo, deps: AppDeps) {
  const { maxInputTokens, maxOutputTokens } = deps.limits(info)
  return {
    type: 'model',
    id: info.name,
    display_name: info.displayName,
    created_at: deps.startedAt.toISOString(),
    object: 'model',
    created: Math.floor(deps.startedAt.getTime() / 1000),
    owned_by: 'local',
    card: info.card ?? null,
    max_input_tokens: maxInputTokens,
    max_tokens: maxOutputTokens,
    size: info.sizeBytes,
    license: info.license,
  } as const
}

function writeLoad(c: Context<AppEnvironment>, scheduler: Scheduler): void {
  const { queueDepth, expectedWaitMs } = scheduler.load()
  c.header('x-queue-depth', String(queueDepth))
  c.header('x-expected-wait-ms', String(expectedWaitMs))
}

function readDeadline(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  // Number('') is 0: a header that is there and empty would be a deadline that has passed.
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value)
  throw new RouterError('invalid_request', 'x-deadline-ms: must be a number of milliseconds, 0 or more')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
