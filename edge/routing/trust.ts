/**
 * What the local model is trusted with in the end: its own card, as far as the operator's `LOCAL_TASKS` leaves it.
 */
import { type ModelCard, trustByTask, uniformTrust } from '../../shared/model-card.ts'
import { SIMPLE_TASKS, type SimpleTask } from '../../shared/tasks.ts'

/** A server that says nothing about its model is the operator's choice: trusted with every simple task. */
const WITHOUT_CARD: ModelCard = {
  trust: uniformTrust('full'),
  languages: null,
  maxTemperature: null,
  exam: null,
}

/**
 * Returns the card that decisions use. Naming tasks names tasks and nothing else: a named task keeps the card's level, or
 * is trusted fully where the card says `none`, because the operator says otherwise; the others are not asked for. Naming
 * all four trusts the model with everything, in every language. No guard that holds for every model is lifted by any of it.
 */
export function effectiveCard(
  card: ModelCard | undefined,
  localTasks: 'auto' | readonly SimpleTask[],
): ModelCard {
  const own = card ?? WITHOUT_CARD
  if (localTasks === 'auto') return own
  if (SIMPLE_TASKS.every((task) => localTasks.includes(task)))
    return { ...own, trust: uniformTrust('full'), languages: null }
  const trust = trustByTask((task) => {
    if (!localTasks.includes(task)) return 'none'
    return own.trust[task] === 'none' ? 'full' : own.trust[task]
  })
  return { ...own, trust }
}
