/**
 * The table of the strategies: which targets may answer a request, in which order, and why.
 * Pure: no clock, no I/O. Whether a target works right now is the fallback's business.
 */
import { RouterError } from '../../shared/errors.ts'
import type { ModelCard } from '../../shared/model-card.ts'
import type { Task } from '../../shared/tasks.ts'
import { capableModel } from '../providers/claude/model-capabilities.ts'
import type { Strategy } from '../strategy.ts'
import type { ProviderName, Target } from '../target.ts'
import type { Verdict } from './classifier/classifier.ts'
import type { Features } from './features.ts'
import type { Guard, GuardSubject } from './guards/guard.ts'
import { findGuard, saysWhatNeedsClaude } from './guards/guards.ts'
import type { AppliedRule } from './operator-rules/find-rule.ts'
import { secondThreshold } from './second-look/combination.ts'
import type { Session } from './sessions/session.ts'
import { stayWarm } from './sessions/stay-warm.ts'
import { isSideRequest } from './side-requests.ts'
import type { Thresholds } from './thresholds.ts'
import { isVirtualModel, LOCAL_MODEL } from './virtual-models.ts'

export type Circumstances = {
  readonly strategy: Strategy
  readonly requestedModel: string
  /** Whether the strategy applies to the requested model name. */
  readonly routed: boolean
  readonly force: ProviderName | undefined
  /** Whether naming the local model, which forces it, is allowed. */
  readonly mayForce: boolean
  /** The request must never leave for Claude. */
  readonly privacyLocal: boolean
  /** Whether side requests of clients may leave Claude where the model's card allows it. */
  readonly sideRequestsLocal: boolean
  /** The request belongs to an agent's session, whose side requests (a title, a topic) must follow it to Claude. */
  readonly staysWithSession: boolean
  /** Only the local model can give what the request wants, so no other may answer in its place. */
  readonly localOnlyFeature: string | undefined
  /** Undefined where the local model is switched off. */
  readonly local:
    | {
        readonly model: string
        readonly card: ModelCard
        readonly maxInputTokens: number
        readonly structuredOutputs?: boolean
        /** Whether its server judges requests before it answers them; absent: it does not. */
        readonly judges?: boolean
      }
    | undefined
  readonly claude: { readonly configured: boolean; readonly model: string; readonly simpleModel: string }
  readonly thresholds: Thresholds
  /** The operator's own rule for this request; its threshold is already among `thresholds`. */
  readonly rule: AppliedRule | undefined
  /** The score of edge and judge together from which on a request counts as complex; undefined where no judge is asked. */
  readonly judgedFrom?: number | undefined
  /** Whether a second look is part of the verdict, or was asked and said nothing; undefined where none was asked. */
  readonly secondLook?: 'answered' | 'missing' | undefined
  /** Which of Claude's models answers turns with tools that ask for nothing hard. */
  readonly simpleToolTurns: 'strong' | 'cheap'
  /** What a Claude model holds of this conversation in its prompt cache; undefined where nothing is known to be warm. */
  readonly session?: Session | undefined
}

/** Where the score lies: a second look can change the decision of `unsure` requests only. */
export type Zone = 'simple' | 'unsure' | 'complex'

export type Decision = {
  readonly task: Task
  /** How surely complex, 0 to 1. */
  readonly score: number
  /** Whether the score, or that tools are used, makes it complex. */
  readonly complex: boolean
  readonly zone: Zone
  /** In the order in which they are tried. Empty only beside `rejection`. */
  readonly targets: readonly Target[]
  /** A short fixed phrase, such as `hybrid: simple task`. */
  readonly reason: string
  /** The name of the guard that keeps the request from a local model, or undefined. */
  readonly guard: string | undefined
  /** What Claude would have been asked for, whether or not it is among the targets. */
  readonly claudeModel: string
  /** What Claude is asked for where the local model finds the request complex. */
  readonly complexModel: string
  readonly rejection?: RouterError
}

export type Choice = Pick<Decision, 'targets' | 'reason' | 'rejection'>

type Considered = {
  readonly subject: GuardSubject
  readonly complex: boolean
  readonly guard: Guard | undefined
  readonly isSide: boolean
  /** Set where the local model's own judge has the last word. */
  readonly judgeThreshold: number | undefined
}

/** Returns the targets of a request, or why it is refused. */
export function decide(features: Features, verdict: Verdict, circumstances: Circumstances): Decision {
  const judged = judge(features, verdict, circumstances.thresholds)
  const { task, complex } = judged
  const { sensitive, simpleTask } = verdict
  const { local, strategy, rule } = circumstances
  const asSimple: GuardSubject = { features, simpleTask, sensitive, complex: false, local }
  // Only what the model is trusted with, and no rule decides, is worth a look of its own.
  const judgedFrom =
    strategy === 'hybrid' &&
    local?.judges &&
    judged.zone === 'unsure' &&
    rule?.route === undefined &&
    rule?.threshold === undefined &&
    circumstances.secondLook === undefined &&
    // Without Claude nobody takes what the judge declines: what the edge finds simple is answered unjudged.
    (complex || circumstances.claude.configured) &&
    !findGuard(asSimple)
      ? circumstances.judgedFrom
      : undefined
  const subject = judgedFrom === undefined ? { ...asSimple, complex } : asSimple
  const guard = findGuard(subject)
  const isSide = isSideRequest(features.lastUserText)
  const tier = rule?.tier
  // An image beside a danger makes it no lesser one; of turns with tools SIMPLE_TOOL_TURNS decides.
  const isMasked = guard?.kind === 'capability' && !features.usesTools && saysWhatNeedsClaude(subject)
  const isGuarded = (guard?.kind === 'content' || isMasked) && !isSide
  const isHard =
    tier === undefined
      ? isGuarded || (!isSide && needsStrongModel(features, verdict, circumstances))
      : isGuarded || tier === 'strong'
  const model = claudeModel(features, isHard, circumstances)
  const judgeThreshold = judgedFrom === undefined ? undefined : secondThreshold(judged.score, judgedFrom)
  const choice = chooseTargets({ subject, complex, guard, isSide, judgeThreshold }, circumstances, {
    provider: 'claude',
    model,
  })
  const named = nameRule(withoutOthers(choice, circumstances.localOnlyFeature), rule, judged.zone)
  const stayed = stayWarm(named, features, circumstances)
  return {
    ...judged,
    task,
    ...named,
    ...stayed,
    guard: choice.targets[0]?.provider === 'local' ? undefined : guard?.name,
    claudeModel: stayed.targets.find(({ provider }) => provider === 'claude')?.model ?? model,
    complexModel: claudeModel(features, tier !== 'cheap', circumstances),
  }
}

