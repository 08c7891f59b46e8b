/**
 * A request and all that its plan depends on, as one value that can be changed to ask what would then be decided. Asks
 * nobody: what is known of servers, sessions and second looks stands still.
 */
import type { ForeseeBudget } from '../budgets/foreseen-budget.ts'
import type { PriceList } from '../ledger/prices.ts'
import { createPlanner, type Plan, type PlannedRequest, type PlannerDependencies } from '../planner.ts'
import type { PromptCache } from '../prompt-cache/prompt-cache.ts'
import type { Features } from '../routing/features.ts'
import type { SecondLook } from '../routing/second-look/second-look.ts'
import type { ThresholdSetting, Thresholds } from '../routing/thresholds.ts'

export type ExplainedDependencies = PlannerDependencies & {
  readonly prices: PriceList
  /** Says what would be done about Claude's prompt cache; absent where nothing is. */
  readonly previewPrompt?: PromptCache['preview'] | undefined
  /** Absent where nobody has limits. */
  readonly foreseeBudget?: ForeseeBudget | undefined
  /** Returns the thresholds of the settings, with some of them changed. */
  readonly thresholdsWith: (changed: {
    readonly complex?: ThresholdSetting
    readonly strong?: ThresholdSetting
  }) => Thresholds
}

export type Situation = {
  readonly dependencies: ExplainedDependencies
  readonly request: PlannedRequest
  /** Read of the request where not given. */
  readonly features?: Features
}

/** Returns the situation in which `plan` was made, so that nothing in it is asked again. */
export function freezeSituation(
  { local, secondLook, sessions, ...dependencies }: ExplainedDependencies,
  request: PlannedRequest,
  { features, secondScore, conversation }: Plan,
): Situation {
  const ask: SecondLook['ask'] = async (asked) => {
    if (asked === features && secondScore !== undefined) return secondScore
    throw new UnknownSecondLook('What a second look would say of this is not known.')
  }
  return {
    dependencies: {
      ...dependencies,
      local: local && { ...local, refresh: async () => {} },
      sessions: {
        recall: async (turn) =>
          turn.view === request.view && conversation !== undefined ? conversation : sessions.recall(turn),
      },
      secondLook: secondLook && { ...secondLook, model: { ask } },
    },
    request: { ...request, waitUntil: () => {} },
    features,
  }
}

/** Returns the plan of a situation, or undefined where it would hang on a second look that nobody has taken. */
export async function planOf({ dependencies, request, features }: Situation): Promise<Plan | undefined> {
  try {
    return await createPlanner(dependencies)(request, features)
  } catch (error) {
    if (error instanceof UnknownSecondLook) return undefined
    throw error
  }
}

class UnknownSecondLook extends Error {}
