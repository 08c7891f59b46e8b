/**
 * The engine on our own loop over ONNX Runtime: many answers at once, prompts remembered. Loads a graph that is prepared
 * already (compile/); each run blocks the event loop, so that a server uses it behind a child process (process.ts).
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { RouterError } from '../../../shared/errors.ts'
import { readJson } from '../../models/files.ts'
import type { ResolvedModel } from '../../models/resolve.ts'
import type { Engine, EngineStats, Prompt } from '../engine.ts'
import { findHandover } from '../handover/handover.ts'
import { findVerification } from '../handover/verification.ts'
import type { JudgeHead } from '../judge/judge-head.ts'
import { decoderStateNames } from '../judge/judge-trunk.ts'
import { createPromptJudge } from '../judge/prompt-judge.ts'
import type { PreparedGraph } from '../prepared-graph.ts'
import type { Row, StepModel } from '../step-model.ts'
import { createAnswerConstrainer } from '../text/answer-constraint.ts'
import { endTokensOf } from '../text/end-tokens.ts'
import { createPromptEncoder, type EncodePrompt } from '../text/prompt.ts'
import { startTokenOf } from '../text/start-token.ts'
import { createTextEngine } from '../text/text-engine.ts'
import { createDecode, loadTokenizer } from '../transformers/tokenizer.ts'
import { createDecoder } from './decoder.ts'
import { loadDecoderStage } from './decoder-stage.ts'
import { type EncoderDecoderPaths, loadEncoderDecoder } from './encoder-decoder.ts'
import { type Exactness, probeExactness } from './exactness.ts'
import { type CacheShape, cacheBytesPerToken } from './key-value-cache.ts'
import { createPrefixCache, type PrefixCache } from './prefix-cache.ts'
import { createSeq2seqModel } from './seq2seq.ts'
import { createStepLoop, type StepLoop } from './step-loop.ts'

/** Any text with enough different tokens. */
const PROBE_PROMPT: Prompt = {
  turns: [
    {
      role: 'user',
      text: 'Good morning! Could you tell me, in 12 words or so, what the weather in Oslo is like today?',
    },
  ],
}
const PROBE_CACHE_BYTES = 16 * 1024 * 1024

export type OnnxEngineOptions = {
  /** Threads of one model step. */
  readonly threads: number
  /** Rows that may share steps. */
  readonly maxRows: number
  /** Bytes of keys and values that are kept of prompts; 0 keeps none. */
  readonly prefixCacheBytes: number
  /** A system prompt whose keys and values all scopes share. */
  readonly sharedSystemPrompt?: string | undefined
  /** As it was found when the same files were loaded before; absent: it is tried out. */
  readonly exactness?: Exactness | undefined
  /** The head that reads the model's own states: of a decoder that was cut for it, or of an encoder. */
  readonly judge?: JudgeHead | undefined
  /** A number in [0, 1); used where a request has no seed. */
  readonly random: () => number
}

/**
 * Loads a model whose files are all on disk and tries whether its rows can share steps.
 * @throws {RouterError} `unsupported` for a graph that this loop cannot drive
 */
export async function createOnnxEngine(
  { info, folder }: ResolvedModel,
  graph: Exclude<PreparedGraph, { form: 'none' }>,
  options: OnnxEngineOptions,
): Promise<Engine> {
  const tokenizer = await loadTokenizer(folder)
  const configurations = ['generation_config.json', 'config.json']
    .map((file) => join(folder, file))
    .filter((path) => existsSync(path))
    .map(readJson)
  const endTokens = endTokensOf(configurations, tokenizer)
  const encode = createPromptEncoder(tokenizer, info.promptStyle)
  const loaded =
    graph.form === 'decoder'
      ? await loadDecoder(graph.parts, encode, options)
      : await loadSeq2seq(graph.paths, encode, startTokenOf(configurations), options)
  const { loop, rows, exactness, dispose } = loaded
  const judge =
    options.judge &&
    (await createPromptJudge(info.name, options.judge, {
      encode,
      stateNames: graph.form === 'decoder' ? decoderStateNames(options.judge) : options.judge.tensors,
      inspect: loop.inspect,
    }))
  const reasons = [graph.reason, exactness.rows, exactness.prefix].filter((reason) => reason !== undefined)

  const stats = (): EngineStats => {
    const prefix = loaded.prefixCache?.stats()
    return {
      ...loop.stats(),
      prefixLookupTokens: prefix?.lookupTokens ?? 0,
      prefixHitTokens: prefix?.hitTokens ?? 0,
      prefixBytes: prefix?.bytes ?? 0,
    }
  }
  return createTextEngine({
    info,
    serving: {
      loop: 'batched',
      weights: graph.weights,
      rows,
      cacheBytesPerToken: loaded.shapes.reduce((sum, shape) => sum + cacheBytesPerToken(shape), 0),
      exactness,
      reason: reasons.length === 0 ? undefined : reasons.join('; '),
      handover: findHandover(folder, tokenizer, endTokens),
      verification: findVerification(folder),
    },
    encode,
    decode: createDecode(tokenizer),
    endTokens,
    constrainer: createAnswerConstrainer(tokenizer, endTokens),
    judge,
    random: options.random,
    loop: {
      run(sequence, { maxTokens, cacheScope, inspection, onOpen }, signal) {
        const ids = sequence.ids
        return loop.run({
          sequence,
          open: { ids, cacheScope, maxTokens: ids.length + maxTokens, inspection },
          onOpen: ({ cachedTokens }) => onOpen(cachedTokens),
          signal,
        })
      },
      stats,
      dispose,
    },
  })
}

