/**
 * The path of one request: plan (features, verdict, decision), cache, targets in order, and the record of what
 * happened. Knows neither HTTP nor Workers: what it needs comes in as dependencies.
 */
import { RouterError } from '../shared/errors.ts'
import { createMessageFold, isContent } from '../shared/events.ts'
import type { Log } from '../shared/log.ts'
import type { Message } from '../shared/messages.ts'
import type { AnswerCache, CacheEntry } from './cache/cache.ts'
import { cacheKey, cacheObstacle, isCacheableAnswer } from './cache/key.ts'
import { replayAnswer } from './cache/replay.ts'
import { openFirst, type Providers } from './fallback.ts'
import {
  type CacheResult,
  type Facts,
  logLine,
  type Outcome,
  priceAnswer,
  routeHeaders,
  totalHeaders,
} from './ledger/receipt.ts'
import type { LocalPool } from './providers/local-pool.ts'
import type { Answer, AnswerChunk, StreamBody, WholeBody } from './providers/provider.ts'
import { type RouterRequest, wantsStream } from './request.ts'
import type { Classifier, Verdict } from './routing/classifier.ts'
import { type Circumstances, type Decision, decide, type Target } from './routing/decide.ts'
import { extractFeatures, type Features } from './routing/features.ts'
import { isVirtualModel } from './routing/models.ts'
import { SIMPLE_TASKS, type SimpleTask } from './routing/task.ts'
import type { StrategyStore } from './state/strategy-store.ts'
import type { Strategy } from './strategy.ts'

export type GatewayDependencies = {
  readonly providers: Providers
  /** Undefined where the local model is switched off. */
  readonly local: LocalPool | undefined
  readonly cache: AnswerCache
  readonly classify: Classifier
  readonly strategies: StrategyStore
  readonly isRouted: (model: string) => boolean
  readonly localTasks: 'auto' | readonly SimpleTask[]
  readonly localMaxInputTokens: number | undefined
  readonly claude: { readonly configured: boolean; readonly model: string; readonly simpleModel: string }
  readonly savingsBaseline: string | undefined
  /** Whether side requests of an agent's session may leave Claude. */
  readonly sideRequestsLocal: boolean
  readonly log: Log
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** What the router means to do with a request, before anything is called. */
export type Plan = {
  readonly strategy: Strategy
  readonly features: Features
  readonly verdict: Verdict
  readonly decision: Decision
}

/** What goes back to the client. On `error`, `body` is undefined. */
export type GatewayResult = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
} & (
  | { readonly error: RouterError; readonly body?: undefined }
  | { readonly error?: undefined; readonly body: WholeBody | StreamBody }
)

export type Gateway = {
  /** Decides without calling a model. */
  readonly plan: (request: RouterRequest) => Promise<Plan>
  /** Answers. Failures are results, not exceptions. */
  readonly handle: (request: RouterRequest) => Promise<GatewayResult>
}

/** Input that the smallest models still read well; used where the server does not say its own limit. */
const DEFAULT_MAX_INPUT_TOKENS = 1_000

/** Returns the gateway over its dependencies. */
export function createGateway(dependencies: GatewayDependencies): Gateway {
  const { local, cache, strategies, log, now } = dependencies

  async function plan(request: RouterRequest): Promise<Plan> {
    const strategy = request.controls.strategy ?? (await strategies.current(request.defer))
    const found = extractFeatures(request.view)
    const features = request.structured ? { ...found, structuredOutput: true } : found
    const verdict = dependencies.classify(features)
    const decideNow = () =>
      decide(features, verdict, {
        strategy,
        requestedModel: request.view.model,
        routed: dependencies.isRouted(request.view.model),
        force: request.controls.force,
        mayForce: !request.tenant.forbid.includes('force'),
        privacyLocal: request.controls.privacyLocal,
        staysWithSession: request.agentSession && !dependencies.sideRequestsLocal,
        localOnlyFeature: request.logprobs ? 'logprobs' : undefined,
        local: local && describeLocal(local, dependencies),
        claude: dependencies.claude,
      })
    const decision = decideNow()
    if (local === undefined) return { strategy, features, verdict, decision }
    const learning = local.learn(request.defer)
    if (dependencies.claude.configured && goesToClaudeAnyway(decision, request.view.model)) {
      // A request that Claude answers must not wait for a container that may be asleep.
      request.defer(learning)
      return { strategy, features, verdict, decision }
    }
    await learning
    return { strategy, features, verdict, decision: decideNow() }
  }

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
      cacheObstacle(request.view, features) === undefined
    const known = local?.obstacle(request.defer)
    const firstOpen = decision.targets.find((target) => target.provider !== 'local' || known === undefined)
    if (mayCache && firstOpen !== undefined && request.controls.cache === 'use') {
      const entry = await readCache(request, firstOpen)
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
    const whole = answer.body.kind === 'whole' ? answer.body.message : undefined
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
      const store = mayCache ? (message: Message) => writeCache(request, answer.target, message) : undefined
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
    if (mayCache) request.defer(writeCache(request, answer.target, whole))
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
      if (store && message && outcome === 'completed' && fold.exact()) request.defer(store(message))
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

  async function readCache(request: RouterRequest, target: Target): Promise<CacheEntry | undefined> {
    try {
      return await cache.get(await cacheKey(request, target))
    } catch (error) {
      log('[Router] The cache cannot be read', { requestId: request.id, name: causeName(error) }, 'error')
      return undefined
    }
  }

  async function writeCache(request: RouterRequest, target: Target, message: Message): Promise<void> {
    if (!isCacheableAnswer(message)) return
    try {
      await cache.set(await cacheKey(request, target), { message, target, storedAt: now() })
    } catch (error) {
      log('[Router] The cache cannot be written', { requestId: request.id, name: causeName(error) }, 'error')
    }
  }

  return { plan, handle }
}

/** Says whether what there is to learn of the local model cannot make it the better choice; its name may be any other. */
function goesToClaudeAnyway(decision: Decision, requestedModel: string): boolean {
  const namesClaude = isVirtualModel(requestedModel) || requestedModel.startsWith('claude')
  return namesClaude && decision.targets[0]?.provider === 'claude'
}

function describeLocal(
  local: LocalPool,
  { localTasks, localMaxInputTokens }: GatewayDependencies,
): NonNullable<Circumstances['local']> {
  const model = local.model()
  return {
    model: local.modelName() ?? 'local',
    tasks: localTasks === 'auto' ? (model?.tasks ?? SIMPLE_TASKS) : localTasks,
    maxInputTokens: localMaxInputTokens ?? model?.maxInputTokens ?? DEFAULT_MAX_INPUT_TOKENS,
    englishOnly: model?.englishOnly ?? false,
  }
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

/** The kind of an unexpected error; its text may hold anything and stays out of the log. */
function causeName(error: unknown): string {
  const cause = error instanceof RouterError ? error.cause : error
  return cause instanceof Error ? cause.name : typeof cause
}
