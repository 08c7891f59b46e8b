/**
 * The library's settings: the edge's names, defaults and rules, read at once so that a wrong value is an error where
 * the router is made. What only HTTP needs (keys, ports, CORS) is not read. test/llm/settings.test.ts holds this
 * file and edge/config.ts together.
 */
import * as z from 'zod'
import type { ClaudeConfig, LocalConfig } from '../edge/config.ts'
import { SIMPLE_TASKS, type SimpleTask } from '../edge/routing/task.ts'
import { DEFAULT_THRESHOLD } from '../edge/routing/weights.ts'
import { STRATEGIES, type Strategy } from '../edge/strategy.ts'
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
  /** 0 to 1. */
  readonly threshold: number
  readonly sideRequestsLocal: boolean
  readonly cache: { readonly ttlSeconds: number; readonly maxEntries: number; readonly maxBytes: number }
  readonly savingsBaseline: string | undefined
  readonly logFormat: LogFormat
  readonly silent: boolean
}

/** Stands for the model in a child of this process where the edge's parts want an address; port 0 is never called. */
export const IN_PROCESS_URL = 'http://127.0.0.1:0'

const boolean = z
  .enum(['true', 'false'], { error: 'must be true or false' })
  .optional()
  .transform((value) => value === 'true')
const text = z.string().optional()
const list = (fallback: readonly string[]) =>
  text.transform((value) => (value === undefined ? fallback : splitList(value)))
const choice = <const T extends readonly string[]>(values: T, fallback: T[number]) =>
  z
    .enum(values, { error: `must be one of ${values.join(', ')}` })
    .optional()
    .transform((value): T[number] => value ?? fallback)
const whole = (fallback: number, minimum: number, maximum: number) => {
  const error = `must be a whole number from ${minimum} to ${maximum}`
  return text
    .refine((value) => value === undefined || /^\d{1,12}$/.test(value), { error })
    .transform((value) => (value === undefined ? fallback : Number(value)))
    .pipe(z.number().refine((value) => value >= minimum && value <= maximum, { error }))
}
const milliseconds = (fallback: number) => whole(fallback, 1, 3_600_000)

const settingsSchema = z.object({
  LLM_STRATEGY: choice(STRATEGIES, 'claude_only'),
  LOCAL_LLM_ENABLED: boolean,
  LOCAL_LLM_URL: list([]),
  LOCAL_LLM_PROTOCOL: choice(['anthropic', 'openai'], 'anthropic'),
  LOCAL_LLM_MODEL: text,
  LOCAL_LLM_SECRET: text,
  LOCAL_TASKS: text.transform(parseTasks),
  LOCAL_MAX_INPUT_TOKENS: whole(0, 1, 10_000_000).optional(),
  LOCAL_TIMEOUT_MS: milliseconds(60_000),
  LOCAL_HEADERS_MS: milliseconds(2_000),
  LOCAL_FIRST_CONTENT_MS: milliseconds(4_000),
  LOCAL_IDLE_MS: milliseconds(15_000),
  ANTHROPIC_API_KEY: text,
  ANTHROPIC_BASE_URL: text,
  CLAUDE_MODEL: text,
  CLAUDE_SIMPLE_MODEL: text,
  CLAUDE_TIMEOUT_MS: milliseconds(600_000),
  CLAUDE_HEADERS_MS: milliseconds(30_000),
  CLAUDE_FIRST_EVENT_MS: milliseconds(30_000),
  CLAUDE_IDLE_MS: milliseconds(90_000),
  CLAUDE_MAX_RETRIES: whole(1, 0, 5),
  ROUTED_MODELS: list(['*']),
  ROUTER_THRESHOLD: text.refine(
    (value) => value === undefined || /^(0(\.\d+)?|1(\.0+)?|\.\d+)$/.test(value),
    { error: 'must be a number from 0 to 1' },
  ),
  SIDE_REQUESTS_LOCAL: boolean,
  CACHE_TTL_SECONDS: whole(300, 0, 31_536_000),
  CACHE_MAX_ENTRIES: whole(1_000, 0, 1_000_000),
  CACHE_MAX_BYTES: whole(16 * 1024 * 1024, 0, 100 * 1024 * 1024),
  SAVINGS_BASELINE_MODEL: text,
  LOG_FORMAT: choice(['json', 'text'], 'text'),
  LOG_LEVEL: text,
})

type Given = z.infer<typeof settingsSchema>

/** Every name that the library reads, besides those of the model (see inference/config.ts). */
export const LIBRARY_SETTING_NAMES: readonly string[] = Object.keys(settingsSchema.shape)

/**
 * Returns the settings; empty values count as unset.
 * @throws {RouterError} `configuration` that names every wrong setting and never quotes a secret
 */
