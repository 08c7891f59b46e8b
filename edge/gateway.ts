/**
 * The path of one request: plan (features, verdict, decision), cache, targets in order, and the record of what
 * happened. Knows neither HTTP nor Workers: what it needs comes in as dependencies.
 */
import { causeName, RouterError } from '../shared/errors.ts'
import { createMessageFold, isContent } from '../shared/events.ts'
import type { Log } from '../shared/log.ts'
import type { Message } from '../shared/messages.ts'
import type { AnswerCache, CacheEntry } from './cache/cache.ts'
import { uncacheableReason } from './cache/key.ts'
import { replayAnswer } from './cache/replay.ts'
import { createSafeCache } from './cache/safe-cache.ts'
import { openFirst, type Providers } from './fallback/fallback.ts'
import {
  type CacheResult,
  type Facts,
  logLine,
  type Outcome,
  priceAnswer,
  routeHeaders,
  totalHeaders,
} from './ledger/receipt.ts'
import { createPlanner, type Planner, type PlannerDependencies } from './planner.ts'
import type { Answer, AnswerChunk, NonStreamingBody, StreamBody } from './providers/provider.ts'
import { type RouterRequest, wantsStream } from './request.ts'
import type { Decision } from './routing/decide.ts'

export type GatewayDependencies = PlannerDependencies & {
  readonly providers: Providers
  readonly cache: AnswerCache
  /** The model whose price savings are measured by; the one that would have answered unless this is set. */
  readonly savingsBaseline: string | undefined
  readonly log: Log
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** What goes back to the client. On `error`, `body` is undefined. */
export type GatewayResult = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
} & (
  | { readonly error: RouterError; readonly body?: undefined }
  | { readonly error?: undefined; readonly body: NonStreamingBody | StreamBody }
)

export type Gateway = {
  /** Decides without calling a model. */
  readonly plan: Planner
  /** Answers. Failures are results, not exceptions. */
  readonly handle: (request: RouterRequest) => Promise<GatewayResult>
}

