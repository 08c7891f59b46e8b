/**
 * What would move a request to another model: every change of the table, and every other score, tried by making the plan
 * anew; only what moved it is told. Knows no change itself (`changes.ts`).
 */
import type { Plan } from '../planner.ts'
import type { Features } from '../routing/features.ts'
import type { Thresholds } from '../routing/thresholds.ts'
import type { Target } from '../target.ts'
import { type Change, ROWS } from './changes.ts'
import { planOf, type Situation } from './situation.ts'
import { nameTarget } from './summary.ts'

export type WouldChange = {
  readonly by: Change['by'] | 'score'
  /** Such as `x-router-force: local` or `a score below 0.41 (now 0.62)`. */
  readonly change: string
  readonly route: Target['provider']
  readonly model: string
  readonly reason: string
  /** All of it in one sentence. */
  readonly statement: string
}

/**
 * Returns what would move the request, each change for itself.
 * @param plan made in `situation`
 */
export async function whatWouldChange(plan: Plan, situation: Situation): Promise<readonly WouldChange[]> {
  const found = [...(await otherScores(plan, situation))]
  for (const row of ROWS) {
    for (const change of row(plan, situation)) {
      if (change.control !== undefined && situation.request.tenant.forbid.includes(change.control)) continue
      const changed = await planOf(change.apply(situation))
      if (changed === undefined || !isMoved(plan, changed)) continue
      found.push(...tell(change, changed))
      break
    }
  }
  return found
}

/** The scores between two thresholds are all alike: one stands for all of them. */
async function otherScores(plan: Plan, situation: Situation): Promise<readonly WouldChange[]> {
  const { features, secondScore, verdict } = plan
  // Of these the score is not the classifier's alone.
  if (features.usesTools || secondScore !== undefined) return []
  const plans = new Map<number, Plan | undefined>([[0, undefined]])
  // A rule may bring thresholds of its own: what is added is visited, too.
  for (const from of plans.keys()) {
    const at = await planOf(withScore(situation, features, from))
    plans.set(from, at)
    for (const threshold of [plan, at].flatMap((known) => (known ? boundsOf(known.thresholds) : [])))
      if (threshold < 1 && !plans.has(threshold)) plans.set(threshold, undefined)
  }
  const starts = [...plans.keys()].toSorted((a, b) => a - b)
  const ranges: { readonly from: number; to: number; readonly plan: Plan | undefined }[] = []
  for (const [index, from] of starts.entries()) {
    const to = starts[index + 1] ?? 1
    const at = plans.get(from)
    const last = ranges.at(-1)
    if (last?.plan !== undefined && at !== undefined && !isMoved(last.plan, at)) last.to = to
    else ranges.push({ from, to, plan: at })
  }
  return ranges.flatMap(({ from, to, plan: at }) => {
    const range = nameRange(from, to)
    if (at === undefined || range === undefined || !isMoved(plan, at)) return []
    return tell({ by: 'score', change: `a score ${range} (now ${verdict.score.toFixed(3)})` }, at)
  })
}

function withScore(situation: Situation, features: Features, score: number): Situation {
  const { classifier } = situation.dependencies
  const { simpleTask, complexTask, sensitive, language } = classifier.classify(features)
  const verdict = { score, simpleTask, complexTask, sensitive, language }
  return {
    ...situation,
    dependencies: { ...situation.dependencies, classifier: { ...classifier, classify: () => verdict } },
  }
}

function boundsOf({ complex, strong, unsure }: Thresholds): readonly number[] {
  return [complex, strong, unsure.from, unsure.to]
}

/** Rounded towards the inside: every score of the range that is named is one of it. */
function nameRange(from: number, to: number): string | undefined {
  const least = Math.ceil(from * 1_000) / 1_000
  const most = Math.floor(to * 1_000) / 1_000
  if (from === 0) return most === 0 ? undefined : `below ${most}`
  if (to === 1) return `of ${least} or more`
  return least < most ? `from ${least} to below ${most}` : undefined
}

function isMoved(before: Plan, after: Plan): boolean {
  const [a] = before.decision.targets
  const [b] = after.decision.targets
  return b !== undefined && (a?.provider !== b.provider || a.model !== b.model)
}

function tell({ by, change }: Pick<WouldChange, 'by' | 'change'>, { decision }: Plan): WouldChange[] {
  const { reason, targets } = decision
  return targets.slice(0, 1).map(({ provider, model, judgeThreshold }) => {
    const condition = change.startsWith('without') ? change.replace('w', 'W') : `With ${change}`
    const unless = judgeThreshold === undefined ? '' : ', unless its judge finds it too hard'
    const statement = `${condition} it would go to ${nameTarget({ provider, model })}${unless}.`
    return { by, change, route: provider, model, reason, statement }
  })
}
