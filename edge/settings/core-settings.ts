/**
 * The settings of the core: routing, the local model, Claude, the cache. Shared by the edge and by the library, which
 * differ in who may call. Pure: reads no environment by itself.
 */
import * as z from 'zod/mini'
import { schemasOf } from '../../shared/setting.ts'
import type { SimpleTask } from '../../shared/tasks.ts'
import type { PromptCacheMode } from '../prompt-cache/mode.ts'
import { isAnthropic } from '../providers/claude/upstream-errors.ts'
import {
  CORE_DEFINITIONS,
  DEFAULT_ANTHROPIC_BASE_URL,
  DEFAULT_CLAUDE_MODEL,
  DEFAULT_CLAUDE_SIMPLE_MODEL,
} from './core-definitions.ts'

export type Deadlines = {
  /** Until response headers, ms; Claude's come late where no stream is asked for, and are then bound by the total. */
  readonly headersMs: number
  /** Until the first content (local) or the first event (Claude), ms. */
  readonly firstContentMs: number
  /** Longest silence inside an answer, ms. */
  readonly idleMs: number
  /** The answer from beginning to end, ms. */
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
  /** From which probability on a container's model hands over, as its header takes it; undefined: it never does. */
  readonly handover: string | undefined
  /** From which score on a container declines with an answer that it has verified, as its header takes it; undefined: it verifies none. */
  readonly verify: string | undefined
}

/** Where a second look is taken. */
export type SecondLookConfig = { readonly timeoutMs: number } & (
  | {
      readonly via: 'http'
      readonly url: string
      readonly key: string | undefined
      readonly model: string | undefined
    }
  | { readonly via: 'workers_ai'; readonly model: string }
)

export type ClaudeConfig = {
  readonly baseUrl: string
  readonly apiKey: string | undefined
  /** Whose key is sent: the router's own, each caller's, or one that the transport adds by itself. */
  readonly keySource: 'router' | 'client' | 'transport'
  readonly model: string
  readonly simpleModel: string
  readonly deadlines: Deadlines
  readonly maxRetries: number
  /** For tenants whose policy does not say. */
  readonly promptCache: PromptCacheMode
}

export type CacheLimits = {
  readonly ttlSeconds: number
  readonly maxEntries: number
  readonly maxBytes: number
}

/** Members of a schema; the homes add their own. */
export const CORE_SETTINGS = schemasOf(CORE_DEFINITIONS)

/** Stands before the name of a model that is asked by a binding rather than at an address. */
const WORKERS_AI = 'workers-ai:'

const coreSchema = z.object(CORE_SETTINGS)
export type CoreSettings = z.infer<typeof coreSchema>

/** Returns how the local model is reached; `urls` is empty where no address is set. */
export function localConfig(settings: CoreSettings): LocalConfig {
  return {
    urls: settings.LOCAL_LLM_URL.map(withoutVersion),
    protocol: settings.LOCAL_LLM_PROTOCOL,
    secret: settings.LOCAL_LLM_SECRET,
    model: settings.LOCAL_LLM_MODEL,
    tasks: settings.LOCAL_TASKS,
    maxInputTokens: settings.LOCAL_MAX_INPUT_TOKENS,
    handover: settings.HANDOVER_THRESHOLD,
    verify: settings.VERIFY_THRESHOLD,
    deadlines: {
      headersMs: settings.LOCAL_HEADERS_MS,
      firstContentMs: settings.LOCAL_FIRST_CONTENT_MS,
      idleMs: settings.LOCAL_IDLE_MS,
      totalMs: settings.LOCAL_TIMEOUT_MS,
    },
  }
}

/** Returns where a second look is taken, or undefined where nowhere. */
export function secondLookConfig(settings: CoreSettings): SecondLookConfig | undefined {
  const { SECOND_LOOK_URL: url, SECOND_LOOK_MS: timeoutMs } = settings
  if (url === undefined) return undefined
  if (url.startsWith(WORKERS_AI)) return { via: 'workers_ai', model: url.slice(WORKERS_AI.length), timeoutMs }
  const { SECOND_LOOK_KEY: key, SECOND_LOOK_MODEL: model } = settings
  return { via: 'http', url: withoutVersion(url), key, model, timeoutMs }
}