/** Returns the gateway over its dependencies. */
export function createGateway(dependencies: GatewayDependencies): Gateway {
  const { local, log, now } = dependencies
  const plan = createPlanner(dependencies)
  const cache = createSafeCache(dependencies.cache, log)

  async function handle(request: RouterRequest): Promise<GatewayResult> {
    const { strategy, features, verdict, decision } = await plan(request)
    const base: Facts = {
      requestId: request.id,
      strategy,
      task: verdict.task,
      score: verdict.score,
      reason: decision.reason,
      cache: 'bypass',
      failures: [],
      attempts: 0,
      route: undefined,
      model: undefined,
      baselineModel: dependencies.savingsBaseline ?? decision.claudeModel,
    }
    if (decision.refusal !== undefined) return refuse(request, base, decision.refusal)

    const mayCache =
      request.controls.cache !== 'skip' &&
      !request.logprobs &&
      uncacheableReason(request.view, features) === undefined
    const known = local?.unavailableReason(request.waitUntil)
    const firstOpen = decision.targets.find((target) => target.provider !== 'local' || known === undefined)
    if (mayCache && firstOpen !== undefined && request.controls.cache === 'use') {
      const entry = await cache.read(request, firstOpen)
      if (entry !== undefined) return fromCache(request, base, entry)
    }
    const cacheResult: CacheResult = mayCache ? 'miss' : 'bypass'
    const result = await openFirst(request, decision.targets, dependencies.providers, {
      isUsable: (target) => target.provider === 'local' || dependencies.claude.configured,
      known: known === undefined ? {} : { local: known },
    })
    const tried: Facts = { ...base, cache: cacheResult, failures: result.failures }
    if (!result.ok) {
      const asked = result.failures.some((failure) => failure.provider === 'claude')
      return fail(request, { ...tried, attempts: result.attempts }, explain(result.error, decision), asked)
    }
    return answered(request, { ...tried, attempts: result.attempts }, result.answer, mayCache)
  }

  function answered(request: RouterRequest, tried: Facts, answer: Answer, mayCache: boolean): GatewayResult {
    const whole = answer.body.kind === 'non_streaming' ? answer.body.message : undefined
    const facts: Facts = {
      ...tried,
      route: answer.target.provider,
      model:
        whole?.model ??
        (answer.target.provider === 'local' ? local?.modelName() : undefined) ??
        answer.target.model,
    }
    const headers = { ...answer.headers, ...routeHeaders(facts) }
    if (answer.body.kind === 'stream') {
      const store = mayCache
        ? (message: Message) => cache.write(request, { message, target: answer.target, storedAt: now() })
        : undefined
      return {
        status: answer.status,
        headers,
        body: { kind: 'stream', chunks: record(request, facts, answer.body.chunks, store) },
      }
    }
    const latencyMs = now() - request.startedAt
    if (whole === undefined) {
      finish(facts, 'refused', undefined, latencyMs, undefined, `claude_${answer.status}`)
      return { status: answer.status, headers, body: answer.body }
    }
    if (mayCache)
      request.waitUntil(cache.write(request, { message: whole, target: answer.target, storedAt: now() }))
    finish(facts, 'completed', whole, latencyMs, latencyMs)
    const totals = totalHeaders(priceAnswer(facts, whole.usage), latencyMs)
    return { status: answer.status, headers: { ...headers, ...totals }, body: answer.body }
  }

  /** Passes chunks on and, once the last has gone, stores and logs what they amounted to. */
  async function* record(
    request: RouterRequest,
    facts: Facts,
    chunks: AsyncIterable<AnswerChunk>,
    store: ((message: Message) => Promise<void>) | undefined,
  ): AsyncGenerator<AnswerChunk> {
    const fold = createMessageFold()
    let firstContentMs: number | undefined
    let outcome: Outcome = 'cancelled'
    let errorCode: string | undefined
    try {
      for await (const chunk of chunks) {
        for (const event of chunk.events) {
          fold.add(event)
          if (event.type === 'error') errorCode = event.error.type
          if (isContent(event)) firstContentMs ??= now() - request.startedAt
        }
        yield chunk
      }
      outcome = fold.finished() && errorCode === undefined ? 'completed' : 'broken'
    } catch (error) {
      const known = RouterError.from(error)
      outcome = known.code === 'cancelled' ? 'cancelled' : 'broken'
      errorCode = known.code
      throw known
    } finally {
      const message = fold.message()
      if (store && message && outcome === 'completed' && fold.exact()) request.waitUntil(store(message))
      finish(
        { ...facts, model: message?.model ?? facts.model },
        outcome,
        message,
        now() - request.startedAt,
        firstContentMs,
        errorCode,
      )
    }
  }

  async function fromCache(request: RouterRequest, base: Facts, entry: CacheEntry): Promise<GatewayResult> {
    const facts: Facts = { ...base, cache: 'hit', route: 'cache', model: entry.message.model }
    const latencyMs = now() - request.startedAt
    const ageSeconds = Math.max(0, Math.floor((now() - entry.storedAt) / 1_000))
    finish(facts, 'completed', entry.message, latencyMs, latencyMs)
    const body = replayAnswer(entry.message, wantsStream(request))
    const headers = { age: String(ageSeconds), ...routeHeaders(facts) }
    if (body.kind === 'stream') return { status: 200, headers, body }
    return {
      status: 200,
      headers: { ...headers, ...totalHeaders(priceAnswer(facts, entry.message.usage), latencyMs) },
      body,
    }
  }

  function refuse(request: RouterRequest, facts: Facts, error: RouterError): GatewayResult {
    finish(facts, 'refused', undefined, now() - request.startedAt, undefined, error.code)
    return { status: error.status, headers: routeHeaders(facts), error }
  }

  function fail(
    request: RouterRequest,
    facts: Facts,
    error: RouterError,
    claudeAsked: boolean,
  ): GatewayResult {
    if (error.code === 'internal')
      log('[Router] Internal error', { requestId: request.id, name: causeName(error) }, 'error')
    const outcome = error.code === 'cancelled' ? 'cancelled' : 'failed'
    finish(facts, outcome, undefined, now() - request.startedAt, undefined, error.code)
    // The router has retried already where that made sense: a client that retries too would multiply the attempts.
    const headers = claudeAsked ? { ...routeHeaders(facts), 'x-should-retry': 'false' } : routeHeaders(facts)
    return { status: error.status, headers, error }
  }

  function finish(
    facts: Facts,
    outcome: Outcome,
    message: Message | undefined,
    latencyMs: number,
    firstContentMs: number | undefined,
    errorCode?: string,
  ): void {
    const line = logLine(facts, {
      outcome,
      message,
      usage: message?.usage,
      latencyMs,
      firstContentMs,
      ...(errorCode === undefined ? {} : { errorCode }),
    })
    log(line.message, line.fields)
  }

  return { plan, handle }
}

/** Says why the request goes to Claude where Claude cannot be asked: only then can the client do something about it. */
function explain(error: RouterError, decision: Decision): RouterError {
  if (error.code !== 'configuration') return error
  return new RouterError(
    'configuration',
    `${error.message} It goes to Claude because of: ${decision.reason}.`,
    { cause: error },
  )
}
