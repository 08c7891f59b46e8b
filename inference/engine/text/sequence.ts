/**
 * One answer as it grows, token by token: its prompt, its sampler, its text, and why it ends. Free of any runtime, so
 * that one step loop can drive many. Does not run a model.
 */
import type { EngineEvent, GenerateRequest } from '../engine.ts'
import { type Handover, handOverFrom, handoverScore } from '../handover/handover.ts'
import type { AnswerConstraint } from './answer-constraint.ts'
import { createGenerationOutput } from './output.ts'
import { createSampler, type SamplingOptions } from './sampler.ts'

export type Sequence = {
  /** Token ids of the prompt. */
  readonly ids: readonly number[]
  /**
   * Takes the logits of the next position, [vocabulary], and returns the token picked and whether it was the last one.
   * @throws {RouterError} `low_confidence` at the first position, where the request is handed over
   * @throws {RangeError} for logits that are not numbers
   */
  readonly accept: (logits: Float32Array) => { readonly token: number; readonly done: boolean }
}

export type SequenceOptions = {
  readonly ids: readonly number[]
  readonly request: Pick<GenerateRequest, 'maxTokens' | 'stopSequences' | 'logprobs' | 'format'>
  readonly sampling: SamplingOptions
  /** Tokens that the repetition penalty counts as having occurred before the answer. */
  readonly occurred: readonly number[]
  /** Keeps the answer to its form; absent: any text. */
  readonly constraint?: AnswerConstraint | undefined
  /** Weighed before the first token, and never written; absent: nothing is handed over, and any token may come. */
  readonly handover?: Handover | undefined
  /** A number in [0, 1). */
  readonly random: () => number
  /** Tokens that end a turn. */
  readonly endTokens: ReadonlySet<number>
  /** The tokenizer's own, special tokens left out. */
  readonly decode: (tokens: number[]) => string
  /** Told of `weighed` where handing over was, of `prefilled` before the first token, of text as it comes, and of `end` with the last token. */
  readonly push: (event: EngineEvent) => void
}

/** Returns a sequence of which nothing has been generated yet. */
export function createSequence(options: SequenceOptions): Sequence {
  const { ids, request, constraint, handover, endTokens, push } = options
  const withConfidence = request.logprobs ?? false
  const sampler = createSampler({ ...options, banned: handover?.token, withConfidence })
  const quoted = request.format?.type === 'choice' && request.format.quoted
  const output = createGenerationOutput(options.decode, request.stopSequences, push, quoted)
  let generated = 0
  return {
    ids,
    accept(logits) {
      if (generated === 0) {
        if (handover) weigh(handover, logits, push)
        push({ type: 'prefilled' })
      }
      const { token, confidence } = sampler.pick(logits, constraint?.allowed(request.maxTokens - generated))
      generated++
      const isEnd = endTokens.has(token)
      const accepted = isEnd ? undefined : constraint?.accept(token)
      let goesOn = isEnd
        ? output.endOfTurn(confidence?.logprob)
        : output.token(token, confidence?.logprob, accepted?.unwritten)
      // An answer to which nothing can be added needs no end token of the model's.
      if (goesOn && accepted?.goesOn === false) goesOn = output.endOfTurn()
      const done = !goesOn || generated >= request.maxTokens
      if (done) output.finish()
      return { token, done }
    },
  }
}

function weigh({ token, threshold }: Handover, logits: Float32Array, push: SequenceOptions['push']): void {
  const score = handoverScore(logits, token)
  push({ type: 'weighed', score })
  handOverFrom(score, threshold)
}
