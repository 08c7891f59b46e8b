/**
 * Puts the parts together for a configuration. Shared by the Worker and by tests; knows no platform.
 */
import type { Log } from '../shared/log.ts'
import { createMemoryCache } from './cache/memory.ts'
import type { Config } from './config.ts'
import { createGateway, type GatewayDependencies } from './gateway.ts'
import { createReceiptLog } from './ledger/log-line.ts'
import { isClaudeConfigured } from './providers/claude/headers.ts'
import { createClaudeProvider } from './providers/claude/messages.ts'
import { createLocalHealth } from './providers/local/health.ts'
import { createLocalProvider } from './providers/local/messages.ts'
import { localMessagesProtocol } from './providers/local/messages-protocol.ts'
import { localOpenAiProtocol } from './providers/local/openai-protocol.ts'
import { createLocalPool } from './providers/local/pool.ts'
import type { Fetch } from './providers/provider.ts'
import { createClassifier } from './routing/classifier/classifier.ts'
import { SHIPPED_CLASSIFIER } from './routing/classifier/weights.ts'
import { createModelMatcher } from './routing/virtual-models.ts'
import { createStrategyStore, type StrategyRecord } from './strategy-store.ts'

export type Effects = {
  readonly fetch: Fetch
  readonly log: Log
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly createId: () => string
  readonly strategyRecord: StrategyRecord
}

/** Returns everything that `createApp` needs. */
export function composeDependencies(config: Config, effects: Effects) {
  const { fetch, log, now, random, createId } = effects
  const strategies = createStrategyStore(effects.strategyRecord, config.strategy, now, log)
  const cache = createMemoryCache({ ...config.cache, now, random })
  const local = config.local && composeLocal(config.local, effects)
  const claude = createClaudeProvider({ config: config.claude, fetch, log, now, random, sleep })
  const dependencies: GatewayDependencies = {
    providers: { claude, local: local?.provider },
    local: local?.pool,
    cache,
    classify: createClassifier(SHIPPED_CLASSIFIER, config.threshold),
    strategies,
    isRouted: createModelMatcher([...config.routedModels, 'auto', 'claude-auto', 'local']),
    localTasks: config.local?.tasks ?? 'auto',
    localMaxInputTokens: config.local?.maxInputTokens,
    claude: {
      configured: isClaudeConfigured(config.claude),
      model: config.claude.model,
      simpleModel: config.claude.simpleModel,
    },
    savingsBaseline: config.savingsBaseline,
    sideRequestsLocal: config.sideRequestsLocal,
    recordReceipt: createReceiptLog(log),
    log,
    now,
  }
  const gateway = createGateway(dependencies)
  return { config, gateway, strategies, local: local?.pool, cache, fetch, log, now, createId }
}

function composeLocal(config: NonNullable<Config['local']>, { fetch, log, now }: Effects) {
  const protocol = config.protocol === 'openai' ? localOpenAiProtocol : localMessagesProtocol
  const { secret, deadlines } = config
  const servers = config.urls.map((url) =>
    createLocalHealth({
      url,
      secret,
      protocol,
      fetch,
      log,
      now,
      refreshTimeoutMs: deadlines.headersMs,
      longestWaitMs: deadlines.firstContentMs,
    }),
  )
  return {
    pool: createLocalPool(servers, config.model),
    provider: createLocalProvider({ servers, protocol, secret, deadlines, fetch, log, now }),
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
