/**
 * What the batched loop gets of a model's files: graphs in the form that it drives, made before the model is loaded
 * (onnx/compile), or the reason why there are none and transformers.js's own loop serves the model.
 */
import type { EncoderDecoderPaths } from './onnx/encoder-decoder.ts'

export type PreparedGraph =
  | {
      readonly form: 'decoder'
      /** Absolute paths of the parts of the graph, in order: two where it was cut for the model's judge. */
      readonly parts: readonly string[]
      /** Absolute path of the head for which it was cut. */
      readonly judgeFile?: string | undefined
      /** Why the model's own head cannot be used, for the operator; undefined where it has none. */
      readonly noJudge?: string | undefined
      /** What its linear layers compute with: `int8` where they were compiled, else the file's dtype. */
      readonly weights: string
      /** Why it is not as fast as it could be, for the operator. */
      readonly reason?: string | undefined
      /** Estimate of the memory needed, in bytes, where it is another than the stored model's. */
      readonly memoryBytes?: number | undefined
    }
  | {
      readonly form: 'seq2seq'
      readonly paths: EncoderDecoderPaths
      /** The dtype of the files. */
      readonly weights: string
      /** As above. */
      readonly reason?: string | undefined
      /** Absolute path of the head that reads the encoder's states. */
      readonly judgeFile?: string | undefined
      /** As above. */
      readonly noJudge?: string | undefined
      readonly memoryBytes?: undefined
    }
  | { readonly form: 'none'; readonly reason: string; readonly memoryBytes?: undefined }
