/**
 * What the router means to do with a request, before any target is called: strategy, features, verdict, decision.
 * Refreshes what is known of the local model where that can matter. Asks no model but that of a second look.
 */
import { bentCircumstances } from './budgets/bent-circumstances.ts'
import { type CircumstancesDependencies, canAskClaude, circumstancesOf } from './plan-circumstances.ts'
import type { RouterRequest } from './request.ts'
import type { Circumstances } from './routing/circumstances.ts'
import type { Classifier, Verdict } from './routing/classifier/classifier.ts'
import { type Decision, decide, judge } from './routing/decide.ts'
import { extractFeatures, type Features, outlineFeatures } from './routing/features.ts'
import type { AppliedRule, FindRule } from './routing/operator-rules/find-rule.ts'
import { combineScores } from './routing/second-look/combination.ts'
import type { SecondLook } from './routing/second-look/second-look.ts'
import type { Recalled, SessionMemory } from './routing/sessions/session-memory.ts'
import { type Thresholds, withComplexFrom } from './routing/thresholds.ts'
import { isVirtualModel, namesLocalModel } from './routing/virtual-models.ts'
import type { Strategy } from './strategy.ts'
import type { StrategyStore } from './strategy-store.ts'

export type PlannerDependencies = CircumstancesDependencies & {
  readonly classifier: Classifier
  readonly thresholds: Thresholds
  readonly findRule: FindRule
  /** Whether the operator has rules; absent: there may be some. */
  readonly hasRules?: boolean
  readonly strategies: StrategyStore
  /** Asked before any target where the edge is unsure; the container's judge then is not. */
  readonly secondLook?: { readonly model: SecondLook; readonly complexFrom: number } | undefined
  readonly sessions: SessionMemory
}

export type Plan = {
  readonly strategy: Strategy
  readonly features: Features
  readonly verdict: Verdict
  readonly decision: Decision
  /** What a second look before any answer said, 0 to 1; undefined where none was taken. */
  readonly secondScore: number | undefined
  /** What is known of the conversation; undefined where the client names the model. */
  readonly conversation: Recalled | undefined
  /** Those that the score was compared with: a rule or a second look may have changed them. */
  readonly thresholds: Thresholds
  /** Whether Claude can be asked on this caller's behalf. */
  readonly canAskClaude: boolean
  /** Decides again, for a tenant that has reached a hard limit. */
  readonly bend: (to: 'cheaper' | 'local') => Promise<Decision>
}

/** The part of a request that a plan depends on. */
export type PlannedRequest = Pick<
  RouterRequest,
  | 'view'
  | 'tenant'
  | 'header'
  | 'clientCredential'
  | 'controls'
  | 'structured'
  | 'logprobs'
  | 'agentSession'
  | 'startedAt'
  | 'signal'
  | 'waitUntil'
>

/** Reads the features of the request itself where none are given. */
export type Planner = (request: PlannedRequest, features?: Features) => Promise<Plan>

/** What a client reads that asks for JSON without saying which, where only the local model may answer. */
const ANY_OBJECT =
  'The local model cannot promise JSON of any form. Give "response_format" a "json_schema" that names the members, or leave it out.'

export type PlannerOptions = {
  /** `where_needed`: what a request says is not looked at where nothing depends on it. */
  readonly judges?: 'all' | 'where_needed'
}

/** Returns the planner over its dependencies. */
export function createPlanner(
  dependencies: PlannerDependencies,
  { judges = 'all' }: PlannerOptions = {},
): Planner {
  const { local, strategies } = dependencies
  const plan = async (request: PlannedRequest, strategy: Strategy, given?: Features): Promise<Plan> => {
    const features = given ?? readFeatures(request)
    const canAsk = canAskClaude(dependencies, request)
    const firstVerdict = dependencies.classifier.classify(features)
    const rule = findRule(dependencies, request, features, firstVerdict)
    const conversation = isVirtualModel(request.view.model)
      ? await dependencies.sessions.recall(request)
      : undefined
    const thresholds =
      rule?.threshold === undefined
        ? dependencies.thresholds
        : withComplexFrom(dependencies.thresholds, rule.threshold)
    const thresholdsAfter = (outcome: Look['outcome']) =>
      outcome === 'answered' ? withSecondLook(thresholds, dependencies) : thresholds
    const circumstances = (asked: boolean, outcome: Look['outcome']): Circumstances =>
      circumstancesOf(dependencies, request, {
        strategy,
        asked,
        thresholds: thresholdsAfter(outcome),
        rule,
        secondLook: outcome,
        session: conversation?.session,
      })
    const decideBy = (asked: boolean, { verdict, outcome }: Look = { verdict: firstVerdict }) =>
      decide(features, verdict, circumstances(asked, outcome))
    const { force, privacyLocal } = request.controls
    const isRuled = rule?.route !== undefined || rule?.threshold !== undefined
    const isOpen = strategy === 'hybrid' && force === undefined && !privacyLocal && !isRuled
    const look: Look = isOpen
      ? await lookAgain(dependencies, request, features, firstVerdict, decideBy)
      : { verdict: firstVerdict }
    const decision = decideBy(false, look)
    const plan = {
      strategy,
      features,
      verdict: look.verdict,
      decision,
      secondScore: look.score,
      conversation,
      thresholds: thresholdsAfter(look.outcome),
      canAskClaude: canAsk,
      async bend(to: 'cheaper' | 'local') {
        await local?.refresh(request.waitUntil)
        return decide(features, look.verdict, bentCircumstances(to, circumstances(true, look.outcome)))
      },
    }
    if (local === undefined) return plan
    const toClaude = canAsk && goesToClaudeAnyway(decision, request.view.model)
    // Where no request is for the local server, it may sleep.
    if (toClaude && strategy === 'claude_only') return plan
    const refreshing = local.refresh(request.waitUntil)
    if (toClaude) {
      // A request that Claude answers must not wait for a container that may be asleep.
      request.waitUntil(refreshing)
      return plan
    }
    await refreshing
    return { ...plan, decision: decideBy(true, look) }
  }
  return async (request, given) => {
    const strategy =
      request.controls.strategy ?? request.tenant.strategy ?? (await strategies.current(request.waitUntil))
    const isOpen = judges === 'all' || given !== undefined || !goesAsAsked(request, strategy, dependencies)
    return isOpen ? plan(request, strategy, given) : planAsAsked(request, strategy, dependencies, plan)
  }
}

