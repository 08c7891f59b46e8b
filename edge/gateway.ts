/**
 * The path of one request: plan (features, verdict, decision), cache, targets in order, and the record of what
 * happened. Knows neither HTTP nor Workers: what it needs comes in as dependencies.
 */
import { causeName, RouterError } from '../shared/errors.ts'
import type { Message, Usage } from '../shared/messages.ts'
import { bendPlan } from './budgets/bent-plan.ts'
import type { Admission, BudgetGate } from './budgets/budget-gate.ts'
import type { AnswerCache, CacheEntry } from './cache/cache.ts'
import { replayAnswer } from './cache/replay.ts'
import { createSafeCache } from './cache/safe-cache.ts'
import { cutAnswer } from './cut-answer.ts'
import type { Degradation } from './fallback/degradation.ts'
import { openFirst, type Providers } from './fallback/fallback.ts'
import { routeHeaders, totalHeaders } from './ledger/headers.ts'
import type { Ending, Receipt, RoutedFacts } from './ledger/receipt.ts'
import { type ObservedEnd, observeAnswer } from './observe-answer.ts'
import { createPassages, type Passage, type PassageDependencies } from './passage.ts'
import { createPlanner, type Plan, type Planner, type PlannerDependencies } from './planner.ts'
import { isMarked } from './prompt-cache/prompt-cache.ts'
import { createLookUp, type Prospect, payableTargets } from './prospect.ts'
import type { Answer, NonStreamingBody, StreamBody } from './providers/provider.ts'
import { createRefuseArrival, type RefuseArrival } from './refused-arrival.ts'
import { type RouterRequest, wantsStream } from './request.ts'
import { sessionAfter } from './routing/sessions/session.ts'
import type { Target } from './target.ts'
import { triedFacts } from './tried-facts.ts'

export type GatewayDependencies = PlannerDependencies &
  PassageDependencies & {
    readonly providers: Providers
    readonly cache: AnswerCache
    /** Asked before any request is answered whose tenant has limits; absent: nobody has any. */
    readonly budgets?: BudgetGate | undefined
    /** How a slow or dead local model is made up for; absent: Claude answers, after it and without limit. */
    readonly degradation?: Degradation | undefined
  }

/** What goes back to the client. On `error`, `body` is undefined. */
export type GatewayResult = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** The receipt, once the request has ended: for a stream, once it has been read or closed. */
  readonly receipt: () => Receipt | undefined
} & (
  | { readonly error: RouterError; readonly body?: undefined }
  | { readonly error?: undefined; readonly body: NonStreamingBody | StreamBody }
)

export type Gateway = {
  /** Decides without calling a model. */
  readonly plan: Planner
  /** Answers. Failures are results, not exceptions. */
  readonly handle: (request: RouterRequest) => Promise<GatewayResult>
  /** Records a request that did not come so far as to be handled. Never throws. */
  readonly refuse: RefuseArrival
}