/** Returns how Claude is reached. */
export function claudeConfig(settings: CoreSettings, keySource: ClaudeConfig['keySource']): ClaudeConfig {
  const baseUrl = withoutVersion(settings.ANTHROPIC_BASE_URL ?? DEFAULT_ANTHROPIC_BASE_URL)
  return {
    baseUrl,
    // Another server may not know the mark: it must be asked for.
    promptCache: settings.PROMPT_CACHE ?? (URL.canParse(baseUrl) && isAnthropic(baseUrl) ? 'auto' : 'off'),
    apiKey: settings.ANTHROPIC_API_KEY,
    keySource,
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

/** Returns the bounds of the cache. */
export function cacheLimits(settings: CoreSettings): CacheLimits {
  return {
    ttlSeconds: settings.CACHE_TTL_SECONDS,
    maxEntries: settings.CACHE_MAX_ENTRIES,
    maxBytes: settings.CACHE_MAX_BYTES,
  }
}

/** Yields what contradicts itself whoever may call; each line names its setting. */
export function* coreProblems(settings: CoreSettings): Generator<string> {
  if (settings.LLM_STRATEGY === 'local_only' && !settings.LOCAL_LLM_ENABLED)
    yield 'LLM_STRATEGY=local_only needs LOCAL_LLM_ENABLED=true'
  if (settings.ANTHROPIC_BASE_URL !== undefined)
    yield* addressProblems('ANTHROPIC_BASE_URL', settings.ANTHROPIC_BASE_URL)
  yield* secondLookProblems(settings)
  const { HEDGE, LOCAL_HEADERS_MS, LOCAL_FIRST_CONTENT_MS } = settings
  if (HEDGE?.delayMs !== undefined && HEDGE.delayMs >= LOCAL_HEADERS_MS + LOCAL_FIRST_CONTENT_MS)
    yield `HEDGE waits for ${HEDGE.delayMs} ms, when the local model has been given up already: choose less than LOCAL_HEADERS_MS and LOCAL_FIRST_CONTENT_MS together`
}

function* secondLookProblems(settings: CoreSettings): Generator<string> {
  const { SECOND_LOOK_URL: url, SECOND_LOOK_KEY: key, SECOND_LOOK_MODEL: model } = settings
  if (url === undefined) {
    if (key !== undefined || model !== undefined)
      yield 'SECOND_LOOK_URL is not set: SECOND_LOOK_KEY and SECOND_LOOK_MODEL mean nothing without it'
    return
  }
  if (!url.startsWith(WORKERS_AI)) yield* addressProblems('SECOND_LOOK_URL', url)
  else if (url === WORKERS_AI) yield `SECOND_LOOK_URL names no model: write ${WORKERS_AI}@cf/OWNER/NAME`
  else if (key !== undefined || model !== undefined)
    yield 'SECOND_LOOK_URL names a model of Workers AI: remove SECOND_LOOK_KEY and SECOND_LOOK_MODEL'
}

/** Says what is wrong where a model of Workers AI is named and there is no binding to ask it by. */
export function* bindingProblems(settings: CoreSettings, hasBinding: boolean): Generator<string> {
  if (settings.SECOND_LOOK_URL?.startsWith(WORKERS_AI) && !hasBinding)
    yield `SECOND_LOOK_URL=${WORKERS_AI}… needs a Worker with the binding AI (wrangler.toml: [ai] binding = "AI")`
}

/** Yields what is wrong with the addresses of the local model, for those who mean to use them. */
export function* localAddressProblems(settings: CoreSettings): Generator<string> {
  for (const url of settings.LOCAL_LLM_URL) {
    yield* addressProblems('LOCAL_LLM_URL', url)
    if (!isLoopback(url) && settings.LOCAL_LLM_SECRET === undefined)
      yield 'LOCAL_LLM_SECRET is not set: a container that is not on this machine needs a shared secret'
  }
}

/** Yields what is wrong with an address that secrets or messages are sent to. */
export function* addressProblems(name: string, value: string): Generator<string> {
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

/** Addresses are often given with the /v1 that the router adds itself, as some SDKs want it. */
function withoutVersion(url: string): string {
  return url.replace(/\/+$/, '').replace(/\/v1$/, '')
}
