/** What an engine gets of a judge: files that are all on disk, made for each other. */
import type { PromptStyle } from '../engine.ts'
import type { TrunkKind } from './judge-trunk.ts'

export type PreparedJudge = {
  /** Name of the model whose states are read. */
  readonly model: string
  /** Absolute path of the head. */
  readonly headFile: string
  /** Layers of another model than the one that answers; undefined where its own states are read. */
  readonly trunk:
    | {
        /** Of the model: its tokenizer is there. */
        readonly folder: string
        readonly promptStyle: PromptStyle
        readonly kind: TrunkKind
        /** Absolute path of the first part of its graph, or of its encoder. */
        readonly part: string
        /** Estimate of the memory needed, in bytes. */
        readonly memoryBytes: number
      }
    | undefined
}
