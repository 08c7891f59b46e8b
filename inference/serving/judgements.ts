/**
 * Judgements beside the answers: they take no row, so that none waits behind a long answer, and are bounded by themselves.
 */
import type { Engine, Judgement } from '../engine/engine.ts'

export type Judgements = {
  /**
   * Judges a prompt by itself; undefined where nothing judges, or so many prompts are judged just now that one more would only
   * wait.
   */
  readonly judge: (
    engine: Engine,
    ...request: Parameters<NonNullable<Engine['judge']>>
  ) => Promise<Judgement | undefined>
  /** Says whether one more would only wait. */
  readonly isFull: () => boolean
}

/** One takes some ten milliseconds of a processor; behind so many, a request is as well off in the queue. */
const MAX_JUDGEMENTS = 16

/** Returns the judgements of one model's service. */
export function createJudgements(): Judgements {
  let running = 0
  const isFull = () => running >= MAX_JUDGEMENTS
  return {
    isFull,
    async judge(engine, request, signal) {
      if (!engine.judge || isFull()) return undefined
      running++
      try {
        return await engine.judge(request, signal)
      } finally {
        running--
      }
    },
  }
}
