/**
 * A second look at a request of which the edge is unsure: one question to a decision model, under one deadline, never asked
 * again. Whoever is absent, late or makes no sense has said nothing; what that means is decided elsewhere.
 */
import { COMPLEX_QUESTION } from '../../../shared/decision-model.ts'
import { RouterError } from '../../../shared/errors.ts'
import type { Log } from '../../../shared/log.ts'
import { createDeadline } from '../../fallback/deadline.ts'
import { createBreaker } from '../../providers/local/breaker.ts'
import { type AskDecisionModel, readProbability } from './decision-model.ts'
import { complexQuestion, type SeenRequest } from './question.ts'

export type SecondLook = {
  /** Returns how surely complex a request is, or undefined where no sound answer came in time. Never throws. */
  readonly ask: (seen: SeenRequest, signal: AbortSignal) => Promise<number | undefined>
}

export type SecondLookOptions = {
  readonly ask: AskDecisionModel
  readonly timeoutMs: number
  readonly log: Log
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Whoever fails three times in a row is left alone for so long, then for longer. */
const FIRST_REST_MS = 5_000
const LONGEST_REST_MS = 60_000

/** Returns the second look over one decision model. */
export function createSecondLook({ ask, timeoutMs, log, now }: SecondLookOptions): SecondLook {
  const breaker = createBreaker({ now, firstOpenMs: FIRST_REST_MS, longestOpenMs: LONGEST_REST_MS })
  return {
    async ask(seen, signal) {
      // No page tells whether it is well again: when the rest is over, one request tries.
      if (breaker.takeProbe()) breaker.probeSucceeded()
      if (!breaker.begin()) return undefined
      const deadline = createDeadline(signal, timeoutMs)
      try {
        const answer = await deadline.within(ask(complexQuestion(seen), deadline.signal))
        const probability = readProbability(answer, COMPLEX_QUESTION)
        breaker.succeeded()
        return probability
      } catch (error) {
        if (signal.aborted) breaker.abandoned()
        else {
          breaker.failed()
          log('[Router] No second look', { error: RouterError.from(error).code })
        }
        return undefined
      } finally {
        deadline.done()
      }
    },
  }
}
