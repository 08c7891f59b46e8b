/**
 * Puts the edge's core together for a program: the same gateway, providers, health and cache, over two roads of the
 * library's own (Anthropic's SDK, the model in a child process). Knows no environment and no process.
 */
import { createMemoryCache } from '../edge/cache/memory.ts'
import { createGateway, type Gateway } from '../edge/gateway.ts'
import { createReceiptLog } from '../edge/ledger/log-line.ts'
import { createClaudeProvider } from '../edge/providers/claude/messages.ts'
import { createLocalHealth } from '../edge/providers/local/health.ts'
import { createLocalProvider } from '../edge/providers/local/messages.ts'
import { localMessagesProtocol } from '../edge/providers/local/messages-protocol.ts'
import { localOpenAiProtocol } from '../edge/providers/local/openai-protocol.ts'
import { createLocalPool, type LocalPool } from '../edge/providers/local/pool.ts'
import type { Fetch, Provider } from '../edge/providers/provider.ts'
import { createClassifier } from '../edge/routing/classifier/classifier.ts'
import { SHIPPED_CLASSIFIER } from '../edge/routing/classifier/weights.ts'
import { createModelMatcher } from '../edge/routing/virtual-models.ts'
import { createMemoryStrategyRecord, createStrategyStore } from '../edge/strategy-store.ts'
import type { Log } from '../shared/log.ts'
import { type AnthropicClient, createClaudeFetch } from './claude-transport.ts'
import type { LocalModel } from './local-model.ts'
import type { LibrarySettings } from './settings.ts'

export type CoreOptions = {
  readonly settings: LibrarySettings
  /** Undefined where there is no key. */
  readonly claudeClient: AnthropicClient | undefined
  /** Undefined where the local model is a container. */
  readonly localModel: LocalModel | undefined
  readonly withLocal: boolean
  readonly fetch: Fetch
  readonly log: Log
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Uniform in [0, 1). */
  readonly random: () => number
}

export type Core = {
  readonly gateway: Gateway
  readonly claude: Provider
  readonly local: LocalParts | undefined
  readonly cache: ReturnType<typeof createMemoryCache>
}

export type LocalParts = {
  readonly provider: Provider
  readonly pool: LocalPool
  /** Tells that the model in a child process is ready, so that no request waits for a probe. */
  readonly noteReady: () => void
}

/** Returns the parts that answer requests. */
export function composeCore(options: CoreOptions): Core {
  const { settings, claudeClient, localModel, log, now, random, fetch } = options
  const local = options.withLocal ? composeLocal(options) : undefined
  const claude = createClaudeProvider({
    // The transport has the credential; the provider asks only whether there is one.
    config: { ...settings.claude, apiKey: claudeClient === undefined ? undefined : 'held by the client' },
    fetch:
      claudeClient === undefined ? fetch : createClaudeFetch(claudeClient, settings.claude.deadlines.totalMs),
    log,
    now,
    random,
    sleep,
  })
  const cache = createMemoryCache({ ...settings.cache, random })
  const gateway = createGateway({
    providers: { claude, local: local?.provider },
    local: local?.pool,
    cache,
    classify: createClassifier(SHIPPED_CLASSIFIER, settings.threshold),
    // Requests of the library name their strategy themselves: a change holds for the very next one.
    strategies: createStrategyStore(createMemoryStrategyRecord(), settings.strategy, now, log),
    isRouted: createModelMatcher([...settings.routedModels, 'auto', 'claude-auto', 'local']),
    localTasks: settings.local.tasks,
    localMaxInputTokens: settings.local.maxInputTokens ?? localModel?.maxInputTokens(),
    claude: {
      configured: claudeClient !== undefined,
      model: settings.claude.model,
      simpleModel: settings.claude.simpleModel,
    },
    savingsBaseline: settings.savingsBaseline,
    sideRequestsLocal: settings.sideRequestsLocal,
    recordReceipt: createReceiptLog(log),
    log,
    now,
  })
  return { gateway, claude, local, cache }
}

function composeLocal({ settings, localModel, fetch: network, log, now }: CoreOptions): LocalParts {
  const { local } = settings
  const { secret, deadlines } = local
  const protocol = local.protocol === 'openai' ? localOpenAiProtocol : localMessagesProtocol
  const fetch = localModel?.fetch ?? network
  const servers = local.urls.map((url) =>
    createLocalHealth({
      url,
      secret,
      protocol,
      fetch,
      // A model that could be loaded counts as ready here; that it was loaded is said by whoever loads it.
      log: localModel === undefined ? log : () => {},
      now,
      refreshTimeoutMs: deadlines.headersMs,
      longestWaitMs: deadlines.firstContentMs,
    }),
  )
  return {
    pool: createLocalPool(servers, local.model ?? localModel?.info().name),
    provider: createLocalProvider({ servers, protocol, secret, deadlines, fetch, log, now }),
    noteReady() {
      for (const server of servers) server.succeeded()
    },
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
