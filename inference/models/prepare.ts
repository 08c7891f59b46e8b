/**
 * From a setting to a model that is on disk and fits into memory: the steps before loading, in order.
 */
import type { PreparedGraph } from '../engine/prepared-graph.ts'
import { type DownloadDeps, downloadModel } from './download.ts'
import { graphFiles } from './files.ts'
import { availableMemory, checkMemory, type MemoryReadings } from './memory.ts'
import { readFittingCard } from './model-card-file.ts'
import { type PrepareGraphOptions, prepareGraph } from './prepare-graph.ts'
import { type JudgeChoice, type JudgeSetting, prepareJudge } from './prepare-judge.ts'
import {
  locateModel,
  type ModelPlaces,
  missingModelFiles,
  type ResolvedModel,
  resolveModel,
} from './resolve.ts'

export type PreparedModel = {
  readonly model: ResolvedModel
  readonly graph: PreparedGraph
  readonly judge: JudgeChoice
}

export type PrepareOptions = Pick<PrepareGraphOptions, 'threads' | 'signal' | 'onCompile'> & {
  readonly name: string
  readonly dtype: string | undefined
  readonly judge: JudgeSetting
  readonly places: ModelPlaces
  readonly download: DownloadDeps
  readonly memory: MemoryReadings
  /** Told before a download begins. */
  readonly onDownload?: (name: string) => void
}

/**
 * Returns the model, downloaded if it was missing.
 * @throws {RouterError} `configuration` or `unavailable`, with what to do
 */
export async function prepareModel(options: PrepareOptions): Promise<PreparedModel> {
  const { name, dtype, places } = options
  const location = locateModel(name, places)
  if (location.origin === 'cache' && missingModelFiles(location, dtype).length > 0) {
    options.onDownload?.(location.name)
    await downloadModel(location, dtype, options.download)
  }
  const model = await withFittingCard(resolveModel(name, places, dtype))
  const availableBytes = availableMemory(options.memory)
  checkMemory(model, availableBytes)
  const { threads, signal, onCompile } = options
  const { cacheDir } = places
  const graph = await prepareGraph(model, { dtype, cacheDir, availableBytes, threads, signal, onCompile })
  const judge = await prepareJudge(model, graph, {
    setting: options.judge,
    places,
    availableBytes: availableBytes - (graph.memoryBytes ?? model.memoryBytes),
    threads,
    signal,
    onCompile,
  })
  return { model, graph, judge }
}

/** Digesting the graph takes a fraction of a second, so it is done where a model is loaded, not wherever one is looked up. */
async function withFittingCard(model: ResolvedModel): Promise<ResolvedModel> {
  const card = await readFittingCard(model.folder, graphFiles(model)?.[0])
  return card === undefined ? model : { ...model, info: { ...model.info, card } }
}
