/**
 * Decides about a request: what its score means by the thresholds, whether the local model's judge is asked, which of Claude's
 * models it is for. Who may answer then stands in `choose-targets.ts`. Pure: no clock, no I/O.
 */
import type { Task } from '../../shared/tasks.ts'
import { capableModel } from '../providers/claude/model-capabilities.ts'
import { type Choice, chooseTargets } from './choose-targets.ts'
import type { Circumstances } from './circumstances.ts'
import type { Verdict } from './classifier/classifier.ts'
import type { Features } from './features.ts'
import type { GuardSubject } from './guards/guard.ts'
import { findGuard, saysWhatNeedsClaude } from './guards/guards.ts'
import type { AppliedRule } from './operator-rules/find-rule.ts'
import { secondThreshold } from './second-look/combination.ts'
import { stayWarm } from './sessions/stay-warm.ts'
import { isSideRequest } from './side-requests.ts'
import type { Thresholds } from './thresholds.ts'
import { isVirtualModel, namesLocalModel } from './virtual-models.ts'

/** Where the score lies: a second look can change the decision of `unsure` requests only. */
export type Zone = 'simple' | 'unsure' | 'complex'

/** What the score means. */
type Judged = {
  readonly task: Task
  /** How surely complex, 0 to 1. */
  readonly score: number
  /** Whether the score, or that tools are used, makes it complex. */
  readonly complex: boolean
  readonly zone: Zone
}

export type Decision = Judged &
  Choice & {
    /** The name of the guard that keeps the request from a local model, or undefined. */
    readonly guard: string | undefined
    /** What Claude would have been asked for, whether or not it is among the targets. */
    readonly claudeModel: string
    /** What Claude is asked for where the local model finds the request complex. */
    readonly complexModel: string
  }

/** Returns the targets of a request, or why it is refused. */
export function decide(features: Features, verdict: Verdict, circumstances: Circumstances): Decision {
  const judged = judge(features, verdict, circumstances.thresholds)
  const { complex } = judged
  const { sensitive, simpleTask } = verdict
  const { local, rule } = circumstances
  const asSimple: GuardSubject = { features, simpleTask, sensitive, complex: false, local }
  const judgeThreshold = judgeThresholdOf(judged, asSimple, circumstances)
  const subject = judgeThreshold === undefined ? { ...asSimple, complex } : asSimple
  const guard = findGuard(subject)
  const isSide = isSideRequest(features.lastUserText)
  const tier = rule?.tier
  // An image beside a danger makes it no lesser one; of turns with tools SIMPLE_TOOL_TURNS decides.
  const isMasked = guard?.kind === 'capability' && !features.usesTools && saysWhatNeedsClaude(subject)
  const isGuarded = (guard?.kind === 'content' || isMasked) && !isSide
  const needsStrong =
    tier === undefined ? !isSide && needsStrongModel(features, verdict, circumstances) : tier === 'strong'
  const model = claudeModel(features, isGuarded || needsStrong, circumstances)
  const choice = chooseTargets({ subject, complex, guard, isSide, judgeThreshold }, circumstances, {
    provider: 'claude',
    model,
  })
  const named = nameRule(choice, rule, judged.zone)
  const stayed = stayWarm(named, features, circumstances)
  return {
    ...judged,
    ...named,
    ...stayed,
    guard: choice.targets[0]?.provider === 'local' ? undefined : guard?.name,
    claudeModel: stayed.targets.find(({ provider }) => provider === 'claude')?.model ?? model,
    complexModel: claudeModel(features, tier !== 'cheap', circumstances),
  }
}

/**
 * Returns the score of the local model's judge from which on it must decline, or undefined where it is not asked: only what
 * the model is trusted with, and no rule decides, is worth a look of its own.
 */
function judgeThresholdOf(
  { score, zone, complex }: Judged,
  asSimple: GuardSubject,
  { strategy, local, rule, secondLook, claude, judgedFrom, localOnlyFeature }: Circumstances,
): number | undefined {
  const isOpen =
    strategy === 'hybrid' &&
    zone === 'unsure' &&
    local?.judges &&
    rule?.route === undefined &&
    rule?.threshold === undefined &&
    secondLook === undefined &&
    // Where nobody takes what the judge declines, what the edge finds simple is answered unjudged.
    localOnlyFeature === undefined &&
    (complex || claude.configured)
  if (judgedFrom === undefined || !isOpen || findGuard(asSimple)) return undefined
  return secondThreshold(score, judgedFrom)
}

/** Where a rule has chosen the side nobody looks twice; where it changed something else the reason says so. */
function nameRule(choice: Choice, rule: AppliedRule | undefined, zone: Zone): Choice & Pick<Judged, 'zone'> {
  if (rule === undefined) return { ...choice, zone }
  if (choice.reason === rule.reason) return { ...choice, zone: rule.route === 'local' ? 'simple' : 'complex' }
  const isChanged = rule.tier !== undefined || rule.threshold !== undefined
  if (!isChanged || choice.targets.every(({ provider }) => provider === 'local')) return { ...choice, zone }
  return { ...choice, zone, reason: `${choice.reason}, ${rule.reason}` }
}

/** Returns what the score means by these thresholds. Tool use always goes to Claude, whatever is said beside it. */
export function judge(
  { usesTools }: Features,
  { score, simpleTask, complexTask }: Verdict,
  { complex: threshold, unsure }: Thresholds,
): Judged {
  if (usesTools) return { task: 'tool_use', score: 1, complex: true, zone: 'complex' }
  const complex = score >= threshold
  const zone = score < unsure.from ? 'simple' : score < unsure.to ? 'unsure' : 'complex'
  return { task: complex ? complexTask : simpleTask, score, complex, zone }
}

function needsStrongModel(
  { usesTools }: Features,
  { score }: Verdict,
  { thresholds, simpleToolTurns }: Circumstances,
): boolean {
  return score >= thresholds.strong || (usesTools && simpleToolTurns === 'strong')
}

/**
 * A concrete name is used as it is; a virtual one means the strong model for hard work, else the cheap one, unless only
 * the other can do what the request demands.
 */
function claudeModel(
  features: Features,
  isHard: boolean,
  { requestedModel, local, claude }: Circumstances,
): string {
  if (!isVirtualModel(requestedModel) && !namesLocalModel(requestedModel, local?.model)) return requestedModel
  return isHard
    ? capableModel(features, claude.model, claude.simpleModel)
    : capableModel(features, claude.simpleModel, claude.model)
}
