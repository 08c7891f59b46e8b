/**
 * The container's settings, read from the environment once and checked as a whole.
 * Nothing else in inference/ reads the environment.
 */
import { resolve } from 'node:path'
import * as z from 'zod'
import { RouterError } from '../shared/errors.ts'
import type { LogFormat } from '../shared/log.ts'
import { SHIPPED_MODEL } from './models/catalogue.ts'
import { DEFAULT_HUB_URL } from './models/download.ts'
import { DTYPE_SUFFIXES } from './models/files.ts'

export type InferenceConfig = {
  readonly modelName: string
  readonly dtype: string | undefined
  /** Absolute path. */
  readonly cacheDir: string
  readonly hubUrl: string
  /** Access token of the model hub, for gated models. */
  readonly hubToken: string | undefined
  readonly secret: string | undefined
  readonly host: string
  readonly port: number
  readonly maxConcurrency: number
  readonly maxQueue: number
  readonly maxInputTokens: number
  readonly maxOutputTokens: number
  readonly threads: number
  readonly queueTimeoutMs: number
  readonly shutdownTimeoutMs: number
  readonly watchdogTimeoutMs: number
  readonly logFormat: LogFormat
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '::1'])

/** Long enough that guessing it is hopeless; `openssl rand -hex 32` gives 64. */
const MIN_SECRET_LENGTH = 16

const wholeNumber = (name: string, least: number, most: number, fallback: number) =>
  z
    .string()
    .optional()
    .transform((value, context) => {
      if (value === undefined || value.trim() === '') return fallback
      const number = Number(value)
      if (Number.isInteger(number) && number >= least && number <= most) return number
      context.addIssue({
        code: 'custom',
        message: `${name} must be a whole number from ${least} to ${most}, not "${value}".`,
      })
      return z.NEVER
    })

const optionalText = z
  .string()
  .optional()
  .transform((value) => value?.trim() || undefined)

/** Below this much memory, in bytes, the defaults are those of a small instance. */
const SMALL_MEMORY_BYTES = 768 * 1024 * 1024
/** The shipped model peaks at about 460 MB of its own with these; at 600 MB with two prompts of 1,024 tokens. */
const SMALL_DEFAULTS = { concurrency: 1, inputTokens: 384 } as const
const DEFAULTS = { concurrency: 2, inputTokens: 1024 } as const

function createSchema(cores: number, memoryBytes: number) {
  const defaults = memoryBytes < SMALL_MEMORY_BYTES ? SMALL_DEFAULTS : DEFAULTS
  return z.object({
    LOCAL_MODEL_NAME: optionalText,
    LOCAL_MODEL_DTYPE: optionalText.refine((value) => value === undefined || DTYPE_SUFFIXES.has(value), {
      error: `LOCAL_MODEL_DTYPE must be one of ${[...DTYPE_SUFFIXES.keys()].join(', ')}.`,
    }),
    MODEL_CACHE_DIR: optionalText,
    MODEL_HUB_URL: optionalText.refine((value) => value === undefined || /^https?:\/\//.test(value), {
      error: 'MODEL_HUB_URL must begin with https:// (or http:// for a hub on this machine).',
    }),
    HF_TOKEN: optionalText,
    LOCAL_LLM_SECRET: optionalText.refine(
      (value) => value === undefined || value.length >= MIN_SECRET_LENGTH,
      {
        error: `LOCAL_LLM_SECRET must have at least ${MIN_SECRET_LENGTH} characters. Make one with: openssl rand -hex 32`,
      },
    ),
    HOST: optionalText,
    PORT: wholeNumber('PORT', 0, 65_535, 8080),
    MAX_CONCURRENCY: wholeNumber('MAX_CONCURRENCY', 1, 64, defaults.concurrency),
    MAX_QUEUE: wholeNumber('MAX_QUEUE', 0, 10_000, 8),
    MAX_INPUT_TOKENS: wholeNumber('MAX_INPUT_TOKENS', 16, 1_000_000, defaults.inputTokens),
    MAX_OUTPUT_TOKENS: wholeNumber('MAX_OUTPUT_TOKENS', 1, 1_000_000, 512),
    NUM_THREADS: wholeNumber('NUM_THREADS', 1, 256, Math.max(1, cores - 1)),
    QUEUE_TIMEOUT_MS: wholeNumber('QUEUE_TIMEOUT_MS', 1, 600_000, 10_000),
    SHUTDOWN_TIMEOUT_MS: wholeNumber('SHUTDOWN_TIMEOUT_MS', 0, 300_000, 25_000),
    WATCHDOG_TIMEOUT_MS: wholeNumber('WATCHDOG_TIMEOUT_MS', 1000, 600_000, 30_000),
    LOG_FORMAT: optionalText.pipe(
      z.enum(['json', 'text'], { error: 'LOG_FORMAT must be json or text.' }).optional(),
    ),
  })
}

/**
 * Returns the settings.
 * @param env the environment, e.g. process.env
 * @param cores processor cores; one is left to the HTTP process
 * @param memoryBytes limit of the process's memory; absent: none
 * @throws {RouterError} `configuration` that names every problem, one a line
 */
export function readInferenceConfig(
  env: Readonly<Record<string, string | undefined>>,
  cores: number,
  memoryBytes: number = Number.POSITIVE_INFINITY,
): InferenceConfig {
  const parsed = createSchema(cores, memoryBytes).safeParse(env)
  const problems = parsed.error?.issues.map(({ message }) => message) ?? []
  const host = env.HOST?.trim() || '0.0.0.0'
  if (!env.LOCAL_LLM_SECRET?.trim() && !LOOPBACK.has(host))
    problems.push(
      `LOCAL_LLM_SECRET is not set, but HOST=${host} can be reached from other machines. Set it (openssl rand -hex 32), the same for the edge, or set HOST=127.0.0.1.`,
    )
  if (problems.length > 0 || !parsed.success)
    throw new RouterError(
      'configuration',
      `The settings are not valid:\n${problems.map((text) => `- ${text}`).join('\n')}`,
    )
  const values = parsed.data
  return {
    modelName: values.LOCAL_MODEL_NAME ?? SHIPPED_MODEL,
    dtype: values.LOCAL_MODEL_DTYPE,
    cacheDir: resolve(values.MODEL_CACHE_DIR ?? './.cache/models'),
    hubUrl: values.MODEL_HUB_URL ?? DEFAULT_HUB_URL,
    hubToken: values.HF_TOKEN,
    secret: values.LOCAL_LLM_SECRET,
    host,
    port: values.PORT,
    maxConcurrency: values.MAX_CONCURRENCY,
    maxQueue: values.MAX_QUEUE,
    maxInputTokens: values.MAX_INPUT_TOKENS,
    maxOutputTokens: values.MAX_OUTPUT_TOKENS,
    threads: values.NUM_THREADS,
    queueTimeoutMs: values.QUEUE_TIMEOUT_MS,
    shutdownTimeoutMs: values.SHUTDOWN_TIMEOUT_MS,
    watchdogTimeoutMs: values.WATCHDOG_TIMEOUT_MS,
    logFormat: values.LOG_FORMAT ?? 'json',
  }
}
