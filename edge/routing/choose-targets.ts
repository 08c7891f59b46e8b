/**
 * The table of the strategies: which targets may answer a request, in which order, and why. Whether a request is complex, and
 * which of Claude's models it is for, is known before (`decide.ts`); whether a target works right now is the fallback's
 * business.
 */
import { RouterError } from '../../shared/errors.ts'
import type { Target } from '../target.ts'
import type { Circumstances } from './circumstances.ts'
import type { Guard, GuardSubject } from './guards/guard.ts'
import { namesLocalModel } from './virtual-models.ts'

export type Choice = {
  /** In the order in which they are tried. Empty only beside `rejection`. */
  readonly targets: readonly Target[]
  /** A short fixed phrase, such as `hybrid: simple task`. */
  readonly reason: string
  readonly rejection?: RouterError
}

/** What has been found out about the request. */
export type Considered = {
  readonly subject: GuardSubject
  readonly complex: boolean
  readonly guard: Guard | undefined
  readonly isSide: boolean
  /** Set where the local model's own judge has the last word. */
  readonly judgeThreshold: number | undefined
}

/**
 * Returns who is asked in which order, or why nobody is.
 * @param claude what Claude is asked for where it is among the targets
 */
export function chooseTargets(considered: Considered, circumstances: Circumstances, claude: Target): Choice {
  const choice = chooseByStrategy(considered, circumstances, claude)
  return withoutOthers(choice, circumstances.localOnlyFeature)
}

function chooseByStrategy(
  { subject, complex, guard, isSide, judgeThreshold }: Considered,
  circumstances: Circumstances,
  claude: Target,
): Choice {
  const { strategy, local, requestedModel, force, privacyLocal, rule } = circumstances
  const unable = guard?.kind === 'capability' ? guard : undefined
  const namesLocal = namesLocalModel(requestedModel, local?.model)
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

function withoutOthers(choice: Choice, feature: string | undefined): Choice {
  if (feature === undefined || choice.rejection !== undefined) return choice
  const targets = choice.targets.filter((target) => target.provider === 'local')
  if (targets[0] === choice.targets[0]) return { ...choice, targets }
  const message = `${feature}: only the local model has this, and the request goes to Claude (${choice.reason}). Leave it out, or send x-router-force: local.`
  return refuse(choice.reason, 'invalid_request', message)
}

function refuse(
  reason: string,
  code: 'configuration' | 'invalid_request' | 'forbidden',
  message: string,
): Choice {
  return { targets: [], reason, rejection: new RouterError(code, message) }
}
