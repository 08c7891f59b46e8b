/**
 * Asks a local server whether it is ready, which model it has and how much that model reads: our container's own page,
 * or what other makes publish of themselves. One look; keeps nothing.
 */
import * as z from 'zod/mini'
import { RouterError, readRetryAfterMs } from '../../../shared/errors.ts'
import { lazily } from '../../../shared/lazily.ts'
import { type ModelCard, readModelCard } from '../../../shared/model-card.ts'
import { discardBody, type Fetch, fetchOrUnavailable } from '../provider.ts'
import type { LocalProtocol } from './protocol.ts'

export type LocalModel = {
  readonly name: string
  /** What the server says that it may be trusted with; undefined where it says nothing. */
  readonly card: ModelCard | undefined
  readonly maxInputTokens: number | undefined
  /** What an answer may be asked to hold at most; our own container cuts by itself. */
  readonly maxOutputTokens?: number | undefined
  /** Whether it is our own container, or says the same of itself. */
  readonly isContainer: boolean
  /** Whether it keeps answers to the forms of `shared/answer-format.ts`; absent: it does not. */
  readonly structuredOutputs?: boolean
  /** Whether it judges requests itself before it answers; absent: it does not. */
  readonly judges?: boolean
  /** Whether its model can leave to another what it would only guess at; absent: it cannot. */
  readonly handsOver?: boolean
  /** The tasks whose whole answers it can verify before it gives them; absent: none. */
  readonly verifies?: readonly string[]
  /** Who made the server, as its list of models says. */
  readonly owner?: string | undefined
}