export function readSettings(env: Environment): LibrarySettings {
  const given: Record<string, string> = {}
  for (const name of LIBRARY_SETTING_NAMES) {
    const value = env[name]?.trim()
    if (value) given[name] = value
  }
  const parsed = settingsSchema.safeParse(given)
  if (!parsed.success)
    throw problemsError(parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`))
  const problems = [...contradictions(parsed.data)]
  if (parsed.data.LOCAL_LLM_ENABLED) problems.push(...localProblems(parsed.data))
  if (problems.length > 0) throw problemsError(problems)
  return assemble(parsed.data)
}

/** Returns one error out of several problems, each naming its setting. */
export function problemsError(problems: readonly string[]): RouterError {
  return new RouterError('configuration', `The settings of the router are not valid: ${problems.join('; ')}.`)
}

function assemble(given: Given): LibrarySettings {
  const broken = !given.LOCAL_LLM_ENABLED && [...localProblems(given)].length > 0
  return {
    strategy: given.LLM_STRATEGY,
    localEnabled: given.LOCAL_LLM_ENABLED,
    // An address that nobody has asked to be used may be anything; the direct way then has the model in a child.
    local: localConfig(given, broken),
    localInProcess: broken || given.LOCAL_LLM_URL.length === 0,
    claude: claudeConfig(given),
    routedModels: given.ROUTED_MODELS,
    threshold: given.ROUTER_THRESHOLD === undefined ? DEFAULT_THRESHOLD : Number(given.ROUTER_THRESHOLD),
    sideRequestsLocal: given.SIDE_REQUESTS_LOCAL,
    cache: {
      ttlSeconds: given.CACHE_TTL_SECONDS,
      maxEntries: given.CACHE_MAX_ENTRIES,
      maxBytes: given.CACHE_MAX_BYTES,
    },
    savingsBaseline: given.SAVINGS_BASELINE_MODEL,
    logFormat: given.LOG_FORMAT,
    silent: given.LOG_LEVEL?.toLowerCase() === 'silent',
  }
}

function localConfig(given: Given, broken: boolean): LocalConfig {
  const inProcess = broken || given.LOCAL_LLM_URL.length === 0
  return {
    urls: inProcess
      ? [IN_PROCESS_URL]
      : given.LOCAL_LLM_URL.map((url) => withoutTrailingSlash(url).replace(/\/v1$/, '')),
    protocol: inProcess ? 'anthropic' : given.LOCAL_LLM_PROTOCOL,
    secret: inProcess ? undefined : given.LOCAL_LLM_SECRET,
    model: given.LOCAL_LLM_MODEL,
    tasks: given.LOCAL_TASKS,
    maxInputTokens: given.LOCAL_MAX_INPUT_TOKENS,
    deadlines: {
      headersMs: given.LOCAL_HEADERS_MS,
      firstContentMs: given.LOCAL_FIRST_CONTENT_MS,
      idleMs: given.LOCAL_IDLE_MS,
      totalMs: given.LOCAL_TIMEOUT_MS,
    },
  }
}

function claudeConfig(given: Given): ClaudeConfig {
  return {
    baseUrl: withoutTrailingSlash(given.ANTHROPIC_BASE_URL ?? 'https://api.anthropic.com'),
    apiKey: given.ANTHROPIC_API_KEY,
    // A program has no clients whose keys could be used.
    keySource: 'router',
    model: given.CLAUDE_MODEL ?? 'claude-sonnet-5-5',
    simpleModel: given.CLAUDE_SIMPLE_MODEL ?? 'claude-haiku-5-5',
    maxRetries: given.CLAUDE_MAX_RETRIES,
    deadlines: {
      headersMs: given.CLAUDE_HEADERS_MS,
      firstContentMs: given.CLAUDE_FIRST_EVENT_MS,
      idleMs: given.CLAUDE_IDLE_MS,
      totalMs: given.CLAUDE_TIMEOUT_MS,
    },
  }
}

function* contradictions(given: Given): Generator<string> {
  if (given.LLM_STRATEGY === 'local_only' && !given.LOCAL_LLM_ENABLED)
    yield 'LLM_STRATEGY=local_only needs LOCAL_LLM_ENABLED=true'
  if (given.ANTHROPIC_BASE_URL !== undefined)
    yield* addressProblems('ANTHROPIC_BASE_URL', given.ANTHROPIC_BASE_URL)
}

function* localProblems(given: Given): Generator<string> {
  for (const url of given.LOCAL_LLM_URL) {
    yield* addressProblems('LOCAL_LLM_URL', url)
    if (!isLoopback(url) && given.LOCAL_LLM_SECRET === undefined)
      yield 'LOCAL_LLM_SECRET is not set: a container that is not on this machine needs a shared secret'
  }
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

function parseTasks(
  value: string | undefined,
  context: z.RefinementCtx<string | undefined>,
): 'auto' | readonly SimpleTask[] {
  if (value === undefined || value === 'auto') return 'auto'
  const names = splitList(value)
  const tasks = SIMPLE_TASKS.filter((task) => names.includes(task))
  if (tasks.length === names.length && names.length > 0) return tasks
  context.addIssue({
    code: 'custom',
    message: `must be auto, or some of ${SIMPLE_TASKS.join(', ')} separated by commas`,
  })
  return z.NEVER
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