/** Returns the gateway over its dependencies. */
export function createGateway(dependencies: GatewayDependencies): Gateway {
  const { local, log, now } = dependencies
  const makePlan = createPlanner(dependencies, { judges: 'where_needed' })
  const cache = createSafeCache(dependencies.cache, log)
  const begin = createPassages(dependencies)
  const lookUp = createLookUp({ local, cache })
  const refuseArrival = createRefuseArrival(dependencies)

  async function handle(request: RouterRequest): Promise<GatewayResult> {
    let plan: Plan
    try {
      plan = await makePlan(request)
    } catch (error) {
      return await unplanned(request, RouterError.from(error))
    }
    const passage = begin(request, plan)
    return await orFail(passage, () => pass(passage))
  }

  async function unplanned(request: RouterRequest, error: RouterError): Promise<GatewayResult> {
    logInternal(request, error)
    const arrival = { ...request, requestedModel: request.view.model, stream: wantsStream(request) }
    const { receipt } = await refuseArrival(arrival, error)
    return { status: error.status, headers: {}, receipt, error }
  }

  async function orFail(passage: Passage, work: () => Promise<GatewayResult>): Promise<GatewayResult> {
    try {
      return await work()
    } catch (error) {
      return fail(passage, RouterError.from(error))
    }
  }

  async function pass(passage: Passage): Promise<GatewayResult> {
    const { request, plan } = passage
    if (plan.decision.rejection !== undefined) return refuse(passage, plan.decision.rejection)
    const prospect = await lookUp(passage)
    const payable = prospect.entry === undefined ? payableTargets(plan) : []
    const admission = dependencies.budgets?.admit(request, payable)
    return admission === undefined
      ? await proceed(passage, prospect)
      : await enter(passage, prospect, await admission)
  }

  async function enter(
    { request, plan }: Passage,
    prospect: Prospect,
    admission: Admission,
  ): Promise<GatewayResult> {
    const entered = begin(request, plan, admission)
    return await orFail(entered, async () => {
      if (admission.kind === 'admitted') return await proceed(entered, prospect)
      const bent = admission.kind === 'bent' ? await bendPlan(plan, admission) : undefined
      if (bent !== undefined) {
        const other = begin(request, bent.plan, admission, bent.effect)
        return await orFail(other, async () => await proceed(other, await lookUp(other), false))
      }
      const facts: RoutedFacts = { ...entered.facts, reason: `budget ${admission.cause}`, budget: 'refused' }
      return refuse({ ...entered, facts }, admission.error)
    })
  }

  async function proceed(passage: Passage, { targets, isUsable, known, entry }: Prospect, mayHedge = true) {
    const { request, plan } = passage
    if (entry !== undefined) return fromCache(passage, entry)
    const result = await openFirst(request, targets, dependencies.providers, {
      isUsable,
      known: known === undefined ? {} : { local: known },
      ...dependencies.degradation?.begin(passage, mayHedge),
      // A request that the local model judged complex is no longer the simple one that the cheap model was meant for.
      resolve: (target, failures) =>
        target.provider === 'claude' && failures.some(({ cause }) => cause === 'judged_complex')
          ? { ...target, model: plan.decision.complexModel }
          : target,
    })
    const tried: Passage = { ...passage, facts: triedFacts(passage.facts, result) }
    if (result.ok) return answered(tried, cutAnswer(result.answer, request.cutAt))
    return result.limited === 'refused' ? refuse(tried, result.error) : fail(tried, result.error)
  }

  function answered(passage: Passage, answer: Answer): GatewayResult {
    const { request, ledger } = passage
    const { status, target, body } = answer
    const { receipt } = ledger
    const message = body.kind === 'non_streaming' ? body.message : undefined
    const { cachedPrompt } = answer
    const facts: RoutedFacts = {
      ...passage.facts,
      promptCache: cachedPrompt?.facts,
      route: target.provider,
      model: message?.model ?? (target.provider === 'local' ? local?.modelName() : undefined) ?? target.model,
    }
    const headers = { ...answer.headers, ...routeHeaders(facts), ...passage.limitHeaders }
    if (body.kind === 'stream') {
      const onEnd = ({ outcome, message, exact, firstContentAt, errorCode }: ObservedEnd) => {
        if (outcome === 'completed' && message && exact) keep(passage, message, target)
        if (outcome === 'completed') remember(passage, answer, message?.usage)
        if (message !== undefined) cachedPrompt?.settle(message.usage)
        const firstContentMs = firstContentAt === undefined ? undefined : firstContentAt - request.startedAt
        ledger.end(facts, { outcome, message, firstContentMs, errorCode })
      }
      const chunks = observeAnswer(body, { signal: request.signal, now, onEnd })
      return { status, headers, receipt, body: { kind: 'stream', chunks } }
    }
    if (message === undefined) {
      ledger.end(facts, {
        outcome: 'refused',
        message: undefined,
        firstContentMs: undefined,
        errorCode: `claude_${status}`,
      })
      return { status, headers, receipt, body }
    }
    keep(passage, message, target)
    remember(passage, answer, message.usage)
    cachedPrompt?.settle(message.usage)
    const totals = totalHeaders(ledger.end(facts, completed(request, message)))
    return { status, headers: { ...headers, ...totals }, receipt, body }
  }

  function keep({ request, mayCache }: Passage, message: Message, target: Target): void {
    if (mayCache) request.waitUntil(cache.write(request, { message, target, storedAt: now() }))
  }

  /** An answer that used no prompt cache leaves the one that is warm as it is: older by a turn. */
  function remember({ request, plan }: Passage, answer: Answer | undefined, usage: Usage = {}): void {
    const { view, startedAt } = request
    const { features, conversation } = plan
    if (conversation === undefined) return
    const markedByRouter = answer?.cachedPrompt !== undefined && isMarked(answer.cachedPrompt.facts)
    const left =
      answer?.target.provider === 'claude'
        ? sessionAfter({ view, features, model: answer.target.model, usage, markedByRouter, startedAt })
        : undefined
    const session = left ?? conversation.session
    if (session !== undefined) request.waitUntil(conversation.keep(session))
  }

  function fromCache(passage: Passage, entry: CacheEntry): GatewayResult {
    const { request, facts: base, ledger, limitHeaders } = passage
    remember(passage, undefined)
    const { message, storedAt } = entry
    const facts: RoutedFacts = { ...base, cache: 'hit', route: 'cache', model: message.model }
    const ageSeconds = Math.max(0, Math.floor((now() - storedAt) / 1_000))
    const receipt = ledger.end(facts, completed(request, message))
    const body = replayAnswer(message, wantsStream(request))
    const totals = body.kind === 'stream' ? {} : totalHeaders(receipt)
    const headers = { age: String(ageSeconds), ...routeHeaders(facts), ...limitHeaders, ...totals }
    return { status: 200, headers, receipt: ledger.receipt, body }
  }

  function completed(request: RouterRequest, message: Ending['message']): Omit<Ending, 'latencyMs'> {
    return { outcome: 'completed', message, firstContentMs: now() - request.startedAt }
  }

  function refuse({ facts, ledger, limitHeaders }: Passage, error: RouterError): GatewayResult {
    const ending = { message: undefined, firstContentMs: undefined, errorCode: error.code }
    ledger.end(facts, { ...ending, outcome: 'refused' })
    const headers = { ...routeHeaders(facts), ...limitHeaders }
    return { status: error.status, headers, receipt: ledger.receipt, error }
  }

  function fail({ request, plan, facts, ledger, limitHeaders }: Passage, cause: RouterError): GatewayResult {
    const error = explain(cause, plan)
    logInternal(request, error)
    const outcome = error.code === 'cancelled' ? 'cancelled' : 'failed'
    ledger.end(facts, { outcome, message: undefined, firstContentMs: undefined, errorCode: error.code })
    // The router has retried already where that made sense: a client that retries too would multiply the attempts.
    const askedClaude = facts.failures.some((failure) => failure.provider === 'claude')
    const retry: Record<string, string> = askedClaude ? { 'x-should-retry': 'false' } : {}
    const headers = { ...routeHeaders(facts), ...limitHeaders, ...retry }
    return { status: error.status, headers, receipt: ledger.receipt, error }
  }

  function logInternal({ id }: RouterRequest, error: RouterError): void {
    if (error.code === 'internal')
      log('[Router] Internal error', { requestId: id, name: causeName(error) }, 'error')
  }

  return { plan: createPlanner(dependencies), handle, refuse: refuseArrival }
}

/** Says why the request goes to Claude where Claude cannot be asked: only then can the client do something about it. */
function explain(error: RouterError, { decision }: Plan): RouterError {
  if (error.code !== 'configuration') return error
  return new RouterError(
    'configuration',
    `${error.message} It goes to Claude because of: ${decision.reason}.`,
    { cause: error },
  )
}
