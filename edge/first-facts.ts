/**
 * What is known of a request before anybody is asked: the beginning of its receipt. Decides nothing and counts nothing.
 */
import type { BudgetEffect, RoutedFacts } from './ledger/receipt.ts'
import type { Plan, PlannerDependencies } from './planner.ts'
import { type RouterRequest, wantsStream } from './request.ts'
import { isVirtualModel, namesLocalModel } from './routing/virtual-models.ts'

export type FirstFactsDependencies = Pick<PlannerDependencies, 'classifier' | 'claude' | 'local'> & {
  /** The model whose price savings are measured by, whatever was asked for; undefined: see `baselineModel`. */
  readonly savingsBaseline: string | undefined
}

/** Returns the facts of a request that nobody has answered yet. */
export function firstFacts(
  request: RouterRequest,
  plan: Plan,
  dependencies: FirstFactsDependencies,
  { mayCache, budget }: { readonly mayCache: boolean; readonly budget: BudgetEffect | undefined },
): RoutedFacts {
  const { strategy, features, decision } = plan
  return {
    requestId: request.id,
    tenantId: request.tenant.id,
    user: request.user,
    surface: request.surface,
    startedAt: request.startedAt,
    strategy,
    requestedModel: request.view.model,
    stream: wantsStream(request),
    task: decision.task,
    score: decision.score,
    threshold: plan.thresholds.complex,
    judgeScore: plan.secondScore,
    handoverScore: undefined,
    reasons: () => dependencies.classifier.explainKinds(features),
    reason: decision.reason,
    guard: decision.guard,
    cache: mayCache && decision.rejection === undefined ? 'miss' : 'bypass',
    failures: [],
    failedAttempts: [],
    attempts: 0,
    route: undefined,
    model: undefined,
    baselineModel: baselineModel(request.view.model, dependencies),
    budget,
  }
}

/** Returns by which model's price savings are measured. Without the router a concrete model would have been asked by its name, and the strong one for what the router picks. */
export function baselineModel(
  requested: string,
  { savingsBaseline, claude, local }: Omit<FirstFactsDependencies, 'classifier'>,
): string {
  if (savingsBaseline !== undefined) return savingsBaseline
  const isPicked = isVirtualModel(requested) || namesLocalModel(requested, local?.modelName())
  return isPicked ? claude.model : requested
}
