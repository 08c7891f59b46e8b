/**
 * What becomes of a plan under the limits of its tenant, as far as that can be foreseen: bent, refused, or as it is. Reserves
 * nothing.
 */
import { bendPlan } from '../budgets/bent-plan.ts'
import type { ForeseeBudget, ForeseenRequest } from '../budgets/foreseen-budget.ts'
import type { BudgetEffect } from '../ledger/receipt.ts'
import type { Plan } from '../planner.ts'
import { payableTargets } from '../prospect.ts'

/** The limit that changes the request's way, or null; `message` is what a refusal would say. */
export type ExplainedBudget = {
  readonly effect: BudgetEffect
  readonly limit: string
  readonly message: string
} | null

/** Returns the plan that would be carried out. */
export async function limitedPlan(
  request: ForeseenRequest,
  plan: Plan,
  foresee: ForeseeBudget | undefined,
): Promise<{ readonly plan: Plan; readonly budget: ExplainedBudget }> {
  const foreseen = await foresee?.(request, payableTargets(plan))
  if (foreseen === undefined) return { plan, budget: null }
  const { cause: limit, error } = foreseen
  const bent = foreseen.kind === 'bent' ? await bendPlan(plan, { to: foreseen.to, cause: limit }) : undefined
  if (bent !== undefined)
    return {
      plan: bent.plan,
      budget: bent.effect === undefined ? null : { effect: bent.effect, limit, message: error.message },
    }
  const decision = { ...plan.decision, targets: [], reason: `budget ${limit}`, rejection: error }
  return { plan: { ...plan, decision }, budget: { effect: 'refused', limit, message: error.message } }
}
