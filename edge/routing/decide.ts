/**
 * The table of the strategies: which targets may answer a request, in which order, and why.
 * Pure: no clock, no I/O. Whether a target works right now is the fallback's business.
 */
import { RouterError } from '../../shared/errors.ts'
import { isSimpleTask, type SimpleTask } from '../../shared/tasks.ts'
import type { Strategy } from '../strategy.ts'
import type { ProviderName, Target } from '../target.ts'
import type { Verdict } from './classifier.ts'
import type { Features } from './features.ts'
import { looksEnglish } from './language.ts'
import { isVirtualModel, LOCAL_MODEL } from './models.ts'
import { findRule } from './rules.ts'
import { smallModelDoubt } from './small-model.ts'

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
  /** A side request of an agent's session (a title, a topic) that must follow the session to Claude. */
  readonly staysWithSession: boolean
  /** Only the local model can give what the request wants, so no other may answer in its place. */
  readonly localOnlyFeature: string | undefined
  /** Undefined where the local model is switched off. */
  readonly local:
    | {
        readonly model: string
        readonly tasks: readonly SimpleTask[]
        readonly maxInputTokens: number
        /** The model speaks English only. */
        readonly englishOnly: boolean
        /** By its own word not good at facts, so given nothing but small talk and plain summaries. */
        readonly isSmall: boolean
      }
    | undefined
  readonly claude: { readonly configured: boolean; readonly model: string; readonly simpleModel: string }
}

export type Decision = {
  /** In the order in which they are tried. Empty only beside `refusal`. */
  readonly targets: readonly Target[]
  /** A short fixed phrase, such as `hybrid: simple task`. */
  readonly reason: string
  /** What Claude would have been asked for, whether or not it is among the targets. */
  readonly claudeModel: string
  readonly refusal?: RouterError
}

/** Returns the targets of a request, or why it is refused. */
export function decide(features: Features, verdict: Verdict, circumstances: Circumstances): Decision {
  const model = claudeModel(verdict, circumstances)
  const decision = chooseTargets(features, verdict, circumstances, { provider: 'claude', model })
  return { ...withoutOthers(decision, circumstances.localOnlyFeature), claudeModel: model }
}

function chooseTargets(
  features: Features,
  verdict: Verdict,
  circumstances: Circumstances,
  claude: Target,
): Omit<Decision, 'claudeModel'> {
  const { strategy, local, requestedModel, force, privacyLocal } = circumstances
  const rule = findRule(features, { maxInputTokens: local?.maxInputTokens ?? Number.POSITIVE_INFINITY })
  const namesLocal = requestedModel === LOCAL_MODEL || requestedModel === local?.model
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
    if (rule !== undefined)
      return refuse(`${why}: ${rule.reason}`, 'invalid_request', rule.explanation(features))
    return { targets: [{ provider: 'local', model: local.model }], reason: why }
  }
  if (forced === 'claude') return { targets: [claude], reason: 'forced: Claude' }
  if (rule !== undefined) return { targets: [claude], reason: rule.reason }
  if (circumstances.staysWithSession) return { targets: [claude], reason: 'side request of a session' }
  if (!circumstances.routed) return { targets: [claude], reason: 'model not routed' }
  if (strategy === 'claude_only') return { targets: [claude], reason: 'claude_only' }
  if (local === undefined) return { targets: [claude], reason: `${strategy}: local model off` }

  const both: readonly Target[] = [{ provider: 'local', model: local.model }, claude]
  if (strategy === 'local_fallback') return { targets: both, reason: 'local_fallback: local first' }
  if (verdict.complex || !isSimpleTask(verdict.task))
    return { targets: [claude], reason: 'hybrid: complex task' }
  const doubt = !local.tasks.includes(verdict.task)
    ? 'local model not trusted with it'
    : local.englishOnly && !looksEnglish(features.lastUserText)
      ? 'local model does not speak the language'
      : local.isSmall
        ? smallModelDoubt(features, verdict)
        : undefined
  if (doubt === undefined) return { targets: both, reason: 'hybrid: simple task' }
  if (circumstances.claude.configured) return { targets: [claude], reason: `hybrid: simple task, ${doubt}` }
  return { targets: both, reason: 'hybrid: simple task, Claude not configured' }
}

function withoutOthers(
  decision: Omit<Decision, 'claudeModel'>,
  feature: string | undefined,
): Omit<Decision, 'claudeModel'> {
  if (feature === undefined || decision.refusal !== undefined) return decision
  const targets = decision.targets.filter((target) => target.provider === 'local')
  if (targets[0] === decision.targets[0]) return { ...decision, targets }
  const message = `${feature}: only the local model has this, and the request goes to Claude (${decision.reason}). Leave it out, or send x-router-force: local.`
  return refuse(decision.reason, 'invalid_request', message)
}

/** A concrete name is used as it is; a virtual one means the strong model for complex work, else the cheap one. */
function claudeModel(verdict: Verdict, { requestedModel, claude }: Circumstances): string {
  if (!isVirtualModel(requestedModel) && requestedModel !== LOCAL_MODEL) return requestedModel
  return verdict.complex || !isSimpleTask(verdict.task) ? claude.model : claude.simpleModel
}

function refuse(
  reason: string,
  code: 'configuration' | 'invalid_request' | 'forbidden',
  message: string,
): Omit<Decision, 'claudeModel'> {
  return { targets: [], reason, refusal: new RouterError(code, message) }
}
