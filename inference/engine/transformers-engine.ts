/**
 * The engine in this process, on transformers.js: loads a model's files and generates, one token a step.
 * Each step blocks the event loop; a server uses it behind a child process (engine-process.ts).
 */
import {
  AutoModelForCausalLM,
  AutoModelForSeq2SeqLM,
  AutoTokenizer,
  type DataType,
  env,
  InterruptableStoppingCriteria,
  LogitsProcessor,
  LogitsProcessorList,
  LogLevel,
  type PreTrainedModel,
  type PreTrainedTokenizer,
  type Tensor,
} from '@xenova/transformers'
import * as z from 'zod'
import { RouterError } from '../../shared/errors.ts'
import { type AsyncQueue, createAsyncQueue } from '../async-queue.ts'
import type { ResolvedModel } from '../resolve-model.ts'
import type { Engine, EngineEvent, GenerateRequest } from './engine.ts'
import { createPrefill, type Prefill, row } from './prefill.ts'
import { createPromptEncoder } from './prompt.ts'
import { type Pick, pickToken, type SamplingOptions, seededRandom } from './sampler.ts'
import { createStopMatcher } from './stop-sequences.ts'
import { createTokenText } from './token-text.ts'

export type TransformersEngineOptions = {
  /** Threads of one model step. */
  readonly threads: number
  /** A number in [0, 1); used where a request has no seed. */
  readonly random: () => number
}

type Loaded = {
  readonly tokenizer: PreTrainedTokenizer
  readonly model: PreTrainedModel
  readonly prefill: Prefill | undefined
  readonly endTokens: ReadonlySet<number>
}

/**
 * Loads a model whose files are all on disk.
 * @throws {RouterError} `configuration` if the files cannot be read as a model
 */
export async function createTransformersEngine(
  resolved: ResolvedModel,
  options: TransformersEngineOptions,
): Promise<Engine> {
  const loaded = await load(resolved, options.threads)
  const { info } = resolved
  const encode = createPromptEncoder(loaded.tokenizer, info.promptStyle)
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
    yield { type: 'start', inputTokens: ids.length }
    const leave = new AbortController()
    const queue = createAsyncQueue<EngineEvent>()
    const bounded = { ...request, maxTokens: Math.min(request.maxTokens, room) }
    const sampling = samplingOf(request, info.defaultTemperature)
    const random = request.seed === undefined ? options.random : seededRandom(request.seed)
    const run = decode(loaded, ids, bounded, {
      pick: (logits) => pickToken(logits, sampling, random),
      signal: AbortSignal.any([either, leave.signal]),
      queue,
    }).then(queue.end, queue.fail)
    try {
      for await (const event of queue) {
        throwIfStopped(signal, closed.signal)
        yield event
      }
      throwIfStopped(signal, closed.signal)
    } finally {
      leave.abort()
      await run
    }
  }

  return {
    info,
    generate,
    countTokens: async (prompt) => encode(prompt).length,
    async close() {
      closed.abort()
      await loaded.model.dispose()
    },
  }
}

async function load(resolved: ResolvedModel, threads: number): Promise<Loaded> {
  // Its error log prints token ids of prompts; and every file is on disk already.
  env.logLevel = LogLevel.NONE
  env.allowRemoteModels = false
  env.useFSCache = false
  env.useBrowserCache = false
  env.useWasmCache = false
  const { info, folder } = resolved
  const auto = info.kind === 'text-generation' ? AutoModelForCausalLM : AutoModelForSeq2SeqLM
  try {
    const tokenizer = await AutoTokenizer.from_pretrained(folder)
    const model = await auto.from_pretrained(folder, {
      dtype: info.dtype as DataType,
      ...(resolved.modelFileName === undefined ? {} : { model_file_name: resolved.modelFileName }),
      // Without the arena, memory of a long prompt goes back afterwards: 667 instead of 1,001 MB after 985 tokens.
      session_options: { intraOpNumThreads: threads, interOpNumThreads: 1, enableCpuMemArena: false },
    })
    const prefill = info.kind === 'text-generation' ? createPrefill(model) : undefined
    return { tokenizer, model, prefill, endTokens: endTokensOf(model, tokenizer) }
  } catch (cause) {
    throw new RouterError(
      'configuration',
      `The files in ${folder} could not be loaded as a ${info.kind} model in ${info.dtype}. They may be damaged, or made for another runtime: remove and pull the model again, or choose another LOCAL_MODEL_NAME or LOCAL_MODEL_DTYPE.`,
      { cause },
    )
  }
}

type DecodeDeps = {
  readonly pick: (logits: Float32Array) => Pick
  readonly signal: AbortSignal
  readonly queue: AsyncQueue<EngineEvent>
}

