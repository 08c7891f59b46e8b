/**
 * Puts the parts together: the core that answers requests, for the Worker, for the library and for tests. Knows no
 * platform and no environment.
 */
import type { BatchBook } from './batches/batch-book.ts'
import type { Accounts } from './budgets/accounts.ts'
import type { UsageOf } from './budgets/usage-of.ts'
import type { AnswerCache } from './cache/cache.ts'
import { createMemoryCache } from './cache/memory.ts'
import { composeBatches } from './compose-batches.ts'
import { composeAccounts, composeBudgets, composeDegradation } from './compose-limits.ts'
import { composeLocal, type LocalEffects, type LocalParts } from './compose-local.ts'
import {
  composePlanning,
  composeSecondLook,
  type PlanningConfig,
  type SecondLookEffects,
} from './compose-planning.ts'
import type { Config } from './config.ts'
import type { ControlRecord } from './control/control-record.ts'
import { type ControlStore, createControlStore } from './control/control-store.ts'
import { createFindLimits, type FindLimits } from './control/limits-of.ts'
import { createExplainer, type Explainer } from './explanation/explanation.ts'
import { createGateway, type Gateway } from './gateway.ts'
import { createKnownClients, type KnownClients, keptForKnown, learningFrom } from './known-clients.ts'
import type { Ledger } from './ledger/ledger.ts'
import { createPriceList } from './ledger/prices.ts'
import { createReceiptRecorder } from './ledger/record-receipt.ts'
import type { ReadAsset } from './pages/assets.ts'
import { createPromptCache } from './prompt-cache/prompt-cache.ts'
import { createClaudeProvider } from './providers/claude/messages.ts'
import type { Fetch, Provider } from './providers/provider.ts'
import type { ResponseStore } from './responses/store/response-store.ts'
import { createTimedStore } from './responses/store/timed-store.ts'
import type { ClassifierModel } from './routing/classifier/classifier-model.ts'
import { combinedThreshold } from './routing/second-look/combination.ts'
import { createSessionMemory } from './routing/sessions/session-memory.ts'
import { DEFAULT_RECALL, resolveThresholds, type Thresholds } from './routing/thresholds.ts'
import { createStrategyStore, type StrategyStore } from './strategy-store.ts'
import { createReceiptTraces, type ExportReceipt } from './telemetry/receipt-traces.ts'
import { createWebhookSender } from './webhooks/webhook-sender.ts'

/** The settings of the core, a part of the Worker's and of the library's. */
export type CoreConfig = PlanningConfig &
  Pick<Config, 'strategy' | 'secondLook' | 'cache' | 'savingsBaseline' | 'prices' | 'content'> & {
    /** Undefined where nobody is told from anybody else. */
    readonly limits?: Config['limits']
    readonly onBudget?: Config['onBudget']
    readonly hedge?: Config['hedge']
    readonly fallbackBudget?: Config['fallbackBudget']
  }

export type CoreEffects = LocalEffects &
  SecondLookEffects & {
    /** The road to Claude. */
    readonly claudeFetch: Fetch
    /** Uniform in [0, 1). */
    readonly random: () => number
    /** Where receipts are kept; absent: nowhere. */
    readonly ledger?: Ledger | undefined
    /** Gives each receipt to other tools; undefined where there are none. */
    readonly exportReceipt?: ExportReceipt | undefined
    /** What is set at runtime. */
    readonly controlRecord: ControlRecord
    /** Who counts what tenants with limits use; absent: limits hold for nobody. */
    readonly accounts?: Accounts | undefined
    /** What requests are judged by. */
    readonly classifierModel: ClassifierModel
  }

export type Core = {
  readonly gateway: Gateway
  readonly explain: Explainer
  readonly claude: Provider
  readonly local: LocalParts | undefined
  readonly cache: AnswerCache
  readonly clients: KnownClients
  readonly control: ControlStore
  readonly findLimits: FindLimits
  /** Undefined where nobody counts. */
  readonly usageOf: UsageOf | undefined
  readonly strategies: StrategyStore
  readonly thresholds: Thresholds
}

