/**
 * How fast the model reads and writes under the load of this moment: as the self-test measured it, corrected by each answer.
 * Counts tokens and time; knows no requests.
 */
import type { Speed } from '../engine/self-test.ts'
import type { Pace } from './forecast.ts'

/** Tokens of a typical answer to a simple request: what is expected before any was written. */
const TYPICAL_ANSWER_TOKENS = 64
/** A running mean moves half the way to the newest value when so much of it has come: tokens, answers. */
const HALF_WAY = { prefillTokens: 256, tokens: 128, answers: 4, estimatedTokens: 256 } as const

export type ObservedPace = {
  /** @param idle nobody is served: then the self-test's speed counts where it is the better one */
  readonly pace: (idle: boolean) => Pace
  /** Likely tokens of an answer. */
  readonly answerTokens: () => number
  /** Likely tokens of a prompt for which so many were estimated. */
  readonly promptTokens: (estimated: number) => number
  readonly observePrompt: (estimated: number, tokens: number) => void
  /** Begins to measure how long the model takes for a prompt; the result is told that it was read. */
  readonly measurePrefill: (tokens: number) => () => void
  readonly observeTokens: (tokens: number, ms: number) => void
  readonly observeAnswer: (tokens: number) => void
}

/**
 * Returns the pace.
 * @param speed undefined until it was measured
 * @param now milliseconds of a clock that never goes back
 */
export function createObservedPace(speed: () => Speed | undefined, now: () => number): ObservedPace {
  const tested = (): Pace => {
    const measured = speed()
    if (measured === undefined) return { msPerPrefillToken: 0, msPerToken: 0 }
    return {
      msPerPrefillToken: 1000 / measured.prefillTokensPerSecond,
      msPerToken: 1000 / measured.tokensPerSecond,
    }
  }
  const msPerPrefillToken = createRunningMean(HALF_WAY.prefillTokens, () => tested().msPerPrefillToken)
  const msPerToken = createRunningMean(HALF_WAY.tokens, () => tested().msPerToken)
  const answer = createRunningMean(HALF_WAY.answers, () => TYPICAL_ANSWER_TOKENS)
  const tokensPerEstimate = createRunningMean(HALF_WAY.estimatedTokens, () => 1)
  let prefilledTokens = 0

  return {
    pace(idle) {
      const observed = { msPerPrefillToken: msPerPrefillToken.value(), msPerToken: msPerToken.value() }
      if (!idle) return observed
      // A stall that was observed once must not keep an idle model from being asked, and so from being seen to be fast.
      const alone = tested()
      return {
        msPerPrefillToken: Math.min(observed.msPerPrefillToken, alone.msPerPrefillToken),
        msPerToken: Math.min(observed.msPerToken, alone.msPerToken),
      }
    },
    answerTokens: answer.value,
    promptTokens: (estimated) => Math.ceil(estimated * tokensPerEstimate.value()),
    observePrompt: (estimated, tokens) => tokensPerEstimate.add(tokens, estimated),
    measurePrefill(tokens) {
      const [startedAt, before] = [now(), prefilledTokens]
      return () => {
        prefilledTokens += tokens
        // Prompts that were read in the meantime took their part of the time.
        msPerPrefillToken.add(now() - startedAt, prefilledTokens - before)
      }
    },
    observeTokens: (tokens, ms) => msPerToken.add(ms, tokens),
    observeAnswer: (tokens) => answer.add(tokens, 1),
  }
}

type RunningMean = {
  readonly value: () => number
  /** Adds a sum over so many. */
  readonly add: (sum: number, count: number) => void
}

/** Returns a mean that forgets: `halfWay` newest items weigh as much as all before them. */
function createRunningMean(halfWay: number, initial: () => number): RunningMean {
  let mean: number | undefined
  const value = () => mean ?? initial()
  return {
    value,
    add(sum, count) {
      if (count <= 0) return
      mean = value() + (count / (count + halfWay)) * (sum / count - value())
    },
  }
}
