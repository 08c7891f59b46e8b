/**
 * Whether a model fits into memory, asked before it is loaded: afterwards the system would kill the process silently.
 */
import { freemem } from 'node:os'
import { RouterError } from '../../shared/errors.ts'
import type { ResolvedModel } from './resolve.ts'

export type MemoryReadings = {
  /** Limit of the process's control group (v1 or v2) in bytes; 0 or huge where there is none. */
  readonly constrainedMemory: () => number
  /** Memory of the machine that could be used, in bytes. */
  readonly freeMemory: () => number
}

/**
 * The readings of this machine. On macOS nearly all memory holds something that can be dropped, and `freemem` counts
 * none of it; on Linux `process.availableMemory` would count the cache of files against a container's limit.
 */
export const machineMemory: MemoryReadings = {
  constrainedMemory: () => process.constrainedMemory(),
  freeMemory: () => (process.platform === 'darwin' ? process.availableMemory() : freemem()),
}

/** Returns the bytes that a model could use here: the smaller of the container's limit and what is free. */
export function availableMemory({ constrainedMemory, freeMemory }: MemoryReadings): number {
  const limit = constrainedMemory()
  return Math.min(limit > 0 ? limit : Number.POSITIVE_INFINITY, freeMemory())
}

/** @throws {RouterError} `configuration` if the model's estimate is above what is available */
export function checkMemory(model: ResolvedModel, availableBytes: number): void {
  if (model.memoryBytes <= availableBytes) return
  const mb = (bytes: number) => `${Math.round(bytes / 1e6)} MB`
  throw new RouterError(
    'configuration',
    `Not enough memory: ${model.info.name} (${model.info.dtype}) needs about ${mb(model.memoryBytes)}, ${mb(availableBytes)} are available. Take a smaller LOCAL_MODEL_NAME or a larger machine; \`npm run models -- list\` shows what fits.`,
  )
}
