/**
 * Puts the local side together: servers with their health, the pool over them, the provider that asks them. Knows no
 * platform.
 */
import type { Log } from '../shared/log.ts'
import type { Config } from './config.ts'
import { createLocalHealth } from './providers/local/health.ts'
import { createLocalProvider } from './providers/local/messages.ts'
import { localMessagesProtocol } from './providers/local/messages-protocol.ts'
import { localOpenAiProtocol } from './providers/local/openai-protocol.ts'
import { patient } from './providers/local/patience.ts'
import { createLocalPool, type LocalPool } from './providers/local/pool.ts'
import type { Fetch, Provider } from './providers/provider.ts'
import { createLocalModelEvents } from './webhooks/local-model-events.ts'
import type { TellWebhook } from './webhooks/webhook-sender.ts'

export type LocalEffects = {
  /** The road to the local servers. */
  readonly localFetch: Fetch
  readonly log: Log
  /** Gets what is learned of the local servers' readiness; `log` unless given. */
  readonly localLog?: Log
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Tells the operator of events; undefined where nobody wants to be told. */
  readonly tellWebhook?: TellWebhook | undefined
}

export type LocalParts = {
  readonly provider: Provider
  readonly pool: LocalPool
  /** Tells that the servers are ready, by the word of somebody who knows: no request then waits for a probe. */
  readonly noteReady: () => void
}

/** Returns the local side by its settings. */
export function composeLocal(
  config: NonNullable<Config['local']>,
  { localFetch: fetch, log, localLog = log, now, tellWebhook }: LocalEffects,
): LocalParts {
  const protocol = config.protocol === 'openai' ? localOpenAiProtocol : localMessagesProtocol
  const { secret, deadlines, handover, verify } = config
  const listenerOf =
    tellWebhook && createLocalModelEvents(config.urls.length, () => pool.modelName(), tellWebhook)
  const servers = config.urls.map((url, place) =>
    createLocalHealth({
      url,
      secret,
      protocol,
      model: config.model,
      fetch,
      log: localLog,
      now,
      refreshTimeoutMs: deadlines.headersMs,
      longestWaitMs: deadlines.firstContentMs,
      longestLastWaitMs: patient(deadlines).firstContentMs,
      listener: listenerOf?.(place),
    }),
  )
  const pool = createLocalPool(servers, config.model)
  return {
    pool,
    provider: createLocalProvider({
      servers,
      protocol,
      secret,
      deadlines,
      handover,
      verify,
      fetch,
      log,
      now,
    }),
    noteReady() {
      for (const server of servers) server.succeeded((work) => void work.catch(() => {}))
    },
  }
}
