/**
 * The container's settings, read from the environment once and checked as a whole.
 * Nothing else in inference/ reads the environment.
 */
import { resolve } from 'node:path'
import * as z from 'zod'
import { RouterError } from '../shared/errors.ts'
import { isHeaderValue } from '../shared/header-value.ts'
import type { LogFormat } from '../shared/log.ts'
import { type SettingTable, schemasOf } from '../shared/setting.ts'
import { SHIPPED_MODEL } from './models/catalogue.ts'
import { DTYPE_SUFFIXES } from './models/files.ts'
import { DEFAULT_HUB_URL } from './models/hub.ts'
import type { JudgeSetting } from './models/prepare-judge.ts'

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
  /** Bytes of keys and values that are kept of prompts. */
  readonly prefixCacheBytes: number
  readonly sharedSystemPrompt: string | undefined
  /** By whose states requests are judged. */
  readonly judgeModel: JudgeSetting
  readonly queueTimeoutMs: number
  readonly shutdownTimeoutMs: number
  readonly watchdogTimeoutMs: number
  readonly logFormat: LogFormat
}

/** Stands for what suits model and machine. */
const AUTO = 'auto'

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

/** A secret that goes into a request header, or is compared with one. */
const headerText = (name: string) =>
  optionalText.refine((value) => value === undefined || isHeaderValue(value), {
    error: `${name} holds a line break or a character outside ASCII, which no header can carry. Paste it again.`,
  })

/** Below this much memory, in bytes, the defaults are those of a small instance. */
const SMALL_MEMORY_BYTES = 768 * 1024 * 1024
/** The shipped model stays under 450 MB with these (bench/memory-limit.sh). */
const SMALL_DEFAULTS = { concurrency: 4, inputTokens: 384, prefixCacheMb: 8 } as const
/** More rows than the memory for keys and values allows are not filled (serving/forecast.ts). */
const DEFAULTS = { concurrency: 8, inputTokens: 1024, prefixCacheMb: 64 } as const

/** `auto` and the names of files. */
const DTYPES: readonly string[] = [AUTO, ...DTYPE_SUFFIXES.keys()]

const container = { section: 'Local model: the container' } as const
const bySize = 'sized from the machine'

