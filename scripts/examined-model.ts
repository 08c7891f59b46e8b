/**
 * A model for a command that puts the exam to it: prepared as the container would, with what takes long said on standard error.
 * Asks it nothing.
 */
import type { InferenceConfig } from '../inference/config.ts'
import { graphFiles } from '../inference/models/files.ts'
import { machineMemory } from '../inference/models/memory.ts'
import { type PreparedModel, type PrepareOptions, prepareModel } from '../inference/models/prepare.ts'
import { type ResolvedModel, SHIPPED_DIR } from '../inference/models/resolve.ts'
import { digestFile } from '../inference/models/verify.ts'

/**
 * Returns the model, downloaded and compiled if need be.
 * @param name its name or folder
 * @throws {RouterError} `configuration` or `unavailable`, with what to do
 */
export function prepareExamined(
  name: string,
  config: InferenceConfig,
  { judge, threads }: Pick<PrepareOptions, 'judge' | 'threads'>,
): Promise<PreparedModel> {
  const { signal } = new AbortController()
  return prepareModel({
    name,
    dtype: config.dtype,
    judge,
    places: { shippedDir: SHIPPED_DIR, cacheDir: config.cacheDir },
    download: { fetch, hubUrl: config.hubUrl, token: config.hubToken, signal },
    memory: machineMemory,
    threads,
    signal,
    onDownload: (missing) => console.error(`Downloading ${missing}`),
    onCompile: (form) => console.error(`Compiling (${form})`),
  })
}

/** Returns the SHA-256 of the weights that results are of; null where these stand in files of their own. */
export async function digestOfWeights(model: ResolvedModel): Promise<string | null> {
  const [graph] = graphFiles(model) ?? []
  return graph === undefined ? null : digestFile(graph, 'sha256')
}
