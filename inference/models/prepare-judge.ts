/**
 * What judges requests: the head of the model that answers, or the first layers of another model that only judge. Compiles
 * what is not on disk yet; downloads nothing.
 */
import { join } from 'node:path'
import { RouterError } from '../../shared/errors.ts'
import type { JudgeFeatures } from '../engine/judge/judge-head.ts'
import { judgeFileOf, readJudgeHead } from '../engine/judge/judge-head.ts'
import type { TrunkKind } from '../engine/judge/judge-trunk.ts'
import type { PreparedJudge } from '../engine/judge/prepared-judge.ts'
import { compiledParts } from '../engine/onnx/compile/compiled-file.ts'
import type { PreparedGraph } from '../engine/prepared-graph.ts'
import { SHIPPED_MODEL } from './catalogue.ts'
import { graphFiles } from './files.ts'
import type { PrepareGraphOptions } from './prepare-graph.ts'
import { type ModelPlaces, type ResolvedModel, resolveModel } from './resolve.ts'

/** JUDGE_MODEL: what suits the model, nothing, or the name of a model. */
export type JudgeSetting = 'auto' | 'off' | (string & {})

export type PrepareJudgeOptions = Omit<PrepareGraphOptions, 'dtype' | 'cacheDir'> & {
  readonly setting: JudgeSetting
  readonly places: ModelPlaces
}

/** The judge, or why there is none, in words for the operator; neither where none is wanted. */
export type JudgeChoice = { readonly judge?: PreparedJudge | undefined; readonly reason?: string | undefined }

/**
 * Returns what judges the requests to a model.
 * @throws {RouterError} `configuration` where JUDGE_MODEL names a model that is not on disk
 */
export async function prepareJudge(
  model: ResolvedModel,
  graph: PreparedGraph,
  options: PrepareJudgeOptions,
): Promise<JudgeChoice> {
  const { setting, places } = options
  if (setting === 'off') return {}
  const judging = judgingModel(model, setting, places)
  if (typeof judging === 'string') return { reason: judging }
  if (judging.folder !== model.folder) return await prepareTrunk(judging, options)
  const own = graph.form === 'none' ? undefined : graph
  if (own?.judgeFile !== undefined)
    return { judge: { model: model.info.name, headFile: own.judgeFile, trunk: undefined } }
  if (own?.noJudge !== undefined) return { reason: own.noJudge }
  const { name } = model.info
  return {
    reason:
      judgeFileOf(model.folder) === undefined
        ? noJudgeOf(name)
        : `${name} is served by a loop that shows no states`,
  }
}

/**
 * Returns the memory that judging by another model takes beside the one that answers, in bytes; 0 where nothing or the same
 * model judges.
 * @throws {RouterError} `configuration` as above
 */
export function estimateJudgeMemory(
  model: ResolvedModel,
  setting: JudgeSetting,
  places: ModelPlaces,
): number {
  if (setting === 'off') return 0
  const judging = judgingModel(model, setting, places)
  if (typeof judging === 'string' || judging.folder === model.folder) return 0
  return judgeFileOf(judging.folder) === undefined ? 0 : estimateTrunkMemory(judging)
}

/** The model whose states are read, or why there is none. */
function judgingModel(
  model: ResolvedModel,
  setting: JudgeSetting,
  places: ModelPlaces,
): ResolvedModel | string {
  if (setting !== 'auto') return resolveModel(setting, places)
  if (judgeFileOf(model.folder) !== undefined) return model
  try {
    return resolveModel(SHIPPED_MODEL, places)
  } catch (error) {
    return RouterError.from(error).message
  }
}

function noJudgeOf(name: string): string {
  return `${name} has no judge`
}

async function prepareTrunk(model: ResolvedModel, options: PrepareJudgeOptions): Promise<JudgeChoice> {
  const { folder, info } = model
  const headFile = judgeFileOf(folder)
  if (headFile === undefined) return { reason: noJudgeOf(info.name) }
  const head = await readJudgeHead(headFile, graphFiles(model)?.[0])
  if ('reason' in head) return head
  const memoryBytes = estimateTrunkMemory(model)
  if (memoryBytes > options.availableBytes)
    return {
      reason: `the judge of ${info.name} would need about ${megabytes(memoryBytes)}, ${megabytes(options.availableBytes)} are left`,
    }
  try {
    const file = await trunkFile(model, head, { ...options, cacheDir: options.places.cacheDir })
    const trunk = { folder, promptStyle: info.promptStyle, ...file, memoryBytes }
    return { judge: { model: info.name, headFile, trunk } }
  } catch (error) {
    options.signal.throwIfAborted()
    return { reason: `${headFile}: ${RouterError.from(error).message}` }
  }
}

export type TrunkFileOptions = Pick<PrepareGraphOptions, 'cacheDir' | 'threads' | 'signal' | 'onCompile'>

/**
 * Returns the file of a decoder's layers up to the last of the tensors, made if need be, in int8 where something is gained by
 * that; of an encoder-decoder that of its encoder.
 * @throws {RouterError} `unsupported` with the reason
 */
export async function trunkFile(
  model: ResolvedModel,
  { tensors }: Pick<JudgeFeatures, 'tensors'>,
  { cacheDir, threads, signal, onCompile }: TrunkFileOptions,
): Promise<{ readonly kind: TrunkKind; readonly part: string }> {
  const [source, second] = graphFiles(model) ?? []
  if (source === undefined)
    throw new RouterError('unsupported', `the weights of ${model.info.name} stand in files of their own`)
  if (second !== undefined) return { kind: 'encoder', part: source }
  const form = model.int8MemoryBytes === undefined ? 'stored' : 'int8'
  const folder = join(cacheDir, 'compiled')
  const compilation = {
    model,
    source,
    form,
    folder,
    threads,
    signal,
    onCompile: () => onCompile?.(form),
  } as const
  const [part = ''] = await compiledParts({ ...compilation, tensors }, 'first')
  return { kind: 'decoder', part }
}

/** Of a whole model's memory, what its first layers take beside another model: measured for the shipped one. */
const TRUNK_SHARE = 0.4

function estimateTrunkMemory({ int8MemoryBytes, memoryBytes }: ResolvedModel): number {
  return Math.round(TRUNK_SHARE * (int8MemoryBytes ?? memoryBytes))
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
