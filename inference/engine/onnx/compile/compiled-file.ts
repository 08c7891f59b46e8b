/**
 * Compiled graphs on disk: one file for each model and form, made by a process of its own where it is missing,
 * damaged, or made from something else. Knows no setting.
 */
import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import * as z from 'zod'
import { RouterError } from '../../../../shared/errors.ts'
import type { ResolvedModel } from '../../../models/resolve.ts'
import { digestFile } from '../../../models/verify.ts'
import { MAXIMA_FILE } from './activation-maxima.ts'
import type { CompileCommand, CompileReport } from './compile-child.ts'
import { COMPILER_VERSION, type CompiledForm } from './compile-graph.ts'

export type CompiledFileOptions = {
  readonly model: ResolvedModel
  /** Absolute path of the exported graph. */
  readonly source: string
  readonly form: CompiledForm
  /** Folder of compiled files. */
  readonly folder: string
  readonly threads: number
  readonly signal: AbortSignal
  /** Told before a compilation begins. */
  readonly onCompile?: (() => void) | undefined
}

const recordSchema = z.object({ sha256: z.string() })

/**
 * Returns the absolute path of the compiled file, made if need be.
 * @throws {RouterError} `unsupported` with the reason where the graph cannot be compiled or the file not be written
 */
export async function compiledFile(options: CompiledFileOptions): Promise<string> {
  const { model, source, form, folder } = options
  const stem = `${model.info.name.replaceAll(/[^\w.-]+/g, '-')}.${basename(source, '.onnx')}.${form}.`
  const target = join(folder, `${stem}${await keyOf(options)}.onnx`)
  const record = `${target}.json`
  if (await isWhole(target, record)) return target
  options.onCompile?.()
  try {
    mkdirSync(folder, { recursive: true })
    for (const file of readdirSync(folder))
      if (file.startsWith(stem) && !file.endsWith('.partial')) rmSync(join(folder, file), { force: true })
  } catch (cause) {
    throw new RouterError('unsupported', `${folder} cannot be written (MODEL_CACHE_DIR)`, { cause })
  }
  await runCompiler({ ...options, target }, options.signal)
  writeFileSync(record, JSON.stringify({ sha256: await digestFile(target, 'sha256') }))
  return target
}

/** Measures a model's activations anew and keeps them beside its graph. */
export async function calibrateModel(
  options: Pick<CompiledFileOptions, 'model' | 'source' | 'threads' | 'signal'>,
): Promise<string> {
  await runCompiler({ ...options, form: 'int8', target: undefined }, options.signal)
  return join(dirname(options.source), MAXIMA_FILE)
}

/** What the file is made of: the same key stands for the same bytes. */
async function keyOf({ model, source, form }: CompiledFileOptions): Promise<string> {
  const parts = [COMPILER_VERSION, form, await digestFile(source, 'sha256')]
  if (form === 'seq2seq_step') parts.push(model.info.contextLength)
  const hash = createHash('sha256').update(parts.join(' '))
  const maxima = join(dirname(source), MAXIMA_FILE)
  if (form === 'int8' && existsSync(maxima)) hash.update(readFileSync(maxima))
  return hash.digest('hex').slice(0, 16)
}

async function isWhole(target: string, record: string): Promise<boolean> {
  if (!existsSync(target) || !existsSync(record)) return false
  try {
    const { sha256 } = recordSchema.parse(JSON.parse(readFileSync(record, 'utf8')))
    return sha256 === (await digestFile(target, 'sha256'))
  } catch {
    return false
  }
}

function runCompiler(
  { model, source, form, target, threads }: CompileCommand,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'compile-child.ts'), [], {
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const stop = () => child.kill('SIGKILL')
    signal.addEventListener('abort', stop, { once: true })
    let report: CompileReport | undefined
    child.on('message', (message: CompileReport) => {
      report = message
    })
    child.on('error', () => {})
    child.on('close', () => {
      signal.removeEventListener('abort', stop)
      if (signal.aborted) reject(signal.reason)
      else if (report?.type === 'done') resolve()
      else
        reject(
          new RouterError(
            'unsupported',
            report?.reason ?? 'compiling its graph ended without a result; most likely memory ran out',
          ),
        )
    })
    child.send({ model, source, form, target, threads } satisfies CompileCommand)
  })
}
