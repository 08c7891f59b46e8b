/**
 * From a loop over token ids to an engine: writes prompts, checks that they fit, turns tokens into events, ends
 * generations that nobody reads any more. Free of any runtime; loads nothing.
 */
import type { AnswerFormat } from '../../../shared/answer-format.ts'
import { RouterError } from '../../../shared/errors.ts'
import { createAsyncQueue } from '../../serving/async-queue.ts'
import type { Engine, EngineEvent, EngineStats, GenerateRequest, ModelInfo, Serving } from '../engine.ts'
import { handoverOf } from '../handover/handover.ts'
import { declineFrom, judgeFirst } from '../judge/judge.ts'
import type { PromptJudge } from '../judge/prompt-judge.ts'
import type { InspectPrompt } from '../step-model.ts'
import type { AnswerConstraint, ConstrainAnswer } from './answer-constraint.ts'
import type { EncodePrompt } from './prompt.ts'
import { type SamplingOptions, seededRandom } from './sampler.ts'
import { createSequence, type Sequence } from './sequence.ts'

export type TokenLoop = {
  /**
   * Reads the sequence's prompt and makes tokens until it is done or the signal is aborted.
   * @param onOpen told once, before the first token, how many tokens of the prompt needn't be computed
   */
  readonly run: (
    sequence: Sequence,
    options: {
      readonly maxTokens: number
      readonly cacheScope: string | undefined
      /** Called once the prompt has been read so far; given only where there is a judge. */
      readonly inspection: InspectPrompt | undefined
      readonly onOpen: (cachedTokens: number) => void
    },
    signal: AbortSignal,
  ) => Promise<void>
  readonly stats?: () => EngineStats
  readonly dispose: () => Promise<void>
}

export type TextEngineParts = {
  readonly info: ModelInfo
  readonly serving: Serving
  readonly encode: EncodePrompt
  /** The tokenizer's own, special tokens left out. */
  readonly decode: (tokens: number[]) => string
  readonly endTokens: ReadonlySet<number>
  /** What keeps answers to a form, once it is prepared. */
  readonly constrainer: () => Promise<ConstrainAnswer>
  /** By the model's own states. */
  readonly judge?: PromptJudge | undefined
  readonly loop: TokenLoop
  /** A number in [0, 1); used where a request has no seed. */
  readonly random: () => number
}

/** Returns the engine. */
export function createTextEngine(parts: TextEngineParts): Engine {
  const { info, serving, encode, decode, endTokens, judge, loop } = parts
  const handover = handoverOf(serving)
  const closed = new AbortController()
  const running = new Set<Promise<void>>()

  const judgeAlone: Engine['judge'] =
    judge &&
    (async (request, signal) => {
      const judging = judge.judge(request, AbortSignal.any([signal, closed.signal]))
      const over = judging.then(
        () => {},
        () => {},
      )
      running.add(over)
      try {
        return await judging
      } finally {
        running.delete(over)
      }
    })

  async function* generate(request: GenerateRequest, signal: AbortSignal): AsyncGenerator<EngineEvent> {
    throwIfStopped(signal, closed.signal)
    const ids = encode(request)
    const room = info.kind === 'text-generation' ? info.contextLength - ids.length : info.contextLength
    if (ids.length === 0)
      throw new RouterError(
        'unsupported',
        `The request holds no text that ${info.name} can read. Ask Claude.`,
      )
    if (ids.length > info.contextLength || room < 1)
      throw new RouterError(
        'unsupported',
        `The prompt has ${ids.length} tokens; ${info.name} reads at most ${info.contextLength}. Shorten it.`,
      )
    const constraint = request.format && (await constrain(parts, request.format))
    throwIfStopped(signal, closed.signal)
    const unread = new AbortController()
    const queue = createAsyncQueue<EngineEvent>()
    const threshold = request.judgeThreshold ?? Number.POSITIVE_INFINITY
    const inspection =
      request.judgeThreshold === undefined
        ? undefined
        : judge?.inspection(request, ids, (score) => {
            queue.push({ type: 'judged', score })
            declineFrom(score, threshold)
          })
    if (request.judgeThreshold !== undefined && judgeAlone && !inspection)
      yield* judgeFirst(judgeAlone, request, threshold, signal)
    const maxTokens = Math.min(request.maxTokens, room)
    const { handoverThreshold } = request
    const sequence = createSequence({
      ids,
      request: { ...request, maxTokens },
      sampling: samplingOf(request, info),
      constraint,
      handover:
        handover && handoverThreshold !== undefined
          ? { token: handover.token, threshold: handoverThreshold }
          : undefined,
      // An encoder's text is no part of what the decoder has written.
      occurred: info.kind === 'text-generation' ? ids : [],
      random: request.seed === undefined ? parts.random : seededRandom(request.seed),
      endTokens,
      decode,
      push: queue.push,
    })
    const onOpen = (cachedTokens: number) =>
      queue.push({ type: 'start', inputTokens: ids.length, cachedTokens })
    const stopped = AbortSignal.any([signal, closed.signal, unread.signal])
    const run = loop
      .run(sequence, { maxTokens, cacheScope: request.cacheScope, inspection, onOpen }, stopped)
      .then(queue.end, queue.fail)
    running.add(run)
    try {
      for await (const event of queue) {
        throwIfStopped(signal, closed.signal)
        yield event
      }
      throwIfStopped(signal, closed.signal)
    } finally {
      unread.abort()
      await run
      running.delete(run)
    }
  }

  return {
    info,
    serving: () => (judge ? { ...serving, judge: judge.info } : serving),
    generate,
    ...(judgeAlone ? { judge: judgeAlone } : {}),
    ...(loop.stats ? { stats: loop.stats } : {}),
    countTokens: async (prompt) => encode(prompt).length,
    async close() {
      closed.abort()
      // A step that is under way needs the model still.
      await Promise.all(running)
      await loop.dispose()
    },
  }
}

function samplingOf(request: GenerateRequest, info: ModelInfo): SamplingOptions {
  return {
    temperature: request.temperature ?? info.defaultTemperature,
    topP: request.topP ?? 1,
    topK: request.topK ?? 0,
    minP: request.minP ?? 0,
    // Of given answers, those that the prompt names must not be punished for it.
    repetitionPenalty: request.repetitionPenalty ?? (request.format ? 1 : info.repetitionPenalty),
  }
}

/** @throws {RouterError} `unsupported` where the tokenizer lacks what the form demands */
async function constrain(
  { info, constrainer }: TextEngineParts,
  format: AnswerFormat,
): Promise<AnswerConstraint> {
  const constraint = (await constrainer())(format)
  if (constraint) return constraint
  throw new RouterError(
    'unsupported',
    `output_config.format: the tokenizer of ${info.name} cannot write every answer of this form. Ask Claude.`,
  )
}

function throwIfStopped(signal: AbortSignal, closed: AbortSignal): void {
  if (signal.aborted) throw new RouterError('cancelled', 'The request was cancelled.')
  if (closed.aborted) throw new RouterError('unavailable', 'The model is being shut down.')
}