type LoadedModel = {
  readonly loop: StepLoop
  readonly rows: number
  /** What a token of a row takes, part by part. */
  readonly shapes: readonly CacheShape[]
  readonly prefixCache: PrefixCache | undefined
  readonly exactness: Exactness
  readonly dispose: () => Promise<void>
}

async function loadDecoder(
  parts: readonly string[],
  encode: EncodePrompt,
  { threads, maxRows, prefixCacheBytes, sharedSystemPrompt, exactness: known }: OnnxEngineOptions,
): Promise<LoadedModel> {
  const stages = await Promise.all(parts.map((path) => loadDecoderStage(path, threads)))
  const shapes = stages.map(({ shape }) => shape)
  const common = commonBeginnings(encode, sharedSystemPrompt)
  const decoderWith = (rows: number, prefixCache: PrefixCache | undefined) =>
    createDecoder({ stages, maxRows: rows, prefixCache })
  const prefixCacheOf = (maxBytes: number) => createPrefixCache({ maxBytes, shapes, common })
  const probed = decoderWith(maxRows, prefixCacheOf(PROBE_CACHE_BYTES))
  const exactness = known ?? (await probeOrDispose(probed, encode(PROBE_PROMPT)))
  const rows = exactness.rows === undefined ? maxRows : 1
  const prefixCache = exactness.prefix === undefined ? prefixCacheOf(prefixCacheBytes) : undefined
  const decoder = decoderWith(rows, prefixCache)
  return { loop: createStepLoop(decoder), rows, shapes, prefixCache, exactness, dispose: decoder.dispose }
}

async function loadSeq2seq(
  paths: EncoderDecoderPaths,
  encode: EncodePrompt,
  startToken: number | undefined,
  { threads, maxRows, exactness: known }: OnnxEngineOptions,
): Promise<LoadedModel> {
  if (startToken === undefined)
    throw new RouterError(
      'unsupported',
      'its configuration has no decoder_start_token_id, or wants further tokens forced or forbidden',
    )
  const model = await loadEncoderDecoder(paths, threads)
  const withRows = (rows: number) => createSeq2seqModel({ model, startToken, maxRows: rows })
  const exactness = known ?? (await probeOrDispose(withRows(maxRows), encode(PROBE_PROMPT)))
  const rows = exactness.rows === undefined ? maxRows : 1
  const seq2seq = withRows(rows)
  return {
    loop: createStepLoop(seq2seq),
    rows,
    shapes: [model.shape],
    prefixCache: undefined,
    exactness,
    dispose: seq2seq.dispose,
  }
}

/** Frees a model that cannot even be tried: another engine will load it, and it is not to lie in memory twice. */
async function probeOrDispose<R extends Row>(
  model: StepModel<R>,
  sample: readonly number[],
): Promise<Exactness> {
  try {
    return await probeExactness(model, sample)
  } catch (error) {
    await model.dispose()
    throw error
  }
}

/** Returns the tokens with which prompts begin before what a client says: without a system prompt, and with the shared one. */
function commonBeginnings(
  encode: EncodePrompt,
  sharedSystemPrompt: string | undefined,
): readonly (readonly number[])[] {
  return [undefined, sharedSystemPrompt].map((system) => {
    const [first = [], second = []] = ['a', '1'].map((text) =>
      encode({ system, turns: [{ role: 'user', text }] }),
    )
    const differs = first.findIndex((token, index) => token !== second[index])
    return first.slice(0, Math.max(0, differs))
  })
}
