/**
 * A decision in two or three plain sentences. Says what was decided and by what; weighs nothing and quotes no request.
 */
import type { Task } from '../../shared/tasks.ts'
import type { Plan } from '../planner.ts'
import type { Target } from '../target.ts'

const ASKS_FOR: Readonly<Record<Task, string>> = {
  simple_chat: 'is small talk',
  simple_qa: 'asks a simple question',
  summarization: 'asks for a summary',
  classification: 'asks for a label or a field',
  code_generation: 'asks for code',
  tool_use: 'comes with tools',
  complex_reasoning: 'asks for reasoning',
  multi_step: 'asks for several steps',
  creative_writing: 'asks for creative writing',
  other: 'asks for something that no simple kind of task covers',
}

/** Returns the sentences. */
export function summarize({
  decision,
  thresholds,
  features,
}: Pick<Plan, 'decision' | 'thresholds' | 'features'>): string {
  const { targets, reason, task, score, complex, guard } = decision
  const [target] = targets
  const where = target === undefined ? 'It is refused' : `It goes to ${nameTarget(target)}`
  const compared = `its score ${score.toFixed(3)} is ${complex ? 'not below' : 'below'} ${thresholds.complex.toFixed(3)}, where complex begins`
  return [
    `${where} (${reason}).`,
    features.usesTools
      ? `The request ${ASKS_FOR[task]}.`
      : `The last message ${ASKS_FOR[task]}: ${compared}.`,
    ...(guard === undefined ? [] : [`A guard keeps it from the local model: ${guard}.`]),
  ].join(' ')
}

/** Returns how people call a target. */
export function nameTarget({ provider, model }: Target): string {
  return provider === 'local' ? `the local model (${model})` : `Claude (${model})`
}
