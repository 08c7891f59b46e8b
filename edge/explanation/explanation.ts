/**
 * The explanation of one request: who would answer it, why, at what price, and what would move it elsewhere. Calls no
 * model but that of a second look; puts the parts together, each of which stands in its own file.
 */
import type { ForeseenRequest } from '../budgets/foreseen-budget.ts'
import { describeLocal } from '../plan-circumstances.ts'
import { createPlanner, type Plan, type PlannedRequest } from '../planner.ts'
import type { PromptCacheDecision } from '../prompt-cache/prompt-cache.ts'
import { type ChangedRequest, claudeChanges } from '../providers/claude/request-body.ts'
import type { ScoreExplanation } from '../routing/classifier/classifier.ts'
import type { Decision } from '../routing/decide.ts'
import type { Session } from '../routing/sessions/session.ts'
import type { ProviderName } from '../target.ts'
import { type ExpectedPrices, expectedPrices } from './expected-prices.ts'
import { type ExplainedBudget, limitedPlan } from './limited-plan.ts'
import { type ExplainedDependencies, freezeSituation } from './situation.ts'
import { summarize } from './summary.ts'
import { type WouldChange, whatWouldChange } from './what-would-change.ts'

export type Explanation = Pick<Plan, 'strategy' | 'thresholds'> &
  Pick<Plan['verdict'], 'language'> &
  Pick<Decision, 'targets' | 'reason' | 'task' | 'score' | 'complex' | 'zone'> &
  ScoreExplanation & {
    /** The decision in plain sentences. */
    readonly summary: string
    /** Who would be asked first; null where the request is refused. */
    readonly route: ProviderName | null
    /** Why it is refused, or null. */
    readonly rejection: string | null
    /** What a second look said, 0 to 1, or null. */
    readonly judgeScore: number | null
    /** The guard that keeps the request from the local model, or null. */
    readonly guard: string | null
    /** What a Claude model holds of this conversation in its prompt cache, in tokens, and how long ago it was used; or null. */
    readonly session: (Pick<Session, 'model' | 'prefixTokens'> & { readonly ageMs: number }) | null
    /** What a reached limit of the tenant's would do to it, or null. */
    readonly budget: ExplainedBudget
    /** What would be done about Claude's prompt cache if it were sent now; null where Claude is not asked first. */
    readonly promptCache: PromptCacheDecision | null
    readonly prices: ExpectedPrices
    readonly whatWouldChange: readonly WouldChange[]
  }

export type ExplainedRequest = PlannedRequest & ForeseenRequest & ChangedRequest
export type Explainer = (request: ExplainedRequest) => Promise<Explanation>

/** Returns the explainer over the planner's dependencies. */
export function createExplainer(dependencies: ExplainedDependencies): Explainer {
  const { local, classifier, claude } = dependencies
  const planRequest = createPlanner(dependencies)
  return async (request) => {
    // What would move a request to the local model hangs on what that model is trusted with, also where it is asleep.
    await local?.refresh(request.waitUntil)
    const asPlanned = await planRequest(request)
    const { plan, budget } = await limitedPlan(request, asPlanned, dependencies.foreseeBudget)
    const { decision, features, strategy, thresholds, verdict, secondScore, conversation } = plan
    const session = conversation?.session
    const { targets, reason, task, score, complex, zone } = decision
    const [first] = targets
    return {
      summary: summarize(plan),
      route: first?.provider ?? null,
      targets,
      reason,
      rejection: decision.rejection?.message ?? null,
      strategy,
      task,
      score,
      judgeScore: secondScore ?? null,
      complex,
      zone,
      thresholds,
      guard: decision.guard ?? null,
      language: verdict.language,
      session: session === undefined ? null : describeSession(session, request.startedAt),
      promptCache:
        first?.provider === 'claude'
          ? (dependencies.previewPrompt?.(request, first.model, claudeChanges(request, first, false))
              .decision ?? null)
          : null,
      budget,
      ...classifier.explain(features),
      prices: expectedPrices(
        { features, decision, session },
        {
          local: local && describeLocal(local, dependencies, true).model,
          claude,
        },
        dependencies.prices,
      ),
      // No header, score or setting of the router opens a limit.
      whatWouldChange:
        budget === null ? await whatWouldChange(plan, freezeSituation(dependencies, request, plan)) : [],
    }
  }
}

function describeSession({ model, prefixTokens, usedAt }: Session, at: number): Explanation['session'] {
  return { model, prefixTokens, ageMs: Math.max(0, at - usedAt) }
}