/** Where a rule has chosen the side nobody looks twice; where it changed something else the reason says so. */
function nameRule(
  choice: Choice,
  rule: AppliedRule | undefined,
  zone: Zone,
): Choice & Pick<Decision, 'zone'> {
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
): Pick<Decision, 'task' | 'score' | 'complex' | 'zone'> {
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

function chooseTargets(
  { subject, complex, guard, isSide, judgeThreshold }: Considered,
  circumstances: Circumstances,
  claude: Target,
): Choice {
  const { strategy, local, requestedModel, force, privacyLocal, rule } = circumstances
  const unable = guard?.kind === 'capability' ? guard : undefined
  const namesLocal = namesLocalModel(requestedModel, local)
  if (namesLocal && !circumstances.mayForce)
    return refuse(
      'forced: local',
      'forbidden',
      'Naming the local model is not allowed for this key. Use "auto".',
    )
  const forced = namesLocal ? 'local' : force

  if (privacyLocal || forced === 'local' || (strategy === 'local_only' && forced !== 'claude')) {
    const why = privacyLocal ? 'privacy: local only' : forced === 'local' ? 'forced: local' : 'local_only'
    if (local === undefined)
      return refuse(why, 'configuration', 'The local model is switched off (LOCAL_LLM_ENABLED).')
    if (unable !== undefined)
      return refuse(
        `${why}: ${unable.name}`,
        'invalid_request',
        unable.explanation?.(subject) ?? `The local model cannot serve this request (${unable.name}).`,
      )
    return { targets: [{ provider: 'local', model: local.model }], reason: why }
  }
  const toClaude = (reason: string): Choice => ({ targets: [claude], reason })
  if (forced === 'claude') return toClaude('forced: Claude')
  if (unable !== undefined) return toClaude(unable.name)
  if (circumstances.staysWithSession) return toClaude('side request of a session')
  if (!circumstances.routed) return toClaude('model not routed')
  if (strategy === 'claude_only') return toClaude('claude_only')
  if (local === undefined) return toClaude(`${strategy}: local model off`)

  const both: readonly Target[] = [{ provider: 'local', model: local.model }, claude]
  if (rule?.route === 'claude') return toClaude(rule.reason)
  // No rule lifts what needs Claude; what the score and the model's card say, it does.
  if (rule?.route === 'local' && guard?.kind !== 'content') return { targets: both, reason: rule.reason }
  if (strategy === 'local_fallback') return { targets: both, reason: 'local_fallback: local first' }
  if (isSide)
    return circumstances.sideRequestsLocal && guard === undefined && local.card.trust.summarization === 'full'
      ? { targets: both, reason: 'hybrid: side request' }
      : toClaude('hybrid: side request')
  if (guard?.kind === 'content') return toClaude(`hybrid: ${guard.name}`)
  if (judgeThreshold !== undefined)
    return {
      targets: [{ provider: 'local', model: local.model, judgeThreshold }, claude],
      reason: 'hybrid: unsure, judged by the local model',
    }
  if (circumstances.secondLook === 'missing' && circumstances.claude.configured)
    return toClaude('hybrid: unsure, no second look')
  if (complex) return toClaude('hybrid: complex task')
  if (guard === undefined) return { targets: both, reason: 'hybrid: simple task' }
  if (circumstances.claude.configured) return toClaude(`hybrid: simple task, ${guard.name}`)
  return { targets: both, reason: 'hybrid: simple task, Claude not configured' }
}

function withoutOthers(decision: Choice, feature: string | undefined): Choice {
  if (feature === undefined || decision.rejection !== undefined) return decision
  const targets = decision.targets.filter((target) => target.provider === 'local')
  if (targets[0] === decision.targets[0]) return { ...decision, targets }
  const message = `${feature}: only the local model has this, and the request goes to Claude (${decision.reason}). Leave it out, or send x-router-force: local.`
  return refuse(decision.reason, 'invalid_request', message)
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
  if (!isVirtualModel(requestedModel) && !namesLocalModel(requestedModel, local)) return requestedModel
  return isHard
    ? capableModel(features, claude.model, claude.simpleModel)
    : capableModel(features, claude.simpleModel, claude.model)
}

function namesLocalModel(requestedModel: string, local: Circumstances['local']): boolean {
  return requestedModel === LOCAL_MODEL || requestedModel === local?.model
}

function refuse(
  reason: string,
  code: 'configuration' | 'invalid_request' | 'forbidden',
  message: string,
): Choice {
  return { targets: [], reason, rejection: new RouterError(code, message) }
}
