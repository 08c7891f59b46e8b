/**
 * How far one admitted request has come: what is left of it, and what its course says about the model's pace. Admits nobody.
 */
import type { Work } from './forecast.ts'
import type { ObservedPace } from './observed-pace.ts'

/** What a request will take of the model, before its prompt is tokenized. Tokens. */
export type Demand = {
  /** Whose share of the model it takes. */
  readonly tenant: string
  /** Of the prompt, estimated. */
  readonly promptTokens: number
  /** Of the prompt, at most. */
  readonly maxPromptTokens: number
  /** Of the answer, at most. */
  readonly maxTokens: number
}

export type Progress = {
  /** The prompt has been tokenized. @param cachedTokens of these, tokens that needn't be computed again */
  readonly started: (promptTokens: number, cachedTokens: number) => void
  /** The prompt has been read. */
  readonly prefilled: () => void
  /** So many more tokens of the answer are there. */
  readonly wrote: (tokens: number) => void
  /** The answer is complete. */
  readonly finished: () => void
  readonly left: () => Work
}

/** Longer than usual, an answer is expected to go on for this part of a usual one. */
const LONG_ANSWER_SHARE = 0.5

/** Returns what a request that waits will take, as far as can be told. */
export function expectedWork(demand: Demand, pace: ObservedPace): Work {
  return {
    prefillTokens: Math.min(pace.promptTokens(demand.promptTokens), demand.maxPromptTokens),
    decodeTokens: Math.min(demand.maxTokens, pace.answerTokens()),
    cacheTokens: reservedTokens(demand),
  }
}

/** Returns the tokens of cache that are set aside for a request: it never takes more. */
export function reservedTokens({ maxPromptTokens, maxTokens }: Demand): number {
  return maxPromptTokens + maxTokens
}

/**
 * Returns the progress of a request that was admitted just now.
 * @param now milliseconds of a clock that never goes back
 */
export function createProgress(demand: Demand, pace: ObservedPace, now: () => number): Progress {
  let { prefillTokens, cacheTokens } = expectedWork(demand, pace)
  let written = 0
  let wroteAt: number | undefined
  let endPrefill: (() => void) | undefined
  const prefilled = () => {
    endPrefill?.()
    endPrefill = undefined
    prefillTokens = 0
  }
  return {
    started(promptTokens, cachedTokens) {
      pace.observePrompt(demand.promptTokens, promptTokens)
      prefillTokens = promptTokens - cachedTokens
      cacheTokens = Math.min(promptTokens, demand.maxPromptTokens) + demand.maxTokens
      endPrefill = pace.measurePrefill(prefillTokens)
    },
    prefilled,
    wrote(tokens) {
      prefilled()
      // The first token is made by reading the prompt.
      if (wroteAt !== undefined) pace.observeTokens(tokens, now() - wroteAt)
      wroteAt = now()
      written += tokens
    },
    finished: () => pace.observeAnswer(written),
    left() {
      const usual = pace.answerTokens()
      const expected = Math.max(usual - written, usual * LONG_ANSWER_SHARE)
      return { prefillTokens, decodeTokens: Math.min(demand.maxTokens - written, expected), cacheTokens }
    },
  }
}
