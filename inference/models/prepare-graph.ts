/**
 * Which graph serves a model: its linear layers in int8 where memory allows it and nobody asked for another dtype, else as
 * they are stored; none where it cannot be driven by our loop. Compiles what is not on disk yet.
 */
import { join } from 'node:path'
import { RouterError } from '../../shared/errors.ts'
import { judgeFileOf, readJudgeHead } from '../engine/judge/judge-head.ts'
import type { CompiledForm, CompiledWeights } from '../engine/onnx/compile/compile-graph.ts'
import { compiledFile, compiledParts, knownReason } from '../engine/onnx/compile/compiled-file.ts'
import type { PreparedGraph } from '../engine/prepared-graph.ts'
import { graphFiles, INT8 } from './files.ts'
import type { ResolvedModel } from './resolve.ts'

const SEPARATE_WEIGHTS = 'its weights stand in files of their own'

export type PrepareGraphOptions = {
  /** LOCAL_MODEL_DTYPE; undefined where what suits is taken. */
  readonly dtype: string | undefined
  /** MODEL_CACHE_DIR. */
  readonly cacheDir: string
  readonly availableBytes: number
  readonly threads: number
  readonly signal: AbortSignal
  /** Told before something is compiled, which takes seconds. */
  readonly onCompile?: ((form: CompiledForm) => void) | undefined
}

/**
 * Returns why a model is answered one request at a time, as far as that is known without compiling: its files do not suit the
 * batched loop, or compiling was tried in vain.
 */
export async function knownFallback(model: ResolvedModel, cacheDir: string): Promise<string | undefined> {
  const [first, second] = graphFiles(model) ?? []
  if (first === undefined) return SEPARATE_WEIGHTS
  const folder = join(cacheDir, 'compiled')
  const forms = second === undefined ? (['stored'] as const) : (['cross_attention', 'seq2seq_step'] as const)
  for (const form of forms) {
    const reason = await knownReason({ model, source: second ?? first, form, folder })
    if (reason !== undefined) return reason
  }
  return undefined
}

/** Returns the graph, or why there is none. */
export async function prepareGraph(
  model: ResolvedModel,
  options: PrepareGraphOptions,
): Promise<PreparedGraph> {
  const [first, second] = graphFiles(model) ?? []
  if (first === undefined) return none(SEPARATE_WEIGHTS)
  try {
    return second === undefined
      ? await prepareDecoder(model, first, options)
      : await prepareSeq2seq(model, first, second, options)
  } catch (error) {
    options.signal.throwIfAborted()
    return none(error instanceof RouterError ? error.message : 'its graph could not be compiled')
  }
}

async function prepareDecoder(
  model: ResolvedModel,
  source: string,
  options: PrepareGraphOptions,
): Promise<PreparedGraph> {
  const { info } = model
  const asked = options.dtype === INT8 && info.dtype !== INT8
  const needed = model.int8MemoryBytes
  const automatic = options.dtype === undefined
  const fits = needed !== undefined && needed <= options.availableBytes
  const weights: CompiledWeights = asked || (automatic && fits) ? 'int8' : 'stored'
  const reason =
    automatic && needed !== undefined && !fits
      ? `int8 would need about ${megabytes(needed)}, ${megabytes(options.availableBytes)} are available`
      : undefined
  if (weights === 'stored') return await prepareStored(model, source, reason, options)
  try {
    const parts = await compileDecoder(model, source, 'int8', options)
    return { form: 'decoder', ...parts, weights: INT8, memoryBytes: needed }
  } catch (error) {
    options.signal.throwIfAborted()
    const cause = error instanceof RouterError ? error.message : 'compiling failed'
    return await prepareStored(model, source, `not int8: ${cause}`, options)
  }
}

async function prepareStored(
  model: ResolvedModel,
  source: string,
  reason: string | undefined,
  options: PrepareGraphOptions,
): Promise<PreparedGraph> {
  const parts = await compileDecoder(model, source, 'stored', options)
  return { form: 'decoder', ...parts, weights: model.info.dtype, reason }
}

/** In two parts where the model has a judge that looks between them, else in one. */
async function compileDecoder(
  model: ResolvedModel,
  source: string,
  form: CompiledWeights,
  options: PrepareGraphOptions,
): Promise<Pick<PreparedGraph & { form: 'decoder' }, 'parts' | 'judgeFile' | 'noJudge'>> {
  const judgeFile = judgeFileOf(model.folder)
  const head = judgeFile && (await readJudgeHead(judgeFile, source))
  let noJudge = head && 'reason' in head ? head.reason : undefined
  if (head && 'tensors' in head)
    try {
      const { tensors } = head
      return {
        parts: await compiledParts({ ...compilation(model, source, form, options), tensors }),
        judgeFile,
      }
    } catch (error) {
      options.signal.throwIfAborted()
      noJudge = `${judgeFile}: ${error instanceof RouterError ? error.message : 'the graph could not be cut'}`
    }
  return { parts: [await compile(model, source, form, options)], noJudge }
}

async function prepareSeq2seq(
  model: ResolvedModel,
  encoder: string,
  merged: string,
  options: PrepareGraphOptions,
): Promise<PreparedGraph> {
  const crossAttention = await compile(model, merged, 'cross_attention', options)
  const decoder = await compile(model, merged, 'seq2seq_step', options)
  const judgeFile = judgeFileOf(model.folder)
  const head = judgeFile && (await readJudgeHead(judgeFile, encoder))
  const judge = head && 'reason' in head ? { noJudge: head.reason } : { judgeFile }
  const { dtype } = model.info
  const reason =
    options.dtype === INT8 && dtype !== INT8
      ? 'int8 is made of decoders only, not of encoder-decoders'
      : undefined
  return { form: 'seq2seq', paths: { encoder, crossAttention, decoder }, weights: dtype, reason, ...judge }
}

function compile(
  model: ResolvedModel,
  source: string,
  form: CompiledForm,
  options: PrepareGraphOptions,
): Promise<string> {
  return compiledFile(compilation(model, source, form, options))
}

function compilation(
  model: ResolvedModel,
  source: string,
  form: CompiledForm,
  { cacheDir, threads, signal, onCompile }: PrepareGraphOptions,
) {
  const folder = join(cacheDir, 'compiled')
  return { model, source, form, folder, threads, signal, onCompile: () => onCompile?.(form) }
}

function none(reason: string): PreparedGraph {
  return { form: 'none', reason }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
