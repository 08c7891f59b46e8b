/**
 * The container without its port: application, scheduler, metrics and the model's process, put together. Used by the
 * server, and by the library, whose application answers in memory. Owns no lifetime: when to load and to close is theirs.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Hono } from 'hono'
import type { Log } from '../shared/log.ts'
import { createApp } from './app.ts'
import type { InferenceConfig } from './config.ts'
import type { PreparedJudge } from './engine/judge/prepared-judge.ts'
import type { PreparedGraph } from './engine/prepared-graph.ts'
import { createEngineProcess, type EngineProcess } from './engine/process.ts'
import type { AppEnvironment, ServiceStatus } from './http/context.ts'
import { availableMemory, machineMemory } from './models/memory.ts'
import { prepareModel } from './models/prepare.ts'
import { type ResolvedModel, SHIPPED_DIR } from './models/resolve.ts'
import { createJudgements } from './serving/judgements.ts'
import { limitsOf } from './serving/limits.ts'
import { createMetrics } from './serving/metrics.ts'
import { createModelScheduler } from './serving/model-scheduler.ts'
import type { Scheduler } from './serving/scheduler.ts'

export type ModelServiceOptions = {
  readonly config: InferenceConfig
  readonly env: Readonly<Record<string, string | undefined>>
  /** Gets what happens to the model. */
  readonly log: Log
  /** Gets the lines of requests; `log` unless given. */
  readonly requestLog?: Log
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
  /** The road to the model hub. */
  readonly fetch: typeof fetch
  readonly status: () => ServiceStatus
  /** Undefined where nobody but this process can reach the application. */
  readonly secret: string | undefined
  /** Whether this process may end while the model's process runs. */
  readonly detached?: boolean
  /** Replaces the child process, for tests. */
  readonly startEngine?:
    | ((model: ResolvedModel, graph: PreparedGraph, judge: PreparedJudge | undefined) => EngineProcess)
    | undefined
}

export type ModelService = {
  readonly app: Hono<AppEnvironment>
  readonly scheduler: Scheduler
  /** Undefined until the model's files are there. */
  readonly engine: () => EngineProcess | undefined
  /**
   * Downloads the model if it is missing and loads it.
   * @throws {RouterError} with what to do where it cannot be loaded, or the abort's reason
   */
  readonly load: (signal: AbortSignal) => Promise<ResolvedModel>
}

/**
 * Of the memory that a model leaves free, the part that keys and values of running requests may take: as much again is
 * needed for a moment where they grow, and some for the prompts of the HTTP process.
 */
const CACHE_SHARE = 0.4

/** Returns the service, with nothing loaded. */
export function createModelService(options: ModelServiceOptions): ModelService {
  const { config, env, log, now } = options
  let engine: EngineProcess | undefined
  let cacheBytes = 0
  const scheduler = createModelScheduler({
    config,
    serving: () => engine?.serving(),
    speed: () => engine?.speed(),
    cacheBytes: () => cacheBytes,
    now,
  })
  const metrics = createMetrics(scheduler.load)
  const startEngine =
    options.startEngine ??
    ((model: ResolvedModel, graph: PreparedGraph, judge: PreparedJudge | undefined) =>
      createEngineProcess(model, {
        graph,
        settings: {
          threads: config.threads,
          maxRows: config.maxConcurrency,
          prefixCacheBytes: config.prefixCacheBytes,
          sharedSystemPrompt: config.sharedSystemPrompt,
          judge,
        },
        watchdogTimeoutMs: config.watchdogTimeoutMs,
        compileCacheDir: join(config.cacheDir, '.compile-cache'),
        detached: options.detached ?? false,
        env,
        now,
        onStats: metrics.recordStats,
        onRestart(reason, delayMs) {
          metrics.recordRestart(reason)
          log('[LocalLLM] Model process lost, restarting', { reason, delayMs }, 'error')
        },
      }))
  const app = createApp({
    engine: () => engine,
    status: options.status,
    limits: (info) => limitsOf(info, config),
    scheduler,
    judgements: createJudgements(),
    metrics,
    secret: options.secret,
    log: options.requestLog ?? log,
    now,
    newId: () => randomBytes(12).toString('hex'),
    startedAt: new Date(),
  })
  return {
    app,
    scheduler,
    engine: () => engine,
    async load(signal) {
      const startedAt = now()
      const {
        model,
        graph,
        judge: choice,
      } = await prepareModel({
        name: config.modelName,
        dtype: config.dtype,
        judge: config.judgeModel,
        places: { shippedDir: SHIPPED_DIR, cacheDir: config.cacheDir },
        download: { fetch: options.fetch, hubUrl: config.hubUrl, token: config.hubToken, signal },
        memory: machineMemory,
        threads: config.threads,
        signal,
        onCompile: (form) => log('[LocalLLM] Compiling model', { model: config.modelName, form }),
        onDownload: (name) => log('[LocalLLM] Downloading model', { model: name }),
      })
      signal.throwIfAborted()
      const { judge } = choice
      const needed = (graph.memoryBytes ?? model.memoryBytes) + (judge?.trunk?.memoryBytes ?? 0)
      cacheBytes = CACHE_SHARE * Math.max(0, availableMemory(machineMemory) - needed)
      engine = startEngine(model, graph, judge)
      await engine.ready
      const initTime = `${Math.round(now() - startedAt)}ms`
      const { loop, weights, rows, reason, handover, verification } = engine.serving() ?? {}
      log('[LocalLLM] Model initialized successfully', { model: model.info.name, initTime })
      log('[LocalLLM] Serving', { loop, weights, rows, reason })
      const judging = engine.serving()?.judge
      const unfit = judge && 'the model’s states are not those that it was made for'
      if (judging) log('[LocalLLM] Judging requests', judging)
      else if (choice.reason ?? unfit)
        log('[LocalLLM] Judging no requests', { reason: choice.reason ?? unfit })
      if (handover && 'reason' in handover) log('[LocalLLM] Handing over no requests', handover)
      else if (handover) log('[LocalLLM] Handing over requests', { threshold: handover.threshold })
      if (verification && 'reason' in verification) log('[LocalLLM] Verifying no answers', verification)
      else if (verification) {
        const { measure, threshold } = verification
        log('[LocalLLM] Verifying answers', { measure, threshold, tasks: verification.tasks.join(',') })
      }
      return model
    },
  }
}
