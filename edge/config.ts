/**
 * The Worker's settings: the only reader of `env`. Fails closed: whatever is missing, malformed or contradictory
 * is listed by name, and the app then answers 503 instead of guessing.
 */
import * as z from 'zod/mini'
import type { LogFormat } from '../shared/log.ts'
import { SIMPLE_TASKS, type SimpleTask } from './routing/task.ts'
import { DEFAULT_THRESHOLD } from './routing/weights.ts'
import { STRATEGIES, type Strategy } from './strategy.ts'
import { parseRouterKeys, sha256Hex, type Tenant, type TenantKey } from './tenants.ts'

export type Deadlines = {
  /** Until response headers, ms. */
  readonly headersMs: number
  /** Until the first content (local) or the first event (Claude), ms. */
  readonly firstContentMs: number
  /** Longest silence inside an answer, ms. */
  readonly idleMs: number
  /** The whole answer, ms. */
  readonly totalMs: number
}

export type LocalConfig = {
  readonly urls: readonly string[]
  readonly protocol: 'anthropic' | 'openai'
  readonly secret: string | undefined
  readonly model: string | undefined
  readonly deadlines: Deadlines
  readonly tasks: 'auto' | readonly SimpleTask[]
  readonly maxInputTokens: number | undefined
}

export type ClaudeConfig = {
  readonly baseUrl: string
  readonly apiKey: string | undefined
  readonly keySource: 'router' | 'client'
  readonly model: string
  readonly simpleModel: string
  readonly deadlines: Deadlines
  readonly maxRetries: number
}

export type Config = {
  readonly strategy: Strategy
  readonly local: LocalConfig | undefined
  readonly claude: ClaudeConfig
  readonly keys: readonly TenantKey[]
  /** Set where requests without a credential are allowed. */
  readonly anonymous: Tenant | undefined
  readonly adminKeys: readonly TenantKey[]
  readonly routedModels: readonly string[]
  readonly threshold: number
  readonly sideRequestsLocal: boolean
  readonly cache: { readonly ttlSeconds: number; readonly maxEntries: number; readonly maxBytes: number }
  readonly maxBodyBytes: number
  readonly earlyHeadersMs: number
  readonly heartbeatMs: number
  readonly corsOrigins: readonly string[]
  readonly savingsBaseline: string | undefined
  readonly logFormat: LogFormat
}

const DEFAULT_CLAUDE_MODEL = 'claude-sonnet-5-5'
const DEFAULT_CLAUDE_SIMPLE_MODEL = 'claude-haiku-5-5'
const DEFAULT_ANTHROPIC_BASE_URL = 'https://api.anthropic.com'

const boolean = (fallback: boolean) =>
  z.pipe(
    z.optional(z.enum(['true', 'false'], { error: 'must be true or false' })),
    z.transform((value) => (value === undefined ? fallback : value === 'true')),
  )
const whole = (fallback: number, minimum: number, maximum: number) => {
  const error = `must be a whole number from ${minimum} to ${maximum}`
  return z.pipe(
    z.optional(z.string().check(z.regex(/^\d{1,12}$/, { error }))),
    z.pipe(
      z.transform((value: string | undefined) => (value === undefined ? fallback : Number(value))),
      z.number().check(z.minimum(minimum, { error }), z.maximum(maximum, { error })),
    ),
  )
}
const milliseconds = (fallback: number) => whole(fallback, 1, 3_600_000)
const text = z.optional(z.string())
const list = (fallback: readonly string[]) =>
  z.pipe(
    text,
    z.transform((value) => (value === undefined ? fallback : splitList(value))),
  )
const choice = <const T extends readonly string[]>(values: T, fallback: T[number]) =>
  z.pipe(
    z.optional(z.enum(values, { error: `must be one of ${values.join(', ')}` })),
    z.transform((value) => value ?? fallback),
  )

