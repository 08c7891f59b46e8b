/**
 * The Worker's settings: the only reader of `env`. Fails closed: whatever is missing, malformed or contradictory
 * is listed by name, and the app then answers 503 instead of guessing.
 */
import * as z from 'zod/mini'
import type { LogFormat } from '../shared/log.ts'
import { schemasOf } from '../shared/setting.ts'
import type { OnBudget, TenantLimits } from './budgets/limits.ts'
import type { ContentSettings } from './ledger/content.ts'
import type { UserSettings } from './ledger/end-user.ts'
import type { ModelPrices } from './ledger/prices.ts'
import type { OperatorRule } from './routing/operator-rules/operator-rule.ts'
import type { ThresholdSetting } from './routing/thresholds.ts'
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
} from './settings/core-settings.ts'
import type { FallbackBudgetSetting, HedgeSetting } from './settings/degradation-setting.ts'
import { EDGE_DEFINITIONS } from './settings/edge-definitions.ts'
import { parseSettings } from './settings/setting-schemas.ts'
import {
  type TracesConfig,
  toolsProblems,
  tracesConfig,
  type WebhookConfig,
  webhookConfig,
} from './settings/tools-settings.ts'
import type { Strategy } from './strategy.ts'
import { parseRouterKeys, readKey, type Tenant, type TenantKey } from './tenants.ts'

export type Config = {
  readonly strategy: Strategy
  /** Undefined where the local model is switched off. */
  readonly local: LocalConfig | undefined
  readonly claude: ClaudeConfig
  readonly keys: readonly TenantKey[]
  /** Set where requests without a credential are allowed. */
  readonly anonymous: Tenant | undefined
  readonly adminKeys: readonly TenantKey[]
  /** By tenant; `*` stands for every tenant that is not named. */
  readonly limits: ReadonlyMap<string, TenantLimits>
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
  readonly maxBodyBytes: number
  readonly earlyHeadersMs: number
  readonly heartbeatMs: number
  readonly corsOrigins: readonly string[]
  readonly savingsBaseline: string | undefined
  /** What the operator says of prices, beside the built-in list. */
  readonly prices: ReadonlyMap<string, ModelPrices>
  readonly content: ContentSettings
  readonly retentionDays: number
  /** How long conversations of the Responses API are kept after their last answer; 0: not at all. */
  readonly responsesRetentionHours: number
  readonly containerUsdPerMonth: number
  readonly users: UserSettings
  /** What happens at a hard limit where a tenant's limits do not say. */
  readonly onBudget: OnBudget
  /** When Claude is asked beside a slow local model; undefined: never. */
  readonly hedge: HedgeSetting | undefined
  /** How much may go to Claude because the local model failed; undefined: all of it. */
  readonly fallbackBudget: FallbackBudgetSetting | undefined
  readonly logFormat: LogFormat
  /** Over how many objects a tenant's receipts of a month are spread. */
  readonly ledgerShards: number
  /** Where spans are sent; undefined: nowhere. */
  readonly traces: TracesConfig | undefined
  /** Who is told of events; undefined: nobody. */
  readonly webhook: WebhookConfig | undefined
}

const settingsSchema = z.object({ ...CORE_SETTINGS, ...schemasOf(EDGE_DEFINITIONS) })

type Settings = z.infer<typeof settingsSchema>

/** Every var and secret that the Worker reads. */
export const SETTING_NAMES: readonly string[] = Object.keys(settingsSchema.shape)

/** Returns how long receipts are kept, days; for the objects that keep them, which are given no configuration. */
export function readRetentionDays(env: Readonly<Record<string, unknown>>): number {
  const schema = z.object({ RETENTION_DAYS: CORE_SETTINGS.RETENTION_DAYS })
  return parseSettings(schema, env).settings.RETENTION_DAYS
}

