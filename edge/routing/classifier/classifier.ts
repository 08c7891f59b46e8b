/**
 * Scores how surely a request is complex, and names the kind of task: features in, verdict out. Pure; knows nothing of
 * strategies, thresholds, models or guards.
 */
import { lazily } from '../../../shared/lazily.ts'
import { logistic } from '../../../shared/logistic.ts'
import { isSimpleTask, type SimpleTask, type Task } from '../../../shared/tasks.ts'
import type { Features } from '../features.ts'
import type { ClassifierModel } from './classifier-model.ts'
import { createVectorizer } from './feature-vector.ts'
import { applyHead, applySingleHead } from './linear-head.ts'
import { findReasonKinds, type Weighed } from './reason-kinds.ts'
import { findReasons, type Reason } from './reasons.ts'
import { hardestPart } from './surroundings.ts'

export type Verdict = {
  /** How surely complex: a probability. */
  readonly score: number
  /** What it most likely is, if it is simple. */
  readonly simpleTask: SimpleTask
  /** What it most likely is, if it is complex. */
  readonly complexTask: Task
  /** Whether a wrong answer could do harm: health, despair, danger, law, money. */
  readonly sensitive: boolean
  /** The most likely language, as a code such as `en`. */
  readonly language: string
}

export type ScoreExplanation = {
  /** The part of the last message that was scored; null where that is all of it. */
  readonly scored: string | null
  readonly reasons: readonly Reason[]
}

export type Classifier = {
  readonly classify: (features: Features) => Verdict
  /** Returns what spoke most for or against, strongest first. Takes longer than `classify`. */
  readonly explain: (features: Features) => ScoreExplanation
  /** Returns which kinds of reason those were, without a word of the request. */
  readonly explainKinds: (features: Features) => readonly Weighed[]
}

/** What is found in one request; numbers are logits. */
type Weighing = {
  /** The hardest part. */
  readonly part: Features
  readonly complexity: number
  readonly sensitivity: number
  readonly tasks: Float64Array
  readonly language: () => string
}

const NO_LOGITS = new Float64Array()

/** Returns a classifier. */
export function createClassifier(model: ClassifierModel): Classifier {
  const vectorize = createVectorizer()
  const simple = model.tasks.map(isSimpleTask)
  const best = (logits: Float64Array, wanted: boolean): Task => {
    let found = -1
    for (let at = 0; at < logits.length; at++)
      if (simple[at] === wanted && (found < 0 || (logits[at] as number) > (logits[found] as number)))
        found = at
    return model.tasks[found] ?? (wanted ? 'simple_chat' : 'other')
  }
  /**
   * What surrounds a request makes it neither easier nor safer: the hardest part counts, and on the way to it the one that
   * is most surely sensitive.
   */
  const weigh = (features: Features): Weighing => {
    let sensitivity = Number.NEGATIVE_INFINITY
    let tasks: Float64Array = NO_LOGITS
    const { part, score: complexity } = hardestPart(features, (candidate) => {
      const vector = vectorize(candidate)
      // The whole is vectorized here already: its task is asked for while the vector holds.
      if (candidate === features) tasks = applyHead(model.task, vector)
      sensitivity = Math.max(sensitivity, applySingleHead(model.sensitivity, vector))
      return applySingleHead(model.complexity, vector)
    })
    const language = lazily(() => {
      const logits = applyHead(model.language, vectorize(features))
      return model.languages[indexOfLargest(logits)] ?? 'en'
    })
    return { part, complexity, sensitivity, tasks, language }
  }
  /** A request is planned again by whoever explains it, and recorded at its end: what was found then is at hand still. */
  const known = new WeakMap<Features, Weighing>()
  const weighed = (features: Features): Weighing => {
    const found = known.get(features) ?? weigh(features)
    known.set(features, found)
    return found
  }
  return {
    classify(features) {
      const { complexity, sensitivity, tasks, language } = weighed(features)
      const simpleTask = best(tasks, true)
      return {
        score: logistic(complexity),
        simpleTask: isSimpleTask(simpleTask) ? simpleTask : 'simple_chat',
        complexTask: best(tasks, false),
        sensitive: logistic(sensitivity) >= model.sensitiveFrom,
        // Asked for by few: computed when it is.
        get language() {
          return language()
        },
      }
    },
    explain(features) {
      const { part } = weighed(features)
      const scored = part === features ? null : part.lastUserText
      return { scored, reasons: findReasons(part, model.complexity, vectorize) }
    },
    explainKinds: (features) => findReasonKinds(weighed(features).part, model.complexity, vectorize),
  }
}

function indexOfLargest(values: Float64Array): number {
  let largest = 0
  for (let at = 1; at < values.length; at++)
    if ((values[at] as number) > (values[largest] as number)) largest = at
  return largest
}