/** Runs one generation to its end and pushes its events; an aborted one ends without `end`. */
async function decode(
  { tokenizer, model, prefill, endTokens }: Loaded,
  ids: readonly bigint[],
  request: GenerateRequest,
  { pick, signal, queue }: DecodeDeps,
): Promise<void> {
  const past = await prefill?.(ids, signal)
  // The loop otherwise turns only at the model's own asynchronous points; an abort must be seen before a first step.
  if (signal.aborted) return
  const interrupt = new InterruptableStoppingCriteria()
  const stopNow = () => interrupt.interrupt()
  signal.addEventListener('abort', stopNow, { once: true })
  const output = createOutput(tokenizer, request.stopSequences, queue)
  const picker = new TokenPicker(pick)
  const processors = new LogitsProcessorList()
  processors.push(picker)
  let promptSeen = false
  try {
    await model.generate({
      input_ids: row(ids),
      attention_mask: row(ids.map(() => 1n)),
      ...(past ? { past_key_values: past } : {}),
      max_new_tokens: request.maxTokens,
      eos_token_id: [...endTokens],
      do_sample: false,
      logits_processor: processors,
      stopping_criteria: interrupt,
      streamer: {
        put(rows: bigint[][]) {
          if (!promptSeen) {
            promptSeen = true
            return
          }
          const token = Number(rows[0]?.[0])
          if (endTokens.has(token)) output.endOfTurn()
          else if (!output.token(token, picker.logprob)) interrupt.interrupt()
        },
        end() {},
      },
    } as unknown as Parameters<PreTrainedModel['generate']>[0])
  } finally {
    signal.removeEventListener('abort', stopNow)
  }
  if (!signal.aborted) output.finish()
}

/** Assembles tokens into text events and remembers why the text ended. */
function createOutput(
  tokenizer: PreTrainedTokenizer,
  stopSequences: readonly string[],
  queue: AsyncQueue<EngineEvent>,
) {
  const text = createTokenText((tokens) =>
    tokenizer.decode(tokens, { skip_special_tokens: true, clean_up_tokenization_spaces: false }),
  )
  const stops = createStopMatcher(stopSequences)
  let outputTokens = 0
  let stopSequence: string | null = null
  let ended = false
  let pending = 0
  let pendingLogprob = 0

  const emit = (piece: string) => {
    if (piece === '') return
    queue.push({
      type: 'text',
      text: piece,
      tokens: pending,
      logprob: pending ? pendingLogprob / pending : 0,
    })
    pending = 0
    pendingLogprob = 0
  }
  const pass = (piece: string) => {
    const match = stops.push(piece)
    stopSequence = match.stopped
    emit(match.text)
  }

  return {
    /** Takes a token; returns false once a stop sequence is complete. */
    token(token: number, logprob: number): boolean {
      outputTokens++
      pending++
      pendingLogprob += logprob
      pass(text.push(token))
      return stopSequence === null
    },
    endOfTurn() {
      ended = true
    },
    finish() {
      if (stopSequence === null) pass(text.flush())
      if (stopSequence === null) emit(stops.flush())
      const stopReason = stopSequence === null ? (ended ? 'end_turn' : 'max_tokens') : 'stop_sequence'
      queue.push({ type: 'end', stopReason, stopSequence, outputTokens })
    },
  }
}

/** Picks the token itself and leaves the library's greedy search no other choice. */
class TokenPicker extends LogitsProcessor {
  logprob = 0
  readonly #pick: (logits: Float32Array) => Pick

  constructor(pick: (logits: Float32Array) => Pick) {
    super()
    this.#pick = pick
  }

  override _call(_ids: bigint[][], logits: Tensor): Tensor {
    const { data } = logits
    if (!(data instanceof Float32Array)) throw new TypeError('The model gave logits that are not float32.')
    const { token, logprob } = this.#pick(data)
    if (!Number.isFinite(logprob))
      throw new RangeError('The model gave logits that are not numbers; its files may be damaged.')
    this.logprob = logprob
    data.fill(-Infinity)
    data[token] = 0
    return logits
  }
}

function samplingOf(request: GenerateRequest, defaultTemperature: number): SamplingOptions {
  return {
    temperature: request.temperature ?? defaultTemperature,
    topP: request.topP ?? 1,
    topK: request.topK ?? 0,
  }
}

const endTokenSchema = z.looseObject({ eos_token_id: z.union([z.number(), z.array(z.number())]).nullish() })

/** The model's own end tokens, and the tokenizer's, which chat templates close a turn with. */
function endTokensOf(model: PreTrainedModel, tokenizer: PreTrainedTokenizer): ReadonlySet<number> {
  const tokens = new Set<number>()
  for (const source of [model.generation_config, model.config]) {
    const parsed = endTokenSchema.safeParse(source)
    for (const token of [parsed.data?.eos_token_id ?? []].flat()) tokens.add(token)
  }
  const own: unknown = Reflect.get(tokenizer, 'eos_token_id')
  if (typeof own === 'number') tokens.add(own)
  return tokens
}

function throwIfStopped(signal: AbortSignal, closed: AbortSignal): void {
  if (signal.aborted) throw new RouterError('cancelled', 'The request was cancelled.')
  if (closed.aborted) throw new RouterError('unavailable', 'The model is being shut down.')
}
