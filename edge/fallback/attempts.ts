/**
 * Writes down what comes of one request's targets while they are asked: failures, upstream requests without an answer,
 * scores. Chooses nobody and asks nobody.
 */
import type { RouterError } from '../../shared/errors.ts'
import type { Usage } from '../../shared/messages.ts'
import type { Answer, AttemptContext } from '../providers/provider.ts'
import type { Target } from '../target.ts'
import { causeOf, type FailedAttempt, type Failure, type FailureCause } from './failure.ts'

export type AttemptFacts = {
  readonly failures: readonly Failure[]
  /** Every upstream request that gave no answer, also of a target that answered when it was asked again. */
  readonly failedAttempts: readonly FailedAttempt[]
  /** Upstream requests that were made. */
  readonly attempts: number
  /** What a server's own judge said, or undefined where none was asked. */
  readonly judgeScore: number | undefined
  /** How probable a server's model found it that it would only guess, 0 to 1; undefined where it did not say. */
  readonly handoverScore: number | undefined
  /** How surely wrong a server found its model's answer, 0 to 1; undefined where it verified none. */
  readonly verifyScore: number | undefined
}

/** One target's part of the record. */
export type TargetRecord = {
  readonly context: AttemptContext
  /** It has failed by itself. */
  readonly failed: (error: RouterError) => void
  /** Another one has answered or will: what it tells from now on is told of an attempt that was given up. */
  readonly givenUp: (cause: FailureCause) => void
  /** Nothing that it tells counts any more; what it has under way is written down. @param late an answer that nobody gets */
  readonly closed: (late?: Answer) => void
}

export type AttemptRecord = {
  readonly facts: () => AttemptFacts
  readonly failures: readonly Failure[]
  readonly begin: (target: Target, askedAs: AskedAs) => TargetRecord
  /** The target is passed over for another that had content first. */
  readonly passedOver: (target: Target) => void
}

/** What a provider is told of how it is asked. */
export type AskedAs = Pick<AttemptContext, 'isFallback' | 'isLast' | 'onContent'>

/** Returns a record of nothing yet. */
export function createAttemptRecord(): AttemptRecord {
  const failures: Failure[] = []
  const failedAttempts: FailedAttempt[] = []
  let attempts = 0
  let judgeScore: number | undefined
  let handoverScore: number | undefined
  let verifyScore: number | undefined

  const begin = ({ provider, model }: Target, askedAs: AskedAs): TargetRecord => {
    let underWay = 0
    let told = false
    let cause: FailureCause | undefined
    let isClosed = false
    const write = (attempt: Omit<FailedAttempt, 'provider'>) => {
      told = true
      failedAttempts.push({ provider, ...attempt, cause: cause ?? attempt.cause })
    }
    const context: AttemptContext = {
      ...askedAs,
      onAttempt() {
        if (isClosed) return
        attempts++
        underWay++
      },
      onJudged(score) {
        judgeScore = score
      },
      onWeighed(score) {
        handoverScore = score
      },
      onVerified(score) {
        verifyScore = score
      },
      onFailedAttempt(failed) {
        if (isClosed) return
        underWay--
        write(failed)
      },
    }
    return {
      context,
      failed(error) {
        const failure = { provider, cause: causeOf(error) }
        failures.push(failure)
        // Whoever tells of no attempt of its own has used nothing that is paid for by the token.
        if (!told) write({ ...failure, model, usage: {} })
        isClosed = true
      },
      givenUp(why) {
        cause = why
      },
      closed(late) {
        isClosed = true
        if (underWay > 0) write({ cause: 'error', model, usage: provider === 'local' ? {} : usageOf(late) })
      },
    }
  }
  return {
    failures,
    begin,
    passedOver: ({ provider }) => void failures.push({ provider, cause: 'hedged' }),
    facts: () => ({ failures, failedAttempts, attempts, judgeScore, handoverScore, verifyScore }),
  }
}

/** What an answer told of its tokens that was not waited for to its end. */
function usageOf(answer: Answer | undefined): Usage | undefined {
  return answer?.body.kind === 'stream' ? answer.body.begun?.usage : answer?.body.message?.usage
}
