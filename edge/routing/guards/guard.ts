/**
 * What a guard is: a named check that keeps a request from a local model, whatever the classifier's score. Guards never
 * make a request easier. The lists stand beside this file; their order is `guards.ts`'s.
 */
import type { ModelCard } from '../../../shared/model-card.ts'
import type { SimpleTask } from '../../../shared/tasks.ts'
import type { Features } from '../features.ts'

export type GuardSubject = {
  readonly features: Features
  /** What it is, if it is simple, as the classifier names it. */
  readonly simpleTask: SimpleTask
  /** Whether its score makes it complex, so that no card is asked about it. */
  readonly complex: boolean
  /** Whether the classifier finds that a wrong answer could do harm. */
  readonly sensitive: boolean
  /** What may be asked of the local model; undefined where it is switched off. */
  readonly local:
    | {
        readonly card: ModelCard
        readonly maxInputTokens: number
        /** Whether its server can be held to a form of the answer; absent: it cannot. */
        readonly structuredOutputs?: boolean
      }
    | undefined
}

export type Guard = {
  /** A short fixed phrase: the reason in headers and log lines. */
  readonly name: string
  /**
   * `capability`: a text model cannot serve the request at all, not even where nobody else may. `content`: what it says
   * needs Claude. `trust`: the request is simple, but this model is not trusted with it; Claude's cheap model is.
   */
  readonly kind: 'capability' | 'content' | 'trust'
  /** What a client reads where only the local model may answer. Given for capabilities. */
  readonly explanation?: (subject: GuardSubject) => string
  readonly stops: (subject: GuardSubject) => boolean
}