/** Returns how long responses are kept, hours; for the objects that keep them, which are given no configuration. */
export function readResponsesRetentionHours(env: Readonly<Record<string, unknown>>): number {
  const { schema } = EDGE_DEFINITIONS.RESPONSES_RETENTION_HOURS
  return parseSettings(z.object({ RESPONSES_RETENTION_HOURS: schema }), env).settings
    .RESPONSES_RETENTION_HOURS
}

/** Returns the form of log lines; for the objects that keep receipts, too. */
export function readLogFormat(env: Readonly<Record<string, unknown>>): LogFormat {
  const schema = z.object({ LOG_FORMAT: EDGE_DEFINITIONS.LOG_FORMAT.schema })
  return parseSettings(schema, env).settings.LOG_FORMAT
}

/** Either a whole configuration, or every problem found, each naming its setting and what to do. */
export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly string[] }

/** Of any scheme: applications send capacitor://localhost and the like. */
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[^\sA-Z/?#*@]+$/
const ADMIN: Tenant = { id: 'admin', admin: true, forbid: [] }
const ANONYMOUS: Tenant = { id: 'anonymous', admin: false, forbid: [] }

/** Reads the settings. Empty values count as unset. Never throws, never quotes a secret. */
export async function readConfig(env: Readonly<Record<string, unknown>>): Promise<ConfigResult> {
  const { settings, problems: malformed } = parseSettings(settingsSchema, env)
  const keys = settings.ROUTER_KEYS === undefined ? [] : await parseRouterKeys(settings.ROUTER_KEYS)
  const adminKeys = await readAdminKeys(settings.ADMIN_KEY)
  const problems = [
    ...malformed,
    ...edgeProblems(settings),
    ...coreProblems(settings),
    ...toolsProblems(settings),
    ...bindingProblems(settings, env.AI !== undefined),
    ...[keys, adminKeys].filter((each) => typeof each === 'string'),
    ...(typeof keys === 'string' ? [] : limitProblems(keys, settings)),
  ]
  if (typeof keys === 'string' || typeof adminKeys === 'string' || problems.length > 0)
    return { ok: false, problems }
  const config = assemble(settings, keys, adminKeys)
  const shared = [...keyProblems(config)]
  return shared.length > 0 ? { ok: false, problems: shared } : { ok: true, config }
}

async function readAdminKeys(key: string | undefined): Promise<TenantKey[] | string> {
  if (key === undefined) return []
  const read = await readKey(key)
  return typeof read === 'string' ? `ADMIN_KEY ${read}` : [{ tenant: ADMIN, digest: read.digest }]
}

function assemble(settings: Settings, keys: readonly TenantKey[], adminKeys: readonly TenantKey[]): Config {
  return {
    strategy: settings.LLM_STRATEGY,
    local: settings.LOCAL_LLM_ENABLED ? localConfig(settings) : undefined,
    claude: claudeConfig(settings, settings.CLAUDE_KEY_SOURCE),
    keys,
    anonymous: settings.ALLOW_ANONYMOUS ? ANONYMOUS : undefined,
    adminKeys,
    limits: new Map([...settings.LIMITS, ...limitsOfKeys(keys)]),
    routedModels: settings.ROUTED_MODELS,
    thresholds: { complex: settings.ROUTER_THRESHOLD, strong: settings.STRONG_THRESHOLD },
    simpleToolTurns: settings.SIMPLE_TOOL_TURNS,
    rules: settings.ROUTER_RULES,
    judge: settings.JUDGE_THRESHOLD,
    secondLook: secondLookConfig(settings),
    sideRequestsLocal: settings.SIDE_REQUESTS_LOCAL,
    cache: cacheLimits(settings),
    maxBodyBytes: settings.MAX_BODY_BYTES,
    earlyHeadersMs: settings.EARLY_HEADERS_MS,
    heartbeatMs: settings.HEARTBEAT_MS,
    corsOrigins: settings.CORS_ORIGINS,
    savingsBaseline: settings.SAVINGS_BASELINE,
    prices: settings.PRICES,
    content: { log: settings.LOG_CONTENT, training: settings.TRAINING_LOG },
    retentionDays: settings.RETENTION_DAYS,
    responsesRetentionHours: settings.RESPONSES_RETENTION_HOURS,
    containerUsdPerMonth: settings.CONTAINER_USD_PER_MONTH,
    users: {
      header: settings.USER_HEADER,
      salt: settings.HASH_USERS ? settings.USER_HASH_SALT : undefined,
    },
    onBudget: settings.ON_BUDGET,
    hedge: settings.HEDGE,
    fallbackBudget: settings.FALLBACK_BUDGET,
    logFormat: settings.LOG_FORMAT,
    ledgerShards: settings.LEDGER_SHARDS,
    traces: tracesConfig(settings),
    webhook: webhookConfig(settings),
  }
}

function limitsOfKeys(keys: readonly TenantKey[]): [string, TenantLimits][] {
  return keys.flatMap(({ tenant, limits }) => (limits === undefined ? [] : [[tenant.id, limits]]))
}

/** Limits are a tenant's, not a key's: said twice, nobody would know which hold. */
function* limitProblems(keys: readonly TenantKey[], { LIMITS }: Settings): Generator<string> {
  const seen = new Set(LIMITS.keys())
  for (const [tenant] of limitsOfKeys(keys)) {
    if (seen.has(tenant))
      yield `ROUTER_KEYS gives limits of the tenant "${tenant}" that stand elsewhere as well, in LIMITS or at another of its keys: leave one`
    seen.add(tenant)
  }
}

/** One key for two names would let in whoever holds it as either, the administrator included. */
function* keyProblems(config: Config): Generator<string> {
  const tenants = new Map<string, string>()
  for (const { digest, tenant } of config.keys) {
    const other = tenants.get(digest)
    if (other !== undefined && other !== tenant.id)
      yield `ROUTER_KEYS gives the tenants "${other}" and "${tenant.id}" the same key: each needs its own`
    tenants.set(digest, tenant.id)
  }
  for (const { tenant } of config.keys)
    if (tenant.strategy === 'local_only' && config.local === undefined)
      yield `ROUTER_KEYS gives the tenant "${tenant.id}" the strategy local_only, which needs LOCAL_LLM_ENABLED=true`
  if (config.adminKeys.some((admin) => tenants.has(admin.digest)))
    yield 'ADMIN_KEY is also a key in ROUTER_KEYS: use another, or that tenant is an administrator'
}

function* edgeProblems(settings: Settings): Generator<string> {
  if (settings.ROUTER_KEYS === undefined && !settings.ALLOW_ANONYMOUS && settings.ADMIN_KEY === undefined)
    yield 'ROUTER_KEYS is not set: set it to "tenant:key" pairs, set ADMIN_KEY to make keys at runtime, or set ALLOW_ANONYMOUS=true to let anyone in'
  if (settings.ROUTER_KEYS !== undefined && settings.ALLOW_ANONYMOUS)
    yield 'ROUTER_KEYS and ALLOW_ANONYMOUS=true contradict each other: remove one of them'
  if (settings.HASH_USERS && settings.USER_HASH_SALT === undefined)
    yield 'USER_HASH_SALT is not set: HASH_USERS=true needs it, or names could be guessed from their hashes (openssl rand -hex 32)'
  if (settings.CLAUDE_KEY_SOURCE === 'client' && settings.ANTHROPIC_API_KEY !== undefined)
    yield 'ANTHROPIC_API_KEY and CLAUDE_KEY_SOURCE=client contradict each other: remove one of them'
  // Browsers send origins in exactly this form; any other would match none and look like a broken client.
  if (!settings.CORS_ORIGINS.every((origin) => ORIGIN.test(origin)))
    yield 'CORS_ORIGINS must be origins such as https://app.example, without a path or "*", separated by commas'
  if (!settings.LOCAL_LLM_ENABLED) return
  if (settings.LOCAL_LLM_URL.length === 0)
    yield 'LOCAL_LLM_URL is not set: LOCAL_LLM_ENABLED=true needs the address of the container'
  yield* localAddressProblems(settings)
}
