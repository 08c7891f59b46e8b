/**
 * Compiled graphs on disk: one file for each model and form, two where it is cut, made by a process of its own where they
 * are missing, damaged, or made from something else. Knows no setting.
 */
import { fork } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import {
  accessSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import * as z from 'zod'
import { RouterError } from '../../../../shared/errors.ts'
import { makeFolder } from '../../../models/make-folder.ts'
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
  /** Of a decoder that is cut: tensors that it gives out; the cut is behind the last one. Absent: one piece. */
  readonly tensors?: readonly string[] | undefined
  /** Folder of compiled files. */
  readonly folder: string
  readonly threads: number
  readonly signal: AbortSignal
  /** Told before a compilation begins. */
  readonly onCompile?: (() => void) | undefined
}

/** Writing takes seconds; what is older, in ms, was left by a container that was killed. */
const ABANDONED_AFTER_MS = 600_000

/** What is known of a file: its digest, or why it could not be made and would not be another time. */
const recordSchema = z.union([z.object({ sha256: z.string() }), z.object({ reason: z.string() })])
type CompileRecord = z.infer<typeof recordSchema>

/**
 * Returns the absolute path of the compiled file, made if need be.
 * @throws {RouterError} `unsupported` with the reason where the graph cannot be compiled or the file not be written
 */
export async function compiledFile(options: Omit<CompiledFileOptions, 'tensors'>): Promise<string> {
  const [path = ''] = await makeFiles(options, WHOLE)
  return path
}

/**
 * The same of a decoder that is cut: returns the paths of its parts, in order.
 * @param only the first part is of use where nothing but the tensors is wanted
 */
export async function compiledParts(
  options: CompiledFileOptions & { readonly tensors: readonly string[] },
  only?: 'first',
): Promise<readonly string[]> {
  return await makeFiles(options, only ? PARTS.slice(0, 1) : PARTS)
}

const WHOLE = ['']
const PARTS = ['.first', '.last']

async function makeFiles(options: CompiledFileOptions, parts: readonly string[]): Promise<readonly string[]> {
  const { folder } = options
  const target = join(folder, `${stemOf(options)}${await keyOf(options)}`)
  const targets = parts.map((part) => `${target}${part}.onnx`)
  const whole = await Promise.all(targets.map(isWhole))
  if (whole.every(Boolean)) return targets
  options.onCompile?.()
  try {
    makeFolder(folder)
    accessSync(folder, constants.W_OK)
    removeOutdated(folder, stemOf(options), basename(target))
  } catch (cause) {
    throw new RouterError('unsupported', `${folder} cannot be written (MODEL_CACHE_DIR)`, { cause })
  }
  // Not named after a process: containers that share a volume have the same process ids.
  const partials = targets.map((path) => `${path}.${randomUUID()}.partial`)
  try {
    const reason = await runCompiler({ ...options, targets: partials }, options.signal)
    for (const [index, partial] of partials.entries()) {
      const path = targets[index] ?? ''
      const made: CompileRecord =
        reason === undefined ? { sha256: await digestFile(partial, 'sha256') } : { reason }
      if (reason === undefined) renameSync(partial, path)
      writeFileSync(recordOf(path), JSON.stringify(made))
    }
    if (reason !== undefined) throw new RouterError('unsupported', reason)
    return targets
  } finally {
    for (const partial of partials) rmSync(partial, { force: true })
  }
}

/** @throws {RouterError} `unsupported` where it is known that it cannot be made */
async function isWhole(path: string): Promise<boolean> {
  const record = readRecord(path)
  if (record && 'reason' in record) throw new RouterError('unsupported', record.reason)
  return record !== undefined && existsSync(path) && record.sha256 === (await digestFile(path, 'sha256'))
}

/** Removes what was made from something else. The target stays until it is replaced: another process may be about to load it. */
function removeOutdated(folder: string, stem: string, target: string): void {
  for (const file of readdirSync(folder)) {
    const path = join(folder, file)
    const outdated = file.endsWith('.partial')
      ? Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > ABANDONED_AFTER_MS
      : file.startsWith(stem) && !file.startsWith(target)
    if (outdated) rmSync(path, { force: true })
  }
}

/** Returns why the batched loop does not serve a model, undefined where it does or nothing was compiled yet. */
export async function knownReason(options: Made): Promise<string | undefined> {
  const record = readRecord(join(options.folder, `${stemOf(options)}${await keyOf(options)}.onnx`))
  return record && 'reason' in record ? record.reason : undefined
}

/** Measures a model's activations anew and keeps them beside its graph. */
export async function calibrateModel(
  options: Pick<CompiledFileOptions, 'model' | 'source' | 'threads' | 'signal'>,
): Promise<string> {
  const reason = await runCompiler({ ...options, form: 'int8', targets: [] }, options.signal)
  if (reason !== undefined) throw new RouterError('unsupported', reason)
  return join(dirname(options.source), MAXIMA_FILE)
}

type Made = Pick<CompiledFileOptions, 'model' | 'source' | 'form' | 'folder' | 'tensors'>

function stemOf({ model, source, form }: Made): string {
  return `${model.info.name.replaceAll(/[^\w.-]+/g, '-')}.${basename(source, '.onnx')}.${form}.`
}

/** What the file is made of: the same key stands for the same bytes. */
async function keyOf({ model, source, form, tensors = [] }: Made): Promise<string> {
  const parts = [COMPILER_VERSION, form, await digestFile(source, 'sha256'), ...tensors]
  if (form === 'seq2seq_step') parts.push(model.info.contextLength)
  const hash = createHash('sha256').update(parts.join(' '))
  const maxima = join(dirname(source), MAXIMA_FILE)
  if (form === 'int8' && existsSync(maxima)) hash.update(readFileSync(maxima))
  return hash.digest('hex').slice(0, 16)
}

const recordOf = (target: string) => `${target}.json`

function readRecord(target: string): CompileRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(recordOf(target), 'utf8')))
  } catch {
    return undefined
  }
}

/**
 * Resolves when the file is there, or with the reason why this graph cannot be compiled; rejects where it might be another
 * time.
 */
function runCompiler(
  { model, source, form, tensors, targets, threads }: CompileCommand,
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    // The signal tells of an abort once, and it may have done so while files were read.
    signal.throwIfAborted()
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
      else if (report?.type === 'done') resolve(undefined)
      else if (report?.lasting) resolve(report.reason)
      else
        reject(
          new RouterError(
            'unsupported',
            report?.reason ?? 'compiling its graph ended without a result; most likely memory ran out',
          ),
        )
    })
    child.send({ model, source, form, tensors, targets, threads } satisfies CompileCommand)
  })
}
