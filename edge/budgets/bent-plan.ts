/**
 * What a plan becomes where a hard limit bends it, and what that is called. How it is decided anew is the planner's affair,
 * and `bent-circumstances.ts`.
 */
import type { BudgetEffect } from '../ledger/receipt.ts'
import type { Decision } from '../routing/decide.ts'
import type { Target } from '../target.ts'

type Bendable = {
  readonly decision: Decision
  readonly bend: (to: 'cheaper' | 'local') => Promise<Decision>
}

/** A request that would have been answered in this way anyhow has not been changed: `effect` is undefined. */
export type BentPlan<P> = { readonly plan: P; readonly effect: BudgetEffect | undefined }

/**
 * Returns the plan, or undefined where there is no other way.
 * @param cause the limit, for the reason
 */
export async function bendPlan<P extends Bendable>(
  plan: P,
  { to, cause }: { readonly to: 'cheaper' | 'local'; readonly cause: string },
): Promise<BentPlan<P> | undefined> {
  const decision = await plan.bend(to)
  const [first] = decision.targets
  if (decision.rejection !== undefined || first === undefined) return undefined
  if (isSame(decision.targets, plan.decision.targets)) return { plan, effect: undefined }
  const reason = `budget ${cause}: ${decision.reason.replace(/^hybrid: /, '')}`
  const effect = first.provider === 'local' ? 'local' : 'cheaper'
  return { plan: { ...plan, decision: { ...decision, reason } }, effect }
}

function isSame(one: readonly Target[], other: readonly Target[]): boolean {
  const names = (targets: readonly Target[]) => targets.map(({ provider, model }) => `${provider} ${model}`)
  return names(one).join('\n') === names(other).join('\n')
}
