/**
 * The container as a running thing: listens at once, prepares and loads the model, answers, drains, stops.
 * Owns the order of these; gets its effects (log, exit of the process) from the entry.
 */
import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import { serve } from '@hono/node-server'
import { RouterError } from '../shared/errors.ts'
import type { Log } from '../shared/log.ts'
import { createApp, type ServiceStatus } from './app.ts'
import type { InferenceConfig } from './config.ts'
import { createEngineProcess, type EngineProcess } from './engine/process.ts'
import { machineMemory } from './models/memory.ts'
import { prepareModel } from './models/prepare.ts'
import { SHIPPED_DIR } from './models/resolve.ts'
import { limitsOf } from './serving/limits.ts'
import { createMetrics } from './serving/metrics.ts'
import { createModelScheduler } from './serving/model-scheduler.ts'

export type ServerOptions = {
  readonly config: InferenceConfig
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Log
}

export type InferenceServer = {
  /** Port that is really listened on. */
  readonly port: number
  /** Resolves when the model is ready; rejects when it cannot be. */
  readonly ready: Promise<void>
  /** Stops admitting, lets running answers finish within the shutdown time, frees everything. */
  readonly stop: () => Promise<void>
}

/** Proxies reuse idle connections for up to 900 s and fail where Node's default closes them after 5 s. */
const KEEP_ALIVE_TIMEOUT_MS = 120_000
const HEADERS_TIMEOUT_MS = 125_000

/**
 * Starts listening and loading.
 * @throws {RouterError} `configuration` if the port cannot be listened on
 */
export async function startServer({ config, env, log }: ServerOptions): Promise<InferenceServer> {
  const now = () => performance.now()
  let engine: EngineProcess | undefined
  let phase: 'loading' | 'failed' | 'draining' | undefined = 'loading'

  const scheduler = createModelScheduler(config, () => engine?.speed(), now)
  const metrics = createMetrics(scheduler.load)

  const status = (): ServiceStatus => {
    if (phase) return phase
    const own = engine?.status() ?? 'loading'
    return own === 'closed' ? 'draining' : own
  }

  const app = createApp({
    engine: () => engine,
    status,
    limits: (info) => limitsOf(info, config),
    scheduler,
    metrics,
    secret: config.secret,
    log,
    now,
    newId: () => randomBytes(12).toString('hex'),
    startedAt: new Date(),
  })
  const server = await listen(app.fetch, config)
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : config.port
  log('[LocalLLM] Listening', { host: config.host, port })

  const stopping = new AbortController()
  const load = async () => {
    const startedAt = now()
    const model = await prepareModel({
      name: config.modelName,
      dtype: config.dtype,
      places: { shippedDir: SHIPPED_DIR, cacheDir: config.cacheDir },
      download: { fetch, hubUrl: config.hubUrl, token: config.hubToken, signal: stopping.signal },
      memory: machineMemory,
      onDownload: (name) => log('[LocalLLM] Downloading model', { model: name }),
    })
    stopping.signal.throwIfAborted()
    engine = createEngineProcess(model, {
      threads: config.threads,
      watchdogTimeoutMs: config.watchdogTimeoutMs,
      env,
      now,
      onRestart(reason, delayMs) {
        metrics.recordRestart(reason)
        log('[LocalLLM] Model process lost, restarting', { reason, delayMs }, 'error')
      },
    })
    await engine.ready
    if (phase === 'loading') phase = undefined
    const initTime = `${Math.round(now() - startedAt)}ms`
    log('[LocalLLM] Model initialized successfully', { model: model.info.name, initTime })
  }
  const ready = load().catch((error: unknown) => {
    if (phase === 'loading') phase = 'failed'
    throw error
  })

  return {
    port,
    ready,
    async stop() {
      phase = 'draining'
      stopping.abort()
      // Still listening: whoever comes now is told 503 and goes elsewhere, rather than being refused.
      await within(config.shutdownTimeoutMs, scheduler.drain())
      await engine?.close()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      // Last events are on their way; a reader that does not take them has had its time.
      await within(1000, closed)
      server.closeAllConnections()
      await closed
    },
  }
}

function listen(fetchHandler: (request: Request) => Response | Promise<Response>, config: InferenceConfig) {
  return new Promise<Server>((resolve, reject) => {
    const server = serve(
      {
        fetch: fetchHandler,
        hostname: config.host,
        port: config.port,
        overrideGlobalObjects: false,
        serverOptions: { keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS, headersTimeout: HEADERS_TIMEOUT_MS },
      },
      () => resolve(server),
    ) as Server
    server.once('error', (cause: NodeJS.ErrnoException) => reject(listenError(cause, config)))
  })
}

function listenError(cause: NodeJS.ErrnoException, { host, port }: InferenceConfig): RouterError {
  const reasons: Record<string, string> = {
    EADDRINUSE: `Port ${port} is in use already. Stop what listens there, or set PORT to another one.`,
    EACCES: `Port ${port} needs more rights. Set PORT to one above 1023.`,
    EADDRNOTAVAIL: `HOST=${host} is no address of this machine.`,
    ENOTFOUND: `HOST=${host} is not known here.`,
  }
  const text =
    reasons[cause.code ?? ''] ?? `Listening on ${host}:${port} failed (${cause.code ?? 'unknown'}).`
  return new RouterError('configuration', text, { cause })
}

async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}
