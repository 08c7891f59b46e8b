/**
 * The container without a container: its application answers in memory, its model runs in a child process, because a
 * library must not block its host's event loop. Started by the first request that needs it. Opens no port.
 */
import type { Fetch } from '../edge/providers/provider.ts'
import type { InferenceConfig } from '../inference/config.ts'
import type { EngineProcess } from '../inference/engine/process.ts'
import type { ServiceStatus } from '../inference/http/context.ts'
import { type ResolvedModel, SHIPPED_DIR } from '../inference/models/resolve.ts'
import { createModelService } from '../inference/service.ts'
import { limitsOf } from '../inference/serving/limits.ts'
import { RouterError } from '../shared/errors.ts'
import type { Log } from '../shared/log.ts'
import { describeByName, describeFiles, findModelFiles, type LocalModelInfo } from './model-info.ts'
import type { Environment } from './settings.ts'

export type LocalModelState = 'idle' | 'loading' | 'ready' | 'restarting' | 'failed' | 'closed'

export type LocalModel = {
  readonly info: () => LocalModelInfo
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
  let starting: Promise<void> | undefined
  let failedAt: number | undefined
  const readyListeners: (() => void)[] = []
  const closing = new AbortController()

  const info = (): LocalModelInfo =>
    files === undefined ? { ...describeByName(config.modelName), downloaded: false } : describeFiles(files)

  const state = (): LocalModelState => {
    if (closing.signal.aborted) return 'closed'
    if (failedAt !== undefined) return 'failed'
    if (starting === undefined) return 'idle'
    return service.engine()?.status() ?? 'loading'
  }
  const service = createModelService({
    config,
    env,
    log,
    // The router writes the line of each request; that the model loads is no error.
    requestLog: (message, fields, level) => {
      if (level === 'error' && fields?.status !== 503) log(message, fields, level)
    },
    now,
    fetch: (input, init) => options.fetch(input instanceof Request ? input.url : String(input), init ?? {}),
    status: () => serviceStatus(state()),
    secret: undefined,
    detached: true,
    startEngine: options.startEngine,
  })

  const load = async () => {
    const model = await service.load(closing.signal)
    files = model.info
    for (const listener of readyListeners) listener()
  }

  const start = (): Promise<void> => {
    if (closing.signal.aborted) return Promise.reject(closedError())
    if (failedAt !== undefined && now() - failedAt >= RETRY_FAILED_MS) {
      failedAt = undefined
      starting = undefined
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

  return {
    info,
    state,
    start,
    onReady: (listener) => void readyListeners.push(listener),
    async fetch(url, init) {
      const idle = state() === 'idle'
      // Asking what there is must not load it.
      if (idle && new URL(url).pathname === '/readyz')
        return Response.json({
          status: 'idle',
          model: info().name,
          card: info().card ?? null,
          ...(files === undefined ? {} : limitsOf(files, config)),
        })
      if (init.method === 'POST') start().catch(() => {})
      const response = await service.app.fetch(new Request(url, init))
      if (response.status !== 503 || state() !== 'loading') return response
      const headers = new Headers(response.headers)
      headers.set('retry-after-ms', String(LOADING_RETRY_MS))
      return new Response(response.body, { status: 503, headers })
    },
    async close() {
      closing.abort(closedError())
      await service.engine()?.close()
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
