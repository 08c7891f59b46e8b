/**
 * A judge: says how surely complex a request is, by a head on a model's states. Decides nothing but whether a threshold is
 * reached; runs no model itself.
 */
import { RouterError } from '../../../shared/errors.ts'
import type { JudgeInfo } from '../../../shared/judge-info.ts'
import type { Engine, EngineEvent, GenerateRequest, Judgement } from '../engine.ts'
import type { ReadFeatures } from './feature-reader.ts'
import { type JudgeHead, scoreOf } from './judge-head.ts'

export type Judge = NonNullable<Engine['judge']>

/** Returns the judge that reads a prompt by itself. */
export function createJudge(head: JudgeHead, readFeatures: ReadFeatures): Judge {
  return async ({ cacheScope, ...prompt }, signal): Promise<Judgement> => {
    const { features, tokens } = await readFeatures({ prompt, cacheScope }, signal)
    return { score: scoreOf(head, features), tokens }
  }
}

/** @throws {RouterError} `declined` where the score reaches the threshold */
export function declineFrom(score: number, threshold: number): void {
  if (score < threshold) return
  throw new RouterError(
    'declined',
    'The local model judges this request to be too complex for it (judged_complex). Ask Claude.',
  )
}

/** Judges a request before it is answered, and yields what the judge says. @throws {RouterError} `declined` */
export async function* judgeFirst(
  judge: Judge,
  request: GenerateRequest,
  threshold: number,
  signal: AbortSignal,
): AsyncGenerator<EngineEvent> {
  const { score } = await judge(request, signal)
  yield { type: 'judged', score }
  declineFrom(score, threshold)
}

/** Returns an engine whose requests are judged by another model before they are answered. It owns both. */
export function withJudge(
  engine: Engine,
  judge: Judge,
  info: JudgeInfo,
  dispose: () => Promise<void>,
): Engine {
  return {
    ...engine,
    judge,
    serving() {
      const serving = engine.serving()
      return serving && { ...serving, judge: info }
    },
    async *generate({ judgeThreshold, ...request }, signal) {
      if (judgeThreshold !== undefined) yield* judgeFirst(judge, request, judgeThreshold, signal)
      yield* engine.generate(request, signal)
    },
    async close() {
      await engine.close()
      await dispose()
    },
  }
}
