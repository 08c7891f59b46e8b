/**
 * Keeps a conversation with the Claude model whose prompt cache holds it, where the router chooses: up at any time, down
 * only where that saves more than the warm prefix is worth. Pure. What it is worth is `session.ts`.
 */
import { capableModel } from '../../providers/claude/model-capabilities.ts'
import type { Choice } from '../choose-targets.ts'
import type { Circumstances } from '../circumstances.ts'
import type { Features } from '../features.ts'
import { isVirtualModel } from '../virtual-models.ts'
import { isWorthLeaving, type Session } from './session.ts'

/** Returns the choice, or one in which the model that holds the session takes the place of those below it. */
export function stayWarm(choice: Choice, features: Features, circumstances: Circumstances): Choice {
  const session = findHeld(features, circumstances)
  if (session === undefined) return choice
  const { claude } = circumstances
  const isKeptFrom = (to: string | undefined) => !isWorthLeaving(session, features, to)
  const targets = choice.targets.map((target) =>
    target.provider === 'claude' && target.model !== claude.model && isKeptFrom(target.model)
      ? { ...target, model: session.model }
      : target,
  )
  const held = targets.filter(({ provider, model }) => provider === 'claude' && model === session.model)
  const [first] = choice.targets
  const staysOffLocal = first?.provider === 'local' && isFree(circumstances) && isKeptFrom(undefined)
  if (staysOffLocal && held.length > 0) {
    const why = first.judgeThreshold === undefined ? choice.reason : 'hybrid: unsure'
    return { targets: held, reason: `${why}, ${STAYS}` }
  }
  const isChanged = first?.provider === 'claude' && first.model !== targets[0]?.model
  return { ...choice, targets, reason: isChanged ? `${choice.reason}, ${STAYS}` : choice.reason }
}

const STAYS = 'stays with the warm cache'

/** Only where the router chooses among its own models, and the one that holds the session can do what is asked. */
function findHeld(
  features: Features,
  { session, requestedModel, claude, rule }: Circumstances,
): Session | undefined {
  if (session === undefined || !isVirtualModel(requestedModel) || rule?.tier !== undefined) return undefined
  const other = [claude.model, claude.simpleModel].find((model) => model !== session.model)
  const isOwn = session.model === claude.model || session.model === claude.simpleModel
  return isOwn && capableModel(features, session.model, other ?? session.model) === session.model
    ? session
    : undefined
}

/** Whether the score alone has chosen the local model: no wish, rule or strategy that goes before. */
function isFree({ strategy, force, privacyLocal, rule, localOnlyFeature, claude }: Circumstances): boolean {
  const isWished = force !== undefined || privacyLocal || localOnlyFeature !== undefined
  return strategy === 'hybrid' && !isWished && rule?.route === undefined && claude.configured
}
