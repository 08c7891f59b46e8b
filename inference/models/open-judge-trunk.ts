/**
 * What a head for a model would read, without a head: for whoever trains one. Apart from what the server needs, whose process
 * loads no model.
 */
import type { JudgeFeatures } from '../engine/judge/judge-head.ts'
import { type JudgeTrunk, loadJudgeTrunk } from '../engine/judge/judge-trunk.ts'
import { type TrunkFileOptions, trunkFile } from './prepare-judge.ts'
import type { ResolvedModel } from './resolve.ts'

/**
 * Compiles and loads the layers; the caller disposes of them.
 * @throws {RouterError} `unsupported` with the reason
 */
export async function openJudgeTrunk(
  model: ResolvedModel,
  features: JudgeFeatures,
  options: TrunkFileOptions,
): Promise<JudgeTrunk> {
  const { folder, info } = model
  const { promptStyle } = info
  const { threads } = options
  const file = await trunkFile(model, features, options)
  return await loadJudgeTrunk({ folder, promptStyle, ...file, features, threads, prefixCacheBytes: 0 })
}
