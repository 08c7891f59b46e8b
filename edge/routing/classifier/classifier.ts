/**
 * Scores how surely a request is complex, and names the kind of task: evidence in, verdict out. Pure; knows nothing of
 * strategies, models or guards.
 */
import { isSimpleTask, type Task } from '../../../shared/tasks.ts'
import type { Features } from '../features.ts'
import { measureSignals, SIGNAL_NAMES, type SignalName, type Signals } from './signals.ts'

/** What was learned: logistic regression over the signals. */
export type ClassifierModel = {
  readonly bias: number
  readonly weights: Readonly<Record<SignalName, number>>
}

export type Verdict = {
  readonly task: Task
  /** How surely complex, 0 to 1. */
  readonly score: number
  readonly complex: boolean
  /** The signals that fired, with what each added to the score's logit. */
  readonly evidence: Readonly<Partial<Record<SignalName, number>>>
}

export type Classifier = (features: Features) => Verdict

/**
 * Returns a classifier.
 * @param threshold score from which a request counts as complex, 0 to 1
 */
export function createClassifier({ bias, weights }: ClassifierModel, threshold: number): Classifier {
  return (features) => {
    const measured = measureSignals(features)
    const evidence: Partial<Record<SignalName, number>> = {}
    let logit = bias
    for (const name of SIGNAL_NAMES) {
      const contribution = measured[name] * weights[name]
      if (contribution === 0) continue
      evidence[name] = Math.round(contribution * 1_000) / 1_000
      logit += contribution
    }
    const score = 1 / (1 + Math.exp(-logit))
    const complex = score >= threshold
    return { task: nameTask(measured, features, complex), score, complex, evidence }
  }
}

/** Names the task so that it agrees with the verdict: a complex request never carries a simple task's name. */
function nameTask(signals: Signals, features: Features, complex: boolean): Task {
  if (features.usesTools) return 'tool_use'
  const ordered: readonly [Task, number][] = [
    ['summarization', signals.summary_request * 1.5],
    ['classification', signals.label_request * 1.2],
    [
      'simple_chat',
      Math.max(signals.greeting, signals.thanks, signals.about_the_assistant, signals.opinion_chat) * 1.1,
    ],
    ['simple_qa', Math.max(signals.question_of_fact, signals.question_mark * 0.9, signals.passage_question)],
    ['code_generation', Math.max(signals.code_request, signals.code_text, signals.language_name * 0.9) * 1.4],
    ['creative_writing', signals.creative_request * 1.3],
    [
      'complex_reasoning',
      Math.max(signals.mathematics, signals.proof_or_design, signals.reasoning_puzzle) * 1.2,
    ],
    ['multi_step', signals.several_steps * 0.8],
  ]
  let best: Task = complex ? 'other' : 'simple_chat'
  let bestWeight = 0
  for (const [task, weight] of ordered) {
    if (isSimpleTask(task) === complex || weight <= bestWeight) continue
    best = task
    bestWeight = weight
  }
  return best
}
