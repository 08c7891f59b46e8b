/**
 * What the container's endpoints are given and share: the parts of the service, the model if it can be asked, the load that
 * each response tells.
 */
import type { Context } from 'hono'
import { RouterError } from '../../shared/errors.ts'
import type { Log } from '../../shared/log.ts'
import type { Engine, ModelInfo } from '../engine/engine.ts'
import type { Judgements } from '../serving/judgements.ts'
import type { Limits } from '../serving/limits.ts'
import type { Metrics } from '../serving/metrics.ts'
import type { Scheduler } from '../serving/scheduler.ts'

export type ServiceStatus = 'loading' | 'ready' | 'restarting' | 'draining' | 'failed'

export type AppDeps = {
  /** Undefined until it is known which model is loaded. */
  readonly engine: () => Engine | undefined
  readonly status: () => ServiceStatus
  /** The configured limits cut to what the model can do. */
  readonly limits: (info: ModelInfo) => Limits
  readonly scheduler: Scheduler
  readonly judgements: Judgements
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
export type AppContext = Context<AppEnvironment>

/** After so long a client may ask again, in ms, by what the model is doing. */
export const RETRY_AFTER_MS = { loading: 2000, restarting: 2000, draining: 5000, failed: 60_000 } as const

/** Returns the engine. @throws {RouterError} `unavailable` unless it can be asked */
export function readyEngine(deps: Pick<AppDeps, 'status' | 'engine'>): Engine {
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

/** Tells the load of this moment in the response's headers. */
export function writeLoad(c: AppContext, scheduler: Scheduler): void {
  const { queueDepth, expectedWaitMs } = scheduler.load()
  c.header('x-queue-depth', String(queueDepth))
  c.header('x-expected-wait-ms', String(expectedWaitMs))
}
