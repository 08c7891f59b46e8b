/**
 * Scores how surely a request is complex, and names the kind of task: features in, verdict out. Pure; knows nothing of
 * strategies, thresholds, models or guards.
 */
import { isSimpleTask, type SimpleTask, type Task } from '../../../shared/tasks.ts'
import type { Features } from '../features.ts'
import type { ClassifierModel } from './classifier-model.ts'
import { createVectorizer } from './feature-vector.ts'
import { applyHead, placeFactors } from './linear-head.ts'
import { findReasonKinds, findReasons, type Reason, type Weighed } from './reasons.ts'
import { withoutSurroundings } from './surroundings.ts'

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
  const weighPart = (part: Features) => {
    const vector = vectorize(part)
    const factors = placeFactors(vector.counts)
    const [complexity = 0] = applyHead(model.complexity, vector, factors)
    const [sensitivity = 0] = applyHead(model.sensitivity, vector, factors)
    return { part, complexity, sensitivity, vector, factors }
  }
  /**
   * What surrounds a request makes it neither easier nor safer: of the whole and what is left without, the hardest counts,
   * and the one that is most surely sensitive. The whole is weighed last, as its vector is needed further.
   */
  const weigh = (features: Features) => {
    const parts = withoutSurroundings(features.lastUserText).map((lastUserText) =>
      weighPart({ ...features, lastUserText, lastUserCharacters: lastUserText.length }),
    )
    const whole = weighPart(features)
    const hardest = parts.reduce((most, one) => (one.complexity > most.complexity ? one : most), whole)
    const sensitivity = Math.max(whole.sensitivity, ...parts.map((part) => part.sensitivity))
    return { ...whole, part: hardest.part, complexity: hardest.complexity, sensitivity }
  }
  const languageOf = (features: Features): string => {
    const vector = vectorize(features)
    const logits = applyHead(model.language, vector, placeFactors(vector.counts))
    return model.languages[indexOfLargest(logits)] ?? 'en'
  }
  return {
    classify(features) {
      const { complexity, sensitivity, vector, factors } = weigh(features)
      const tasks = applyHead(model.task, vector, factors)
      const simpleTask = best(tasks, true)
      return {
        score: probability(complexity),
        simpleTask: isSimpleTask(simpleTask) ? simpleTask : 'simple_chat',
        complexTask: best(tasks, false),
        sensitive: probability(sensitivity) >= model.sensitiveFrom,
        // Asked for by few: computed when it is.
        get language() {
          return languageOf(features)
        },
      }
    },
    explain(features) {
      const { part } = weigh(features)
      const scored = part === features ? null : part.lastUserText
      return { scored, reasons: findReasons(part, model.complexity) }
    },
    explainKinds: (features) => findReasonKinds(weigh(features).part, model.complexity),
  }
}

/** Returns the probability of a logit. */
function probability(logit: number): number {
  return 1 / (1 + Math.exp(-logit))
}

function indexOfLargest(values: Float64Array): number {
  let largest = 0
  for (let at = 1; at < values.length; at++)
    if ((values[at] as number) > (values[largest] as number)) largest = at
  return largest
}