/** Returns the container's settings, each defined once, with the defaults of this machine. */
export function containerDefinitions(cores: number, memoryBytes: number) {
  const defaults = memoryBytes < SMALL_MEMORY_BYTES ? SMALL_DEFAULTS : DEFAULTS
  return {
    LOCAL_MODEL_NAME: {
      ...container,
      schema: optionalText,
      text: 'A name that `npm run models -- list` shows, any transformers.js repository (owner/name, owner/name@revision), or a folder.',
      defaultText: 'the model that ships in models/',
      sample: 'onnx-community/Qwen2.5-0.5B-Instruct',
    },
    LOCAL_MODEL_DTYPE: {
      ...container,
      schema: optionalText.refine((value) => value === undefined || DTYPES.includes(value), {
        error: `LOCAL_MODEL_DTYPE must be one of ${DTYPES.join(', ')}.`,
      }),
      text: "Weights: auto takes the model's own file and computes in int8 where memory allows it; int8 does so in any case; q4 is the smallest, fp32 exact.",
      defaultText: 'auto',
      sample: 'q4',
    },
    MODEL_CACHE_DIR: {
      ...container,
      schema: optionalText,
      text: 'Where downloaded models are kept.',
      defaultText: './.cache/models',
      example: './.cache/models',
    },
    MODEL_HUB_URL: {
      ...container,
      schema: optionalText.refine((value) => value === undefined || /^https?:\/\//.test(value), {
        error: 'MODEL_HUB_URL must begin with https:// (or http:// for a hub on this machine).',
      }),
      text: 'Where models are downloaded from.',
      defaultText: DEFAULT_HUB_URL,
      sample: DEFAULT_HUB_URL,
    },
    HF_TOKEN: {
      ...container,
      schema: headerText('HF_TOKEN'),
      secret: true,
      text: 'A token of the model hub, for models that need one; sent to the default hub only.',
    },
    LOCAL_LLM_SECRET: {
      ...container,
      schema: headerText('LOCAL_LLM_SECRET').refine(
        (value) => value === undefined || value.length >= MIN_SECRET_LENGTH,
        {
          error: `LOCAL_LLM_SECRET must have at least ${MIN_SECRET_LENGTH} characters. Make one with: openssl rand -hex 32`,
        },
      ),
      secret: true,
      text: 'The same as on the edge; required unless HOST is loopback.',
    },
    HOST: {
      ...container,
      schema: optionalText,
      text: 'Address that the container listens on. Without a secret it must be loopback.',
      defaultText: '0.0.0.0',
      sample: '127.0.0.1',
    },
    PORT: {
      ...container,
      schema: wholeNumber('PORT', 0, 65_535, 8080),
      text: 'Port that the container listens on; npm start sets it to INFERENCE_PORT.',
    },
    NUM_THREADS: {
      ...container,
      schema: wholeNumber('NUM_THREADS', 1, 256, Math.max(1, cores - 1)),
      text: 'Threads of one model step.',
      defaultText: bySize,
      sample: '1',
    },
    MAX_CONCURRENCY: {
      ...container,
      schema: wholeNumber('MAX_CONCURRENCY', 1, 64, defaults.concurrency),
      text: 'Answers that are made at once; fewer where the model or the memory for their keys and values allows no more.',
      defaultText: bySize,
      sample: '8',
    },
    PREFIX_CACHE_MB: {
      ...container,
      schema: wholeNumber('PREFIX_CACHE_MB', 0, 100_000, defaults.prefixCacheMb),
      text: 'Memory for beginnings of prompts that were read before, MB; 0 keeps none.',
      defaultText: bySize,
      sample: '64',
    },
    SHARED_SYSTEM_PROMPT: {
      ...container,
      schema: optionalText,
      text: 'A system prompt that all tenants use: what was computed of it serves each of them. Anything else of a prompt is kept for its own tenant only.',
      defaultText: '–',
      sample: 'You are the assistant of Example Ltd.',
    },
    JUDGE_MODEL: {
      ...container,
      schema: optionalText,
      text: "Whose states judge how complex a request is: auto takes the loaded model's own judge, else the first layers of the shipped model beside any other; off; or a model on disk that has a judge.json.",
      defaultText: AUTO,
      sample: 'off',
    },
    MAX_QUEUE: {
      ...container,
      schema: wholeNumber('MAX_QUEUE', 0, 10_000, 8),
      text: 'Requests that may wait.',
    },
    MAX_INPUT_TOKENS: {
      ...container,
      schema: wholeNumber('MAX_INPUT_TOKENS', 16, 1_000_000, defaults.inputTokens),
      text: 'Longest prompt, tokens.',
      defaultText: bySize,
      sample: '1024',
    },
    MAX_OUTPUT_TOKENS: {
      ...container,
      schema: wholeNumber('MAX_OUTPUT_TOKENS', 1, 1_000_000, 512),
      text: 'Longest answer, tokens.',
    },
    QUEUE_TIMEOUT_MS: {
      ...container,
      schema: wholeNumber('QUEUE_TIMEOUT_MS', 1, 600_000, 10_000),
      text: 'Longest wait until an answer is begun, ms; what would wait for longer is refused at once.',
    },
    WATCHDOG_TIMEOUT_MS: {
      ...container,
      schema: wholeNumber('WATCHDOG_TIMEOUT_MS', 1000, 600_000, 30_000),
      text: "The model's longest silence before its process is replaced, ms.",
    },
    SHUTDOWN_TIMEOUT_MS: {
      ...container,
      schema: wholeNumber('SHUTDOWN_TIMEOUT_MS', 0, 300_000, 25_000),
      text: 'How long running answers may take at the end, ms.',
    },
    LOG_FORMAT: {
      ...container,
      schema: optionalText.pipe(
        z.enum(['json', 'text'], { error: 'LOG_FORMAT must be json or text.' }).optional(),
      ),
      text: 'As on the edge.',
      defaultText: 'json; text under npm start',
    },
  } as const satisfies SettingTable
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
  const parsed = z.object(schemasOf(containerDefinitions(cores, memoryBytes))).safeParse(env)
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
    dtype: values.LOCAL_MODEL_DTYPE === AUTO ? undefined : values.LOCAL_MODEL_DTYPE,
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
    prefixCacheBytes: values.PREFIX_CACHE_MB * 1_000_000,
    sharedSystemPrompt: values.SHARED_SYSTEM_PROMPT,
    judgeModel: values.JUDGE_MODEL ?? AUTO,
    queueTimeoutMs: values.QUEUE_TIMEOUT_MS,
    shutdownTimeoutMs: values.SHUTDOWN_TIMEOUT_MS,
    watchdogTimeoutMs: values.WATCHDOG_TIMEOUT_MS,
    logFormat: values.LOG_FORMAT ?? 'json',
  }
}