export type ReadinessOptions = {
  readonly url: string
  readonly secret: string | undefined
  readonly protocol: LocalProtocol
  /** The name of the model that the operator chose, where the server has several. */
  readonly model?: string | undefined
  readonly fetch: Fetch
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

export type Readiness = { readonly model: LocalModel; readonly waitMs: number | undefined }

/** What a server that is loading is asked again after, unless it says. */
export const DEFAULT_LOADING_WAIT_MS = 5_000

const schemas = lazily(() => {
  const tokens = z.catch(z.optional(z.number().check(z.positive())), undefined)

  const listedSchema = z.looseObject({
    id: z.string(),
    owned_by: z.catch(z.optional(z.string()), undefined),
    max_input_tokens: tokens,
    max_model_len: tokens,
    context_length: tokens,
  })
  const readySchema = z.looseObject({
    model: z.optional(z.string()),
    card: z.optional(z.unknown()),
    structuredOutputs: z.optional(z.unknown()),
    judge: z.optional(z.unknown()),
    handover: z.optional(z.unknown()),
    verification: z.catch(z.nullish(z.looseObject({ tasks: z.array(z.string()) })), null),
    maxInputTokens: z.optional(z.number()),
    expectedWaitMs: z.optional(z.number()),
    /** How other servers list their models. */
    data: z.optional(z.array(listedSchema)),
  })
  /** llama.cpp: the context of one slot, which may be smaller than what the model was trained for. */
  const propsSchema = z.looseObject({ default_generation_settings: z.looseObject({ n_ctx: tokens }) })
  /** Ollama: the models that are loaded, each with the context that it has. A longer prompt is cut there without a word. */
  const loadedSchema = z.looseObject({
    models: z.array(z.looseObject({ name: z.string(), context_length: tokens })),
  })
  return { listedSchema, readySchema, propsSchema, loadedSchema }
})

/**
 * Returns what the server says of itself.
 * @throws {RouterError} `unavailable` where it is not ready or no server of this kind, `timeout` when `signal` ends the
 * wait
 */
export async function askReadiness(options: ReadinessOptions, signal: AbortSignal): Promise<Readiness> {
  for (const path of options.protocol.readinessPaths) {
    const response = await get(options, path, signal).catch((error) => {
      throw signal.aborted
        ? new RouterError('timeout', 'The local model did not say in time whether it is ready.')
        : error
    })
    // Another server than ours has no such page.
    if (response.status === 404 || response.status === 405) {
      discardBody(response)
      continue
    }
    if (!response.ok) {
      discardBody(response)
      throw notReady(response, options.now())
    }
    const parsed = schemas().readySchema.safeParse(await response.json().catch(() => undefined))
    if (!parsed.success) throw somethingElse()
    const { model: name, card, maxInputTokens, expectedWaitMs, data } = parsed.data
    if (name !== undefined) {
      const { structuredOutputs, judge, handover, verification } = parsed.data
      const judges = judge !== undefined && judge !== null ? { judges: true } : {}
      const handsOver = handover === true ? { handsOver: true } : {}
      const own = {
        isContainer: true,
        structuredOutputs: structuredOutputs === true,
        ...judges,
        ...handsOver,
        ...(verification ? { verifies: verification.tasks } : {}),
      }
      return { model: { name, card: readModelCard(card), maxInputTokens, ...own }, waitMs: expectedWaitMs }
    }
    // A server with another page of this name lists its models elsewhere.
    if (data === undefined) continue
    const listed = data.find(({ id }) => id === options.model) ?? (options.model ? undefined : data[0])
    const id = listed?.id ?? options.model ?? 'local'
    const limits = limitsOf(listed) ?? limitsOf({ context_length: await askContext(options, id, signal) })
    const others = { card: undefined, isContainer: false, owner: (listed ?? data[0])?.owned_by }
    const model = { name: id, maxInputTokens: undefined, ...others, ...limits }
    return { model, waitMs: undefined }
  }
  throw somethingElse()
}

type Limits = { readonly maxInputTokens: number; readonly maxOutputTokens: number | undefined }

/** Most servers state the whole context; an answer needs its part of it. */
function limitsOf(
  stated: Partial<z.infer<ReturnType<typeof schemas>['listedSchema']>> | undefined,
): Limits | undefined {
  const context = stated?.max_model_len ?? stated?.context_length
  const maxInputTokens = stated?.max_input_tokens ?? (context && Math.floor(context / 2))
  if (maxInputTokens === undefined) return undefined
  const left = context === undefined ? undefined : context - maxInputTokens
  return { maxInputTokens, maxOutputTokens: left !== undefined && left > 0 ? left : undefined }
}

/** The context as servers tell it that say nothing of it in their list of models. */
async function askContext(
  options: ReadinessOptions,
  model: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  const ask = async (path: string): Promise<unknown> => {
    const response = await get(options, path, signal)
    if (response.ok) return response.json()
    discardBody(response)
    return undefined
  }
  const [props, loaded] = await Promise.all(
    ['/props', '/api/ps'].map((path) => ask(path).catch(() => undefined)),
  )
  const llamaCpp = schemas().propsSchema.safeParse(props)
  if (llamaCpp.success) return llamaCpp.data.default_generation_settings.n_ctx
  const ollama = schemas().loadedSchema.safeParse(loaded)
  if (!ollama.success) return undefined
  return ollama.data.models.find(({ name }) => name === model || name === `${model}:latest`)?.context_length
}

function get(
  { url, secret, protocol, fetch }: ReadinessOptions,
  path: string,
  signal: AbortSignal,
): Promise<Response> {
  return fetchOrUnavailable(
    fetch,
    `${url}${path}`,
    { headers: protocol.headers(secret), signal },
    'The local model',
  )
}

function notReady(response: Response, now: number): RouterError {
  const asked = readRetryAfterMs(response.headers, now) ?? DEFAULT_LOADING_WAIT_MS
  const retryAfterMs = response.status === 503 ? asked : undefined
  return new RouterError('unavailable', 'The local model is not ready.', { retryAfterMs })
}

function somethingElse(): RouterError {
  return new RouterError('unavailable', 'Something else answers at the address of the local model.')
}
