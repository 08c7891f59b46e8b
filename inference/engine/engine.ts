/**
 * What an engine is: something that holds one model and turns a prompt into text, piece by piece.
 * Does not know HTTP, queues or where a model's files come from.
 */
import type { AnswerFormat } from '../../shared/answer-format.ts'
import type { JudgeInfo } from '../../shared/judge-info.ts'
import type { ModelCard } from '../../shared/model-card.ts'
import type { Handover } from './handover/handover.ts'
import type { Verification } from './handover/verification.ts'
import type { Exactness } from './onnx/exactness.ts'

/** transformers.js's two families: decoders that continue a text, encoder-decoders that answer one. */
export type ModelKind = 'text-generation' | 'text2text-generation'

/** `chat`: the tokenizer's chat template; `plain`: the turns as text, for models that know no roles. */
export type PromptStyle = 'chat' | 'plain'

export type ModelInfo = {
  readonly name: string
  readonly displayName: string
  readonly kind: ModelKind
  readonly dtype: string
  readonly promptStyle: PromptStyle
  /** Tokens that prompt and answer share (for encoder-decoders: each of them). */
  readonly contextLength: number
  /** Undefined where nothing is known about the model's quality. */
  readonly card: ModelCard | undefined
  readonly capabilities: readonly string[]
  /** Bytes of the files that are loaded. */
  readonly sizeBytes: number
  readonly license: string
  /** Used where a request names none; 0 is greedy. */
  readonly defaultTemperature: number
  /** Used where a request names none; 1 is none. */
  readonly repetitionPenalty: number
}

export type Turn = { readonly role: 'user' | 'assistant'; readonly text: string }

export type Prompt = { readonly system?: string | undefined; readonly turns: readonly Turn[] }

export type GenerateRequest = Prompt & {
  readonly maxTokens: number
  readonly stopSequences: readonly string[]
  readonly temperature?: number | undefined
  readonly topP?: number | undefined
  /** 0 or absent: no limit. */
  readonly topK?: number | undefined
  /** Tokens less likely than this share of the likeliest one are left out; 0 or absent: none. */
  readonly minP?: number | undefined
  /** Divides the logits of tokens that occurred (multiplies negative ones); 1: none, absent: the model's own. */
  readonly repetitionPenalty?: number | undefined
  /** Whether each text event, and the end, must carry log-probabilities; it costs a sum over the vocabulary a token. */
  readonly logprobs?: boolean | undefined
  /** The only forms that the answer may take. */
  readonly format?: AnswerFormat | undefined
  /** Requests of one scope may share what was computed for the same prompt; absent: nothing is kept. */
  readonly cacheScope?: string | undefined
  /** Makes sampling repeatable. */
  readonly seed?: number | undefined
  /** Judged at or above it, the request is declined; absent, or where the engine has no judge: it is not judged. */
  readonly judgeThreshold?: number | undefined
  /**
   * At or above this probability of the model's handover token the request is handed over, and below it that token is not
   * written; absent, or where the model does not hand over: it is answered as well as the model can.
   */
  readonly handoverThreshold?: number | undefined
}

/** What a judge says of a prompt. */
export type Judgement = {
  /** How surely complex it is, 0 to 1. */
  readonly score: number
  /** Of the prompt, tokens that were read for it. */
  readonly tokens: number
}

export type StopReason = 'end_turn' | 'max_tokens' | 'stop_sequence'

export type EngineEvent =
  /** The prompt is tokenized. */
  | {
      readonly type: 'start'
      readonly inputTokens: number
      /** Of these, tokens that were not computed again. */
      readonly cachedTokens: number
    }
  /** The prompt was judged; where it is declined, nothing follows. May come before `start`. */
  | { readonly type: 'judged'; readonly score: number }
  /** How probable the handover token is as the first of the answer, 0 to 1; where it is handed over, nothing follows. */
  | { readonly type: 'weighed'; readonly score: number }
  /** The prompt has been read and no token has been made. */
  | { readonly type: 'prefilled' }
  /** `tokens` that `text` stands for; where asked for, the mean of their log-probabilities (natural log, before temperature). */
  | {
      readonly type: 'text'
      readonly text: string
      readonly tokens: number
      readonly logprob: number | undefined
    }
  | {
      readonly type: 'end'
      readonly stopReason: StopReason
      readonly stopSequence: string | null
      readonly outputTokens: number
      /** Where asked for, those of all tokens in turn, and of the one that ended the turn. */
      readonly logprobs?: readonly number[]
    }

/** How a loaded model serves, found out while it was loaded. */
export type Serving = {
  /** `batched`: rows share steps; `generate`: transformers.js's own loop, one request after another. */
  readonly loop: 'batched' | 'generate'
  /** What the linear layers compute with: `int8` where the graph was compiled, else the file's dtype. */
  readonly weights: string
  /** Requests that are answered at once. */
  readonly rows: number
  /** Keys and values of one token of a request, in bytes; 0 where that is not known. */
  readonly cacheBytesPerToken: number
  /** What sharing steps and prefixes was found to change of an answer; undefined where nothing is shared. */
  readonly exactness?: Exactness | undefined
  /** Why it is not as fast as it could be, in words for the operator; undefined where it is. */
  readonly reason: string | undefined
  /** What judges requests; undefined where nothing does. */
  readonly judge?: JudgeInfo | undefined
  /** How the model hands over, or why it cannot though it means to, for the operator; undefined for one that does not. */
  readonly handover?: Handover | { readonly reason: string } | undefined
  /** How whole answers are verified, or why they cannot be though the model means to; undefined for one that does not. */
  readonly verification?: Verification | { readonly reason: string } | undefined
}

/** What a loop has done since the model was loaded. */
export type EngineStats = {
  readonly steps: number
  /** Rows of all steps together: divided by steps, the mean occupancy. */
  readonly rowSteps: number
  readonly rowsInUse: number
  /** Tokens of prompts that were looked up in the prefix cache, and that were found there. */
  readonly prefixLookupTokens: number
  readonly prefixHitTokens: number
  readonly prefixBytes: number
}

export type Engine = {
  readonly info: ModelInfo
  /** Undefined until the model is loaded. */
  readonly serving: () => Serving | undefined
  /**
   * Yields `start`, `judged` and `weighed` where those were asked for, `prefilled`, any number of `text`, `end`. Aborting `signal`
   * or leaving the loop stops the model within a step.
   * @throws {RouterError} `unsupported` for a prompt beyond the context, `declined` and `low_confidence` for one that the
   * model leaves to another, `cancelled` once aborted, `unavailable` if the model's process fails
   */
  readonly generate: (request: GenerateRequest, signal: AbortSignal) => AsyncIterable<EngineEvent>
  /**
   * Judges a prompt by itself: it takes no row and waits for none. Absent, or failing with `unsupported`, where nothing judges.
   * @param request of one `cacheScope`: may share what was computed for the same beginning
   */
  readonly judge?:
    | ((request: Prompt & Pick<GenerateRequest, 'cacheScope'>, signal: AbortSignal) => Promise<Judgement>)
    | undefined
  /** Returns the number of tokens that the model would read for this prompt, template included. */
  readonly countTokens: (prompt: Prompt) => Promise<number>
  /** Undefined where the loop keeps none. */
  readonly stats?: (() => EngineStats) | undefined
  /** Frees the model. Running generations fail with `unavailable`. */
  readonly close: () => Promise<void>
}
