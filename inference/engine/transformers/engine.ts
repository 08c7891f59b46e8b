/**
 * The engine in this process, on transformers.js: checks that a prompt fits, runs generations, ends them.
 * Each step blocks the event loop; a server uses it behind a child process (process.ts).
 */
import { RouterError } from '../../../shared/errors.ts'
import type { ResolvedModel } from '../../models/resolve.ts'
import { createAsyncQueue } from '../../serving/async-queue.ts'
import type { Engine, EngineEvent, GenerateRequest } from '../engine.ts'
import { createPromptEncoder } from '../text/prompt.ts'
import { type SamplingOptions, seededRandom } from '../text/sampler.ts'
import { createSequence } from '../text/sequence.ts'
import { decode } from './decode.ts'
import { loadTransformersModel } from './model.ts'

export type TransformersEngineOptions = {
  /** Threads of one model step. */
  readonly threads: number
  /** A number in [0, 1); used where a request has no seed. */
  readonly random: () => number
}

/**
 * Loads a model whose files are all on disk.
 * @throws {RouterError} `configuration` if the files cannot be read as a model
 */
export async function createTransformersEngine(
  resolved: ResolvedModel,
  options: TransformersEngineOptions,
): Promise<Engine> {
  const model = await loadTransformersModel(resolved, options.threads)
  const { info } = resolved
  const encode = createPromptEncoder(model.tokenizer, info.promptStyle)
  const closed = new AbortController()

  async function* generate(request: GenerateRequest, signal: AbortSignal): AsyncGenerator<EngineEvent> {
    const either = AbortSignal.any([signal, closed.signal])
    throwIfStopped(signal, closed.signal)
    const ids = encode(request)
    const room = info.kind === 'text-generation' ? info.contextLength - ids.length : info.contextLength
    if (ids.length > info.contextLength || room < 1)
      throw new RouterError(
        'unsupported',
        `The prompt has ${ids.length} tokens; ${info.name} reads at most ${info.contextLength}. Shorten it.`,
      )
    yield { type: 'start', inputTokens: ids.length, cachedTokens: 0 }
    const unread = new AbortController()
    const queue = createAsyncQueue<EngineEvent>()
    const maxTokens = Math.min(request.maxTokens, room)
    const sequence = createSequence({
      ids,
      request: { ...request, maxTokens },
      sampling: samplingOf(request, info.defaultTemperature),
      random: request.seed === undefined ? options.random : seededRandom(request.seed),
      endTokens: model.endTokens,
      decode: (tokens) =>
        model.tokenizer.decode(tokens, { skip_special_tokens: true, clean_up_tokenization_spaces: false }),
      push: queue.push,
    })
    const stopped = AbortSignal.any([either, unread.signal])
    const run = decode(model, sequence, maxTokens, stopped).then(queue.end, queue.fail)
    try {
      for await (const event of queue) {
        throwIfStopped(signal, closed.signal)
        yield event
      }
      throwIfStopped(signal, closed.signal)
    } finally {
      unread.abort()
      await run
    }
  }

  const serving = { loop: 'generate', weights: info.dtype, rows: 1, reason: undefined } as const
  return {
    info,
    serving: () => serving,
    generate,
    countTokens: async (prompt) => encode(prompt).length,
    async close() {
      closed.abort()
      await model.model.dispose()
    },
  }
}

function samplingOf(request: GenerateRequest, defaultTemperature: number): SamplingOptions {
  return {
    temperature: request.temperature ?? defaultTemperature,
    topP: request.topP ?? 1,
    topK: request.topK ?? 0,
  }
}

function throwIfStopped(signal: AbortSignal, closed: AbortSignal): void {
  if (signal.aborted) throw new RouterError('cancelled', 'The request was cancelled.')
  if (closed.aborted) throw new RouterError('unavailable', 'The model is being shut down.')
}