const settingsSchema = z.object({
  LLM_STRATEGY: choice(STRATEGIES, 'claude_only'),
  LOCAL_LLM_ENABLED: boolean(false),
  LOCAL_LLM_URL: list([]),
  LOCAL_LLM_PROTOCOL: choice(['anthropic', 'openai'], 'anthropic'),
  LOCAL_LLM_MODEL: text,
  LOCAL_LLM_SECRET: text,
  LOCAL_TASKS: text,
  LOCAL_MAX_INPUT_TOKENS: z.optional(whole(0, 1, 10_000_000)),
  LOCAL_TIMEOUT_MS: milliseconds(60_000),
  LOCAL_HEADERS_MS: milliseconds(2_000),
  LOCAL_FIRST_CONTENT_MS: milliseconds(4_000),
  LOCAL_IDLE_MS: milliseconds(15_000),
  ANTHROPIC_API_KEY: text,
  ANTHROPIC_BASE_URL: text,
  CLAUDE_KEY_SOURCE: choice(['router', 'client'], 'router'),
  CLAUDE_MODEL: text,
  CLAUDE_SIMPLE_MODEL: text,
  CLAUDE_TIMEOUT_MS: milliseconds(600_000),
  CLAUDE_HEADERS_MS: milliseconds(30_000),
  CLAUDE_FIRST_EVENT_MS: milliseconds(30_000),
  CLAUDE_IDLE_MS: milliseconds(90_000),
  CLAUDE_MAX_RETRIES: whole(1, 0, 5),
  ROUTER_KEYS: text,
  ALLOW_ANONYMOUS: boolean(false),
  ADMIN_KEY: text,
  ROUTED_MODELS: list(['*']),
  ROUTER_THRESHOLD: z.optional(
    z.string().check(z.regex(/^(0(\.\d+)?|1(\.0+)?|\.\d+)$/, { error: 'must be a number from 0 to 1' })),
  ),
  SIDE_REQUESTS_LOCAL: boolean(false),
  CACHE_TTL_SECONDS: whole(300, 0, 31_536_000),
  CACHE_MAX_ENTRIES: whole(1_000, 0, 1_000_000),
  CACHE_MAX_BYTES: whole(16 * 1024 * 1024, 0, 100 * 1024 * 1024),
  MAX_BODY_BYTES: whole(32 * 1024 * 1024, 1_024, 100 * 1024 * 1024),
  EARLY_HEADERS_MS: milliseconds(5_000),
  HEARTBEAT_MS: milliseconds(10_000),
  CORS_ORIGINS: list([]),
  SAVINGS_BASELINE_MODEL: text,
  LOG_FORMAT: choice(['json', 'text'], 'json'),
})

type Settings = z.infer<typeof settingsSchema>

/** Every var and secret that the Worker reads. */
export const SETTING_NAMES: readonly string[] = Object.keys(settingsSchema.shape)

/** Either a whole configuration, or every problem found, each naming its setting and what to do. */
export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly string[] }

/** Reads the settings. Empty values count as unset. Never throws, never quotes a secret. */
export async function readConfig(env: Readonly<Record<string, unknown>>): Promise<ConfigResult> {
  const given: Record<string, string> = {}
  for (const name of SETTING_NAMES) {
    const value = env[name]
    if (typeof value === 'string' && value.trim() !== '') given[name] = value.trim()
    else if (typeof value === 'number' || typeof value === 'boolean') given[name] = String(value)
  }
  const parsed = settingsSchema.safeParse(given)
  if (!parsed.success)
    return {
      ok: false,
      problems: parsed.error.issues.map((issue) => `${issue.path.map(String).join('.')} ${issue.message}`),
    }
  return assemble(parsed.data)
}

async function assemble(settings: Settings): Promise<ConfigResult> {
  const problems = [...contradictions(settings)]
  const keys = settings.ROUTER_KEYS === undefined ? [] : await parseRouterKeys(settings.ROUTER_KEYS)
  if (typeof keys === 'string') problems.push(keys)
  const tasks = parseTasks(settings.LOCAL_TASKS)
  if (typeof tasks === 'string' && tasks !== 'auto') problems.push(tasks)
  if (problems.length > 0 || typeof keys === 'string' || (typeof tasks === 'string' && tasks !== 'auto'))
    return { ok: false, problems }
  const admin: Tenant = { id: 'admin', admin: true, forbid: [] }
  const anonymous: Tenant = { id: 'anonymous', admin: false, forbid: [] }
  return {
    ok: true,
    config: {
      strategy: settings.LLM_STRATEGY,
      local: settings.LOCAL_LLM_ENABLED ? localConfig(settings, tasks) : undefined,
      claude: claudeConfig(settings),
      keys,
      anonymous: settings.ALLOW_ANONYMOUS ? anonymous : undefined,
      adminKeys:
        settings.ADMIN_KEY === undefined
          ? []
          : [{ tenant: admin, digest: await sha256Hex(settings.ADMIN_KEY) }],
      routedModels: settings.ROUTED_MODELS,
      threshold:
        settings.ROUTER_THRESHOLD === undefined ? DEFAULT_THRESHOLD : Number(settings.ROUTER_THRESHOLD),
      sideRequestsLocal: settings.SIDE_REQUESTS_LOCAL,
      cache: {
        ttlSeconds: settings.CACHE_TTL_SECONDS,
        maxEntries: settings.CACHE_MAX_ENTRIES,
        maxBytes: settings.CACHE_MAX_BYTES,
      },
      maxBodyBytes: settings.MAX_BODY_BYTES,
      earlyHeadersMs: settings.EARLY_HEADERS_MS,
      heartbeatMs: settings.HEARTBEAT_MS,
      corsOrigins: settings.CORS_ORIGINS,
      savingsBaseline: settings.SAVINGS_BASELINE_MODEL,
      logFormat: settings.LOG_FORMAT,
    },
  }
}

