/**
 * Which graph serves a model: its linear layers in int8 where memory allows it and nobody asked for another dtype, else as
 * they are stored; none where it cannot be driven by our loop. Compiles what is not on disk yet.
 */
import { join } from 'node:path'
import { RouterError } from '../../shared/errors.ts'
import type { CompiledWeights } from '../engine/onnx/compile/compile-graph.ts'
import { compiledFile } from '../engine/onnx/compile/compiled-file.ts'
import type { PreparedGraph } from '../engine/prepared-graph.ts'
import { estimateInt8Memory } from './catalogue.ts'
import { graphFile, INT8 } from './files.ts'
import type { ResolvedModel } from './resolve.ts'

export type PrepareGraphOptions = {
  /** LOCAL_MODEL_DTYPE; undefined where what suits is taken. */
  readonly dtype: string | undefined
  /** MODEL_CACHE_DIR. */
  readonly cacheDir: string
  readonly availableBytes: number
  readonly threads: number
  readonly signal: AbortSignal
  /** Told before something is compiled, which takes seconds. */
  readonly onCompile?: ((weights: CompiledWeights) => void) | undefined
}

/** Returns the graph, or why there is none. */
export async function prepareGraph(
  model: ResolvedModel,
  options: PrepareGraphOptions,
): Promise<PreparedGraph> {
  const { info } = model
  const source = graphFile(model)
  if (info.kind !== 'text-generation') return none('it is an encoder-decoder')
  if (source === undefined) return none('its weights stand in files of their own')
  const asked = options.dtype === INT8 && info.dtype !== INT8
  const needed = estimateInt8Memory(info.sizeBytes, info.dtype)
  const automatic = options.dtype === undefined
  const fits = needed !== undefined && needed <= options.availableBytes
  const weights: CompiledWeights = asked || (automatic && fits) ? 'int8' : 'stored'
  const reason =
    automatic && needed !== undefined && !fits
      ? `int8 would need about ${megabytes(needed)}, ${megabytes(options.availableBytes)} are available`
      : undefined
  try {
    const part = await compiledFile({
      model,
      source,
      weights,
      folder: join(options.cacheDir, 'compiled'),
      threads: options.threads,
      signal: options.signal,
      onCompile: () => options.onCompile?.(weights),
    })
    if (weights === 'stored') return { form: 'decoder', parts: [part], weights: info.dtype, reason }
    return { form: 'decoder', parts: [part], weights: INT8, memoryBytes: needed }
  } catch (error) {
    options.signal.throwIfAborted()
    return none(error instanceof RouterError ? error.message : 'its graph could not be compiled')
  }
}

function none(reason: string): PreparedGraph {
  return { form: 'none', reason }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