/** Whether a request goes to Claude under the name that it has, whatever it says. */
function goesAsAsked(
  { view: { model }, controls: { force, privacyLocal }, logprobs, structured }: PlannedRequest,
  strategy: Strategy,
  { local, hasRules = true }: PlannerDependencies,
): boolean {
  const namesClaude = !isVirtualModel(model) && !namesLocalModel(model, local?.modelName())
  const isOrdinary = force !== 'local' && !privacyLocal && !logprobs && !structured
  return strategy === 'claude_only' && namesClaude && isOrdinary && !hasRules
}

/** Returns the plan of such a request without judging what it says: its task is `other`, and nothing speaks for or against. */
function planAsAsked(
  request: PlannedRequest,
  strategy: Strategy,
  dependencies: PlannerDependencies,
  plan: (request: PlannedRequest, strategy: Strategy) => Promise<Plan>,
): Plan {
  const { thresholds } = dependencies
  const features = outlineFeatures(request.view)
  const known = { strategy, asked: false, thresholds }
  const decision = decide(features, UNJUDGED, circumstancesOf(dependencies, request, known))
  return {
    strategy,
    features,
    verdict: UNJUDGED,
    decision: features.usesTools ? decision : { ...decision, task: UNJUDGED.complexTask },
    secondScore: undefined,
    conversation: undefined,
    thresholds,
    canAskClaude: canAskClaude(dependencies, request),
    bend: async (to) => (await plan(request, strategy)).bend(to),
  }
}

const UNJUDGED: Verdict = {
  score: 0,
  simpleTask: 'simple_chat',
  complexTask: 'other',
  sensitive: false,
  language: 'en',
}

function readFeatures({ view, structured }: PlannedRequest): Features {
  const features = extractFeatures(view)
  return structured ? { ...features, structuredOutput: true, unservableForm: ANY_OBJECT } : features
}

/** A verdict and whether a second look is part of it. */
type Look = {
  readonly verdict: Verdict
  readonly outcome?: Circumstances['secondLook']
  readonly score?: number | undefined
}

/** Asks only where the answer can change who is asked: not where guards, rules, wishes or sessions decide anyway. */
async function lookAgain(
  { secondLook }: PlannerDependencies,
  { signal }: PlannedRequest,
  features: Features,
  verdict: Verdict,
  decideBy: (asked: boolean, look?: Look) => Decision,
): Promise<Look> {
  if (secondLook === undefined || decideBy(false).zone !== 'unsure') return { verdict }
  const withScore = (score: number): Look => ({ verdict: { ...verdict, score }, outcome: 'answered' })
  const [simple, complex] = [0, 1].map((score) => decideBy(false, withScore(score)).targets[0])
  if (simple?.provider === complex?.provider && simple?.model === complex?.model) return { verdict }
  const score = await secondLook.model.ask(features, signal)
  if (score === undefined) return { verdict, outcome: 'missing' }
  return { ...withScore(combineScores(verdict.score, score)), score }
}

function withSecondLook(thresholds: Thresholds, { secondLook }: PlannerDependencies): Thresholds {
  return secondLook === undefined ? thresholds : withComplexFrom(thresholds, secondLook.complexFrom)
}

function findRule(
  { findRule, thresholds }: PlannerDependencies,
  { view, tenant, header, startedAt }: PlannedRequest,
  features: Features,
  verdict: Verdict,
): AppliedRule | undefined {
  const { metadata } = view
  const user =
    typeof metadata === 'object' && metadata !== null && 'user_id' in metadata ? metadata.user_id : undefined
  return findRule({
    tenantId: tenant.id,
    user: typeof user === 'string' ? user : undefined,
    features,
    task: judge(features, verdict, thresholds).task,
    get language() {
      return verdict.language
    },
    startedAt,
    header,
  })
}

/** Says whether nothing that the local server may tell of itself can make it the better choice; its model's name may be any. */
function goesToClaudeAnyway(decision: Decision, requestedModel: string): boolean {
  const namesClaude = isVirtualModel(requestedModel) || requestedModel.startsWith('claude')
  return namesClaude && decision.targets[0]?.provider === 'claude'
}
