/**
 * What the container says of its model: whether it is ready and how it serves, and the list of models, which has one.
 */
import type { Hono } from 'hono'
import { RouterError, retryAfterSeconds } from '../../shared/errors.ts'
import type { Engine } from '../engine/engine.ts'
import { handoverOf } from '../engine/handover/handover.ts'
import { verificationOf } from '../engine/handover/verification.ts'
import { type AppDeps, type AppEnvironment, RETRY_AFTER_MS } from './context.ts'

/** Adds `/readyz` and `/v1/models`. */
export function addModelEndpoints(app: Hono<AppEnvironment>, deps: AppDeps): void {
  app.get('/readyz', (c) => {
    const status = deps.status()
    const engine = deps.engine()
    if (status !== 'ready') {
      c.header('retry-after', String(retryAfterSeconds(RETRY_AFTER_MS[status])))
      return c.json({ status, model: engine?.info.name ?? null }, 503)
    }
    if (!engine) throw new RouterError('internal', 'The model is ready but unknown.')
    const { queueDepth, expectedWaitMs } = deps.scheduler.load()
    return c.json({
      status,
      model: engine.info.name,
      card: engine.info.card ?? null,
      serving: servingItem(engine),
      structuredOutputs: true,
      judge: engine.serving()?.judge ?? null,
      handover: handsOver(engine),
      verification: verifiedItem(engine),
      ...deps.limits(engine.info),
      queueDepth,
      expectedWaitMs,
    })
  })

  app.get('/v1/models', (c) => {
    const item = modelItem(knownEngine(deps), deps)
    return c.json({ object: 'list', data: [item], has_more: false, first_id: item.id, last_id: item.id })
  })

  app.get('/v1/models/:id{.+}', (c) => {
    const engine = knownEngine(deps)
    const id = c.req.param('id')
    if (id !== engine.info.name && id !== 'local')
      throw new RouterError('not_found', `This server has one model: ${engine.info.name}.`)
    return c.json(modelItem(engine, deps))
  })
}

function knownEngine(deps: AppDeps): Engine {
  const engine = deps.engine()
  if (engine) return engine
  const retryAfterMs = RETRY_AFTER_MS.loading
  throw new RouterError('unavailable', 'The local model is not known yet. Try again later.', { retryAfterMs })
}

/** How the model serves, for the operator; null until it is loaded. */
function servingItem(engine: Engine) {
  const serving = engine.serving()
  if (!serving) return null
  const { loop, weights, rows, reason } = serving
  return { loop, weights, rows, reason: reason ?? null }
}

function handsOver(engine: Engine): boolean {
  return handoverOf(engine.serving()) !== undefined
}

/** For whoever asks: whose answers may be verified; null where none can be. */
function verifiedItem(engine: Engine) {
  const { tasks } = verificationOf(engine.serving()) ?? {}
  return tasks ? { tasks } : null
}

function modelItem(engine: Engine, deps: AppDeps) {
  const { info } = engine
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
    serving: servingItem(engine),
    handover: handsOver(engine),
    verification: verifiedItem(engine),
    max_input_tokens: maxInputTokens,
    max_tokens: maxOutputTokens,
    size: info.sizeBytes,
    license: info.license,
  } as const
}
