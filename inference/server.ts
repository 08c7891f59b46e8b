/**
 * The container as a running thing: listens at once, prepares and loads the model, answers, drains, stops.
 * Owns the order of these; gets its effects (log, exit of the process) from the entry.
 */
import type { Server } from 'node:http'
import { serve } from '@hono/node-server'
import { RouterError } from '../shared/errors.ts'
import type { Log } from '../shared/log.ts'
import type { InferenceConfig } from './config.ts'
import type { ServiceStatus } from './http/context.ts'
import { createModelService } from './service.ts'

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
  let phase: 'loading' | 'failed' | 'draining' | undefined = 'loading'
  const status = (): ServiceStatus => {
    if (phase) return phase
    const own = service.engine()?.status() ?? 'loading'
    return own === 'closed' ? 'draining' : own
  }
  const service = createModelService({
    config,
    env,
    log,
    now: () => performance.now(),
    fetch,
    status,
    secret: config.secret,
  })
  const server = await listen(service.app.fetch, config)
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : config.port
  log('[LocalLLM] Listening', { host: config.host, port })

  const stopping = new AbortController()
  const ready = service.load(stopping.signal).then(
    () => {
      if (phase === 'loading') phase = undefined
    },
    (error: unknown) => {
      if (phase === 'loading') phase = 'failed'
      throw error
    },
  )

  return {
    port,
    ready,
    async stop() {
      phase = 'draining'
      stopping.abort()
      // Still listening: whoever comes now is told 503 and goes elsewhere, rather than being refused.
      await within(config.shutdownTimeoutMs, service.scheduler.drain())
      await service.engine()?.close()
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
