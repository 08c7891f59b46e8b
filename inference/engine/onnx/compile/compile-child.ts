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

export type CompileCommand = {
  readonly model: ResolvedModel
  /** Absolute path of the exported graph. */
  readonly source: string
  readonly form: CompiledForm
  /** Absolute path of the file to write; absent: the activations are measured, and kept beside the source. */
  readonly target: string | undefined
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

async function compile(command: CompileCommand): Promise<Uint8Array> {
  const { model, source, form } = command
  if (form === 'stored') return compileGraph(readFileSync(source), form, new Map())
  if (form === 'cross_attention') return compileCrossAttention(readFileSync(source))
  if (form === 'seq2seq_step') return await compileSeq2seqStep(readFileSync(source), model.info.contextLength)
  const kept = maximaFile(source)
  const maxima = existsSync(kept) ? readMaxima(kept) : await measure(command)
  return compileGraph(readFileSync(source), form, maxima)
}

async function work(command: CompileCommand): Promise<CompileReport> {
  const { source, target } = command
  if (target === undefined) writeMaxima(maximaFile(source), await measure(command))
  else {
    const graph = await compile(command)
    try {
      writeFileSync(target, graph)
    } catch {
      const reason = `${dirname(target)} cannot be written (MODEL_CACHE_DIR)`
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