/** Returns the parts that answer requests. */
export function composeCore(config: CoreConfig, effects: CoreEffects): Core {
  const { log, now, random, claudeFetch, classifierModel } = effects
  const settled = composePlanning(config, classifierModel)
  const prices = createPriceList(config.prices)
  const control = createControlStore(effects.controlRecord, config.strategy, now, log)
  const strategies = createStrategyStore(control, config.strategy)
  const findLimits = createFindLimits(control.known, config.limits ?? new Map())
  const cache = createMemoryCache({ ...config.cache, now, random })
  const local = config.local && composeLocal(config.local, effects)
  const promptCache = createPromptCache({ mode: config.claude.promptCache, now, random })
  const claude = createClaudeProvider({
    config: config.claude,
    promptCache,
    fetch: claudeFetch,
    log,
    now,
    random,
    sleep,
  })
  const planning = {
    local: local?.pool,
    ...settled,
    secondLook: config.secondLook && {
      model: composeSecondLook(config.secondLook, effects),
      complexFrom: combinedThreshold(config.judge ?? { recall: DEFAULT_RECALL }),
    },
    strategies,
    sessions: createSessionMemory({ now }),
  }
  const clients = createKnownClients()
  const budgets =
    effects.accounts &&
    composeBudgets(config, effects, effects.accounts, {
      findLimits,
      prices,
      marksPrompts: promptCache.isOn,
      clients,
    })
  const degradation = composeDegradation(config, prices, now)
  const record = createReceiptRecorder({
    log,
    ledger: effects.ledger,
    exportReceipt: effects.exportReceipt,
    clients,
    content: config.content,
  })
  const gateway = createGateway({
    ...planning,
    providers: { claude: learningFrom(claude, clients), local: local?.provider },
    cache,
    savingsBaseline: config.savingsBaseline,
    prices,
    budgets: budgets?.gate,
    degradation,
    recordReceipt(receipt, exchange) {
      degradation?.settle(receipt)
      record(receipt, exchange)
    },
    log,
    now,
  })
  const explain = createExplainer({
    ...planning,
    previewPrompt: promptCache.preview,
    prices,
    foreseeBudget: budgets?.foresee,
    thresholdsWith: (changed) => resolveThresholds(classifierModel, { ...config.thresholds, ...changed }),
  })
  const { thresholds } = settled
  const { usageOf } = budgets ?? {}
  return {
    gateway,
    explain,
    claude,
    local,
    cache,
    clients,
    control,
    findLimits,
    usageOf,
    strategies,
    thresholds,
  }
}

export type Effects = Pick<
  CoreEffects,
  'log' | 'now' | 'random' | 'controlRecord' | 'ledger' | 'accounts' | 'classifierModel' | 'workersAi'
> & {
  readonly fetch: Fetch
  /** Who remembers which tenant made which batch. */
  readonly batchBook: BatchBook
  readonly readAsset: ReadAsset
  readonly createId: (at: number) => string
  /** Where conversations of the Responses API are kept; absent: nowhere. */
  readonly responses?: ResponseStore | undefined
}

/** Returns everything that `createApp` needs. */
export function composeDependencies(config: Config, { fetch, readAsset, createId, ...given }: Effects) {
  const effects = { ...given, accounts: composeAccounts(given) }
  const tellWebhook = config.webhook && createWebhookSender({ ...config.webhook, ...effects, fetch, sleep })
  const core = composeCore(config, {
    ...effects,
    claudeFetch: fetch,
    localFetch: fetch,
    secondLookFetch: fetch,
    tellWebhook,
    exportReceipt:
      config.traces &&
      createReceiptTraces({ ...config.traces, ...effects, claudeUrl: config.claude.baseUrl, fetch }),
  })
  const {
    gateway,
    explain,
    clients,
    control,
    findLimits,
    usageOf,
    strategies,
    thresholds,
    local,
    cache,
    claude,
  } = core
  const { log, now, ledger, responses } = effects
  return {
    config,
    usageOf,
    ledger,
    batches: composeBatches(config, { ...effects, fetch, tellWebhook }, { findLimits, clients }),
    responses:
      config.responsesRetentionHours === 0
        ? undefined
        : responses && createTimedStore(keptForKnown(responses, clients, ledger)),
    gateway,
    explain,
    control,
    findLimits,
    strategies,
    thresholds,
    claude,
    local: local?.pool,
    cache,
    fetch,
    readAsset,
    log,
    now,
    createId,
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
