/**
 * Entry of the process that compiles a model's graph and ends: what compiling takes of memory is gone with it. Told what to
 * do by one message, it answers with one.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { RouterError } from '../../../../shared/errors.ts'
import type { ResolvedModel } from '../../../models/resolve.ts'
import { createPromptEncoder } from '../../text/prompt.ts'
import { loadTokenizer } from '../../transformers/tokenizer.ts'
import { MAXIMA_FILE, readMaxima, writeMaxima } from './activation-maxima.ts'
import { measureActivations } from './calibrate.ts'
import { CALIBRATION_PROMPTS } from './calibration-prompts.ts'
import { type CompiledForm, compileGraph } from './compile-graph.ts'
import type { ActivationMaxima } from './int8.ts'
import { compileCrossAttention, compileSeq2seqStep } from './seq2seq.ts'
import { splitDecoder } from './split-decoder.ts'

export type CompileCommand = {
  readonly model: ResolvedModel
  /** Absolute path of the exported graph. */
  readonly source: string
  readonly form: CompiledForm
  /** Tensors that a decoder gives out, which is cut behind the last one; absent: it stays in one piece. */
  readonly tensors?: readonly string[] | undefined
  /**
   * Absolute paths of the files to write: the graph, or its parts, of which the last may be left out. None: the activations
   * are measured, and kept beside the source.
   */
  readonly targets: readonly string[]
  readonly threads: number
}

export type CompileReport =
  | { readonly type: 'done' }
  /** `lasting`: it would fail another time as well; a full disk or too little memory is not. */
  | { readonly type: 'failed'; readonly reason: string; readonly lasting: boolean }

/** A text longer than this says nothing new about how large activations get. */
const LONGEST_PROMPT = 256

async function measure({ model, source, threads }: CompileCommand): Promise<ActivationMaxima> {
  const encode = createPromptEncoder(await loadTokenizer(model.folder), model.info.promptStyle)
  const prompts = CALIBRATION_PROMPTS.map((prompt) => encode(prompt).slice(0, LONGEST_PROMPT))
  return await measureActivations(readFileSync(source), prompts, threads)
}

/** Where the measured activations are kept. */
const maximaFile = (source: string) => join(dirname(source), MAXIMA_FILE)

async function compile(command: CompileCommand): Promise<readonly Uint8Array[]> {
  const { model, source, form, tensors = [] } = command
  if (form === 'cross_attention') return [compileCrossAttention(readFileSync(source))]
  if (form === 'seq2seq_step')
    return [await compileSeq2seqStep(readFileSync(source), model.info.contextLength)]
  const maxima = form === 'int8' ? await maximaOf(command) : new Map()
  const cut = tensors.at(-1)
  const graph = compileGraph(readFileSync(source), form, maxima, tensors.slice(0, -1))
  return cut === undefined ? [graph] : splitDecoder(graph, cut)
}

async function maximaOf(command: CompileCommand): Promise<ActivationMaxima> {
  const kept = maximaFile(command.source)
  return existsSync(kept) ? readMaxima(kept) : await measure(command)
}

async function work(command: CompileCommand): Promise<CompileReport> {
  const { source, targets } = command
  const [first] = targets
  if (first === undefined) writeMaxima(maximaFile(source), await measure(command))
  else {
    const graphs = await compile(command)
    try {
      for (const [index, target] of targets.entries()) writeFileSync(target, graphs[index] ?? '')
    } catch {
      const reason = `${dirname(first)} cannot be written (MODEL_CACHE_DIR)`
      return { type: 'failed', reason, lasting: false }
    }
  }
  return { type: 'done' }
}

process.once('message', (command: CompileCommand) => {
  void work(command)
    .catch((error: unknown): CompileReport => {
      const lasting = error instanceof RouterError
      return {
        type: 'failed',
        reason: lasting ? error.message : 'its graph could not be compiled',
        lasting,
      }
    })
    .then((report) => process.send?.(report, () => process.exit(0)))
})
process.on('disconnect', () => process.exit(1))
