/**
 * The container without a container: its application answers in memory, its model runs in a child process, because a
 * library must not block its host's event loop. Started by the first request that needs it. Opens no port.
 */
import { randomBytes } from 'node:crypto'
import type { Fetch } from '../edge/providers/provider.ts'
import { createApp, type ServiceStatus } from '../inference/app.ts'
import type { InferenceConfig } from '../inference/config.ts'
import { createEngineProcess, type EngineProcess } from '../inference/engine/process.ts'
import { machineMemory } from '../inference/models/memory.ts'
import { prepareModel } from '../inference/models/prepare.ts'
import { type ResolvedModel, SHIPPED_DIR } from '../inference/models/resolve.ts'
import { limitsOf } from '../inference/serving/limits.ts'
import { createMetrics } from '../inference/serving/metrics.ts'
import { createModelScheduler } from '../inference/serving/model-scheduler.ts'
import { RouterError } from '../shared/errors.ts'
import type { Log } from '../shared/log.ts'
import { detachChildren } from './detach-child.ts'
import { describeByName, describeFiles, findModelFiles, type LocalModelInfo } from './model-info.ts'
import type { Environment } from './settings.ts'

export type LocalModelState = 'idle' | 'loading' | 'ready' | 'restarting' | 'failed' | 'closed'

export type LocalModel = {
  readonly info: () => LocalModelInfo
  /** Input that the model is given, tokens; undefined before a download. */
  readonly maxInputTokens: () => number | undefined
  readonly state: () => LocalModelState
  /**
   * Loads the model, downloading it if it is missing; a second call waits for the first.
   * @throws {RouterError} with what to do where it cannot be loaded; tried again after a minute
   */
  readonly start: () => Promise<void>
  /** Calls `listener` each time that loading has ended well. */
  readonly onReady: (listener: () => void) => void
  /** The container's endpoints. A message starts the model; until it is ready the answer is 503, as a container's. */
  readonly fetch: Fetch
  /** Ends the model's process. */
  readonly close: () => Promise<void>
}

export type LocalModelOptions = {
  readonly config: InferenceConfig
  readonly env: Environment
  readonly log: Log
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
  readonly fetch: Fetch
  /** Replaces the child process, for tests. */
  readonly startEngine?: ((model: ResolvedModel) => EngineProcess) | undefined
}

/** While the model loads, requests are told to come again so soon, ms: loading takes a second or two. */
const LOADING_RETRY_MS = 250
/** A model that could not be loaded is not tried with every request. */
const RETRY_FAILED_MS = 60_000

/**
 * Returns the model, not loaded.
 * @throws {RouterError} `configuration` where the settings name no model that can be had
 */
export function createLocalModel(options: LocalModelOptions): LocalModel {
  const { config, env, log, now } = options
  const places = { shippedDir: SHIPPED_DIR, cacheDir: config.cacheDir }
  let files = findModelFiles(config.modelName, places, config.dtype)
  let engine: EngineProcess | undefined
  let starting: Promise<void> | undefined
  let failedAt: number | undefined
  const readyListeners: (() => void)[] = []
  const closing = new AbortController()
  const stopDetaching = detachChildren(() => engine?.pid())

  const scheduler = createModelScheduler(config, () => engine?.speed(), now)
  const metrics = createMetrics(scheduler.load)
  const startEngine =
    options.startEngine ??
    ((model: ResolvedModel) =>
      createEngineProcess(model, {
        threads: config.threads,
        watchdogTimeoutMs: config.watchdogTimeoutMs,
        env,
        now,
        onRestart: (reason, delayMs) =>
          log('[LocalLLM] Model process lost, restarting', { reason, delayMs }, 'error'),
      }))

  const info = (): LocalModelInfo =>
    files === undefined ? { ...describeByName(config.modelName), downloaded: false } : describeFiles(files)

  const state = (): LocalModelState => {
    if (closing.signal.aborted) return 'closed'
    if (failedAt !== undefined) return 'failed'
    return engine?.status() ?? (starting === undefined ? 'idle' : 'loading')
  }

  const load = async () => {
    const startedAt = now()
    const model = await prepareModel({
      name: config.modelName,
      dtype: config.dtype,
      places,
      download: {
        fetch: (input, init) =>
          options.fetch(input instanceof Request ? input.url : String(input), init ?? {}),
        hubUrl: config.hubUrl,
        token: config.hubToken,
        signal: closing.signal,
      },
      memory: machineMemory,
      onDownload: (name) => log('[LocalLLM] Downloading model', { model: name }),
    })
    if (closing.signal.aborted) throw closedError()
    files = model.info
    engine = startEngine(model)
    await engine.ready
    for (const listener of readyListeners) listener()
    log('[LocalLLM] Model initialized successfully', {
      model: model.info.name,
      initTime: `${Math.round(now() - startedAt)}ms`,
    })
  }

  const start = (): Promise<void> => {
    if (closing.signal.aborted) return Promise.reject(closedError())
    if (failedAt !== undefined && now() - failedAt >= RETRY_FAILED_MS) {
      failedAt = undefined
      starting = undefined
      engine = undefined
    }
    starting ??= load().catch((error: unknown) => {
      if (closing.signal.aborted) throw closedError()
      failedAt = now()
      const known = RouterError.from(error)
      log(
        '[LocalLLM] Model cannot be loaded',
        { hint: known.code === 'internal' ? undefined : known.message },
        'error',
      )
      throw known
    })
    return starting
  }

  const app = createApp({
    engine: () => engine,
    status: () => serviceStatus(state()),
    limits: (info) => limitsOf(info, config),
    scheduler,
    metrics,
    // Nobody but this process can reach it.
    secret: undefined,
    // The router writes the line of each request; that the model loads is no error.
    log: (message, fields, level) => {
      if (level === 'error' && fields?.status !== 503) log(message, fields, level)
    },
    now,
    newId: () => randomBytes(12).toString('hex'),
    startedAt: new Date(),
  })

  return {
    info,
    maxInputTokens: () => (files === undefined ? undefined : limitsOf(files, config).maxInputTokens),
    state,
    start,
    onReady: (listener) => void readyListeners.push(listener),
    async fetch(url, init) {
      const idle = state() === 'idle'
      // Asking what there is must not load it.
      if (idle && new URL(url).pathname === '/readyz')
        return Response.json({ status: 'idle', model: info().name, card: info().card ?? null })
      if (init.method === 'POST') start().catch(() => {})
      const response = await app.fetch(new Request(url, init))
      if (response.status !== 503 || state() !== 'loading') return response
      const headers = new Headers(response.headers)
      headers.set('retry-after-ms', String(LOADING_RETRY_MS))
      return new Response(response.body, { status: 503, headers })
    },
    async close() {
      closing.abort(closedError())
      await engine?.close()
      stopDetaching()
    },
  }
}

function serviceStatus(state: LocalModelState): ServiceStatus {
  if (state === 'idle') return 'loading'
  return state === 'closed' ? 'draining' : state
}

function closedError(): RouterError {
  return new RouterError('unavailable', 'The router is closed.')
}