function localConfig(settings: Settings, tasks: LocalConfig['tasks']): LocalConfig {
  return {
    // Addresses of OpenAI's API are usually given with the /v1 that the router adds itself.
    urls: settings.LOCAL_LLM_URL.map((url) => withoutTrailingSlash(url).replace(/\/v1$/, '')),
    protocol: settings.LOCAL_LLM_PROTOCOL,
    secret: settings.LOCAL_LLM_SECRET,
    model: settings.LOCAL_LLM_MODEL,
    tasks,
    maxInputTokens: settings.LOCAL_MAX_INPUT_TOKENS,
    deadlines: {
      headersMs: settings.LOCAL_HEADERS_MS,
      firstContentMs: settings.LOCAL_FIRST_CONTENT_MS,
      idleMs: settings.LOCAL_IDLE_MS,
      totalMs: settings.LOCAL_TIMEOUT_MS,
    },
  }
}

function claudeConfig(settings: Settings): ClaudeConfig {
  return {
    baseUrl: withoutTrailingSlash(settings.ANTHROPIC_BASE_URL ?? DEFAULT_ANTHROPIC_BASE_URL),
    apiKey: settings.ANTHROPIC_API_KEY,
    keySource: settings.CLAUDE_KEY_SOURCE,
    model: settings.CLAUDE_MODEL ?? DEFAULT_CLAUDE_MODEL,
    simpleModel: settings.CLAUDE_SIMPLE_MODEL ?? DEFAULT_CLAUDE_SIMPLE_MODEL,
    maxRetries: settings.CLAUDE_MAX_RETRIES,
    deadlines: {
      headersMs: settings.CLAUDE_HEADERS_MS,
      firstContentMs: settings.CLAUDE_FIRST_EVENT_MS,
      idleMs: settings.CLAUDE_IDLE_MS,
      totalMs: settings.CLAUDE_TIMEOUT_MS,
    },
  }
}

function* contradictions(settings: Settings): Generator<string> {
  if (settings.ROUTER_KEYS === undefined && !settings.ALLOW_ANONYMOUS)
    yield 'ROUTER_KEYS is not set: set it to "tenant:key" pairs, or set ALLOW_ANONYMOUS=true to let anyone in'
  if (settings.ROUTER_KEYS !== undefined && settings.ALLOW_ANONYMOUS)
    yield 'ROUTER_KEYS and ALLOW_ANONYMOUS=true contradict each other: remove one of them'
  if (settings.LLM_STRATEGY === 'local_only' && !settings.LOCAL_LLM_ENABLED)
    yield 'LLM_STRATEGY=local_only needs LOCAL_LLM_ENABLED=true'
  if (settings.CLAUDE_KEY_SOURCE === 'client' && settings.ANTHROPIC_API_KEY !== undefined)
    yield 'ANTHROPIC_API_KEY and CLAUDE_KEY_SOURCE=client contradict each other: remove one of them'
  if (settings.LOCAL_LLM_ENABLED && settings.LOCAL_LLM_URL.length === 0)
    yield 'LOCAL_LLM_URL is not set: LOCAL_LLM_ENABLED=true needs the address of the container'
  if (settings.LOCAL_LLM_ENABLED)
    for (const url of settings.LOCAL_LLM_URL) {
      yield* addressProblems('LOCAL_LLM_URL', url)
      if (!isLoopback(url) && settings.LOCAL_LLM_SECRET === undefined)
        yield 'LOCAL_LLM_SECRET is not set: a container that is not on this machine needs a shared secret'
    }
  if (settings.ANTHROPIC_BASE_URL !== undefined)
    yield* addressProblems('ANTHROPIC_BASE_URL', settings.ANTHROPIC_BASE_URL)
  if (settings.ADMIN_KEY !== undefined && settings.ADMIN_KEY.length < 16)
    yield 'ADMIN_KEY is shorter than 16 characters'
}

function* addressProblems(name: string, value: string): Generator<string> {
  if (!URL.canParse(value)) yield `${name} is not an address such as https://host.example`
  else if (new URL(value).protocol !== 'https:' && !isLoopback(value))
    yield `${name} must begin with https:// (http:// is for this machine only)`
  else if (new URL(value).username !== '') yield `${name} must not hold credentials`
}

function isLoopback(value: string): boolean {
  if (!URL.canParse(value)) return false
  const { protocol, hostname } = new URL(value)
  return protocol === 'http:' && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
}

function parseTasks(value: string | undefined): 'auto' | readonly SimpleTask[] | `LOCAL_TASKS ${string}` {
  if (value === undefined || value === 'auto') return 'auto'
  const names = splitList(value)
  const tasks = SIMPLE_TASKS.filter((task) => names.includes(task))
  if (tasks.length !== names.length || names.length === 0)
    return `LOCAL_TASKS must be auto, or some of ${SIMPLE_TASKS.join(', ')} separated by commas`
  return tasks
}

function splitList(value: string): string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function withoutTrailingSlash(url: string): string {
  return url.replace(/\/+$/, '')
}
