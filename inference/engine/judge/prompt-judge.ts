/**
 * The judge of a model whose own states are read: by themselves, or while a prompt is read for its answer, so that an answer
 * goes on from there. Knows the loop that reads; makes no token.
 */
import type { JudgeInfo } from '../../../shared/judge-info.ts'
import type { Prompt } from '../engine.ts'
import type { InspectPrompt } from '../step-model.ts'
import { createFeatureReader, type FeatureReaderParts, inspectionOf } from './feature-reader.ts'
import { createJudge, type Judge } from './judge.ts'
import { type JudgeHead, scoreOf } from './judge-head.ts'
import { judgedPrompt } from './judged-prompt.ts'

export type PromptJudge = {
  readonly info: JudgeInfo
  /** Judges a prompt by itself. */
  readonly judge: Judge
  /**
   * Returns the inspection that judges a prompt while it is read; undefined for one that is judged by parts of it only.
   * @param take gets the score; what it throws ends the row
   */
  readonly inspection: (
    prompt: Prompt,
    ids: readonly number[],
    take: (score: number) => void,
  ) => InspectPrompt | undefined
}

/** Returns the judge, or undefined where the head does not fit the model's states. */
export async function createPromptJudge(
  model: string,
  head: JudgeHead,
  parts: Omit<FeatureReaderParts, 'features'>,
): Promise<PromptJudge | undefined> {
  const { encode, stateNames } = parts
  const judge = createJudge(head, createFeatureReader({ ...parts, features: head }))
  if (!(await canJudge(judge))) return undefined
  return {
    info: { model, head: head.sha256 },
    judge,
    inspection(prompt, ids, take) {
      const judged = judgedPrompt(prompt, ids, encode, head.longest)
      if (judged.ids !== ids) return undefined
      return inspectionOf(head, stateNames, judged, (features) => take(scoreOf(head, features)))
    },
  }
}

/** The first use of a judge: says whether it judges at all. */
export async function canJudge(judge: Judge): Promise<boolean> {
  try {
    const turns = [{ role: 'user' as const, text: 'Hello!' }]
    const { score } = await judge({ turns }, new AbortController().signal)
    return score >= 0 && score <= 1
  } catch {
    return false
  }
}
