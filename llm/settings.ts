/**
 * The library's settings: the edge's names, defaults and rules, read at once so that a wrong value is an error where
 * the router is made. What only HTTP needs (keys, ports, CORS) is not read.
 */
import * as z from 'zod/mini'
import type { ContentSettings } from '../edge/ledger/content.ts'
import type { ModelPrices } from '../edge/ledger/prices.ts'
import type { OperatorRule } from '../edge/routing/operator-rules/operator-rule.ts'
import type { ThresholdSetting } from '../edge/routing/thresholds.ts'
import {
  bindingProblems,
  type CacheLimits,
  type ClaudeConfig,
  CORE_SETTINGS,
  cacheLimits,
  claudeConfig,
  coreProblems,
  type LocalConfig,
  localAddressProblems,
  localConfig,
  type SecondLookConfig,
  secondLookConfig,
} from '../edge/settings/core-settings.ts'
import type { FallbackBudgetSetting, HedgeSetting } from '../edge/settings/degradation-setting.ts'
import { choice, parseSettings, text } from '../edge/settings/setting-schemas.ts'
import type { Strategy } from '../edge/strategy.ts'
import { RouterError } from '../shared/errors.ts'
import type { LogFormat } from '../shared/log.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export type LibrarySettings = {
  readonly strategy: Strategy
  /** Whether the strategies may use the local model. */
  readonly localEnabled: boolean
  /** Made even where the strategies may not use it: a program can ask the local model directly. */
  readonly local: LocalConfig
  /** No address is set, so the model runs in a child of this process. */
  readonly localInProcess: boolean
  readonly claude: ClaudeConfig
  readonly routedModels: readonly string[]
  readonly thresholds: { readonly complex: ThresholdSetting; readonly strong: ThresholdSetting }
  readonly simpleToolTurns: 'strong' | 'cheap'
  readonly rules: readonly OperatorRule[]
  /** From when on the local model's judge declines; undefined where it is not asked. */
  readonly judge: ThresholdSetting | undefined
  /** Undefined where none is taken before any target is asked. */
  readonly secondLook: SecondLookConfig | undefined
  readonly sideRequestsLocal: boolean
  readonly cache: CacheLimits
  readonly savingsBaseline: string | undefined
  /** What the operator says of prices, beside the built-in list. */
  readonly prices: ReadonlyMap<string, ModelPrices>
  /** When Claude is asked beside a slow local model; undefined: never. */
  readonly hedge: HedgeSetting | undefined
  /** How much may go to Claude because the local model failed; undefined: all of it. */
  readonly fallbackBudget: FallbackBudgetSetting | undefined
  readonly content: ContentSettings
  readonly retentionDays: number
  /** The folder that receipts are kept in; undefined: they are not kept. */
  readonly ledgerPath: string | undefined
  readonly logFormat: LogFormat
  readonly silent: boolean
}

/** Stands for the model in a child of this process where the edge's parts want an address; port 0 is never called. */
export const IN_PROCESS_URL = 'http://127.0.0.1:0'

const settingsSchema = z.object({
  ...CORE_SETTINGS,
  LOG_FORMAT: choice(['json', 'text'], 'text'),
  LOG_LEVEL: text,
  LEDGER_PATH: text,
})

type Settings = z.infer<typeof settingsSchema>

/**
 * Returns the settings; empty values count as unset.
 * @throws {RouterError} `configuration` that names every wrong setting and never quotes a secret
 */
export function readSettings(env: Environment): LibrarySettings {
  const { settings, problems: malformed } = parseSettings(settingsSchema, env)
  const addresses = settings.LOCAL_LLM_ENABLED ? localAddressProblems(settings) : []
  const problems = [
    ...malformed,
    ...coreProblems(settings),
    ...bindingProblems(settings, false),
    ...addresses,
  ]
  if (problems.length > 0) throw problemsError(problems)
  return assemble(settings)
}

/** Returns one error out of several problems, each naming its setting. */
export function problemsError(problems: readonly string[]): RouterError {
  return new RouterError('configuration', `The settings of the router are not valid: ${problems.join('; ')}.`)
}

function assemble(settings: Settings): LibrarySettings {
  // An address that nobody has asked to be used may be anything; the direct way then has the model in a child.
  const broken = !settings.LOCAL_LLM_ENABLED && [...localAddressProblems(settings)].length > 0
  const inProcess = broken || settings.LOCAL_LLM_URL.length === 0
  const local = localConfig(settings)
  return {
    strategy: settings.LLM_STRATEGY,
    localEnabled: settings.LOCAL_LLM_ENABLED,
    local: inProcess ? { ...local, urls: [IN_PROCESS_URL], protocol: 'anthropic', secret: undefined } : local,
    localInProcess: inProcess,
    // A program has no clients whose keys could be used.
    claude: claudeConfig(settings, 'router'),
    routedModels: settings.ROUTED_MODELS,
    thresholds: { complex: settings.ROUTER_THRESHOLD, strong: settings.STRONG_THRESHOLD },
    simpleToolTurns: settings.SIMPLE_TOOL_TURNS,
    rules: settings.ROUTER_RULES,
    judge: settings.JUDGE_THRESHOLD,
    secondLook: secondLookConfig(settings),
    sideRequestsLocal: settings.SIDE_REQUESTS_LOCAL,
    cache: cacheLimits(settings),
    savingsBaseline: settings.SAVINGS_BASELINE,
    prices: settings.PRICES,
    hedge: settings.HEDGE,
    fallbackBudget: settings.FALLBACK_BUDGET,
    content: { log: settings.LOG_CONTENT, training: settings.TRAINING_LOG },
    retentionDays: settings.RETENTION_DAYS,
    ledgerPath: settings.LEDGER_PATH,
    logFormat: settings.LOG_FORMAT,
    silent: settings.LOG_LEVEL?.toLowerCase() === 'silent',
  }
}
