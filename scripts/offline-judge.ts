/**
 * The container's judge without a container: the first layers of a model in this process, and its head. For commands that
 * score rows.
 */
import { availableParallelism } from 'node:os'
import { readInferenceConfig } from '../inference/config.ts'
import { judgeFileOf, readJudgeHead, scoreOf } from '../inference/engine/judge/judge-head.ts'
import { graphFiles } from '../inference/models/files.ts'
import { openJudgeTrunk } from '../inference/models/open-judge-trunk.ts'
import { resolveModel, SHIPPED_DIR } from '../inference/models/resolve.ts'
import type { MessagesRequest } from '../shared/messages.ts'
import { judgedPromptOf } from '../training/model-states.ts'
import type { Environment } from './settings/environment.ts'

export type OfflineJudge = {
  /** Returns how surely complex a request is, 0 to 1, or undefined for one that the model cannot read. */
  readonly score: (request: MessagesRequest) => Promise<number | undefined>
  readonly dispose: () => Promise<void>
}

/**
 * Loads the judge of the shipped model, or that of `JUDGE_MODEL`.
 * @throws {Error} that says what to do where the model has none
 */
export async function openOfflineJudge(environment: Environment): Promise<OfflineJudge> {
  const { cacheDir } = readInferenceConfig(
    { HOST: '127.0.0.1', MODEL_CACHE_DIR: environment.MODEL_CACHE_DIR },
    availableParallelism(),
  )
  const model = resolveModel(environment.JUDGE_MODEL ?? '', { shippedDir: SHIPPED_DIR, cacheDir })
  const headFile = judgeFileOf(model.folder)
  if (headFile === undefined)
    throw new Error(`${model.info.name} has no judge: npm run train-judge makes one.`)
  const head = await readJudgeHead(headFile, graphFiles(model)?.[0])
  if ('reason' in head) throw new Error(head.reason)
  const never = new AbortController().signal
  const trunk = await openJudgeTrunk(model, head, { cacheDir, threads: 1, signal: never })
  return {
    async score(request) {
      const prompt = judgedPromptOf(request)
      if (prompt === undefined) return undefined
      const { features } = await trunk.readFeatures({ prompt, cacheScope: undefined }, never)
      return scoreOf(head, features)
    },
    dispose: trunk.dispose,
  }
}
