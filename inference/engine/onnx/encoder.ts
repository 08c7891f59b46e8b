/**
 * The encoder of an encoder-decoder: one run for a whole prompt, which it sees at once. Knows no decoder; keeps nothing.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { RouterError } from '../../../shared/errors.ts'
import { EXACT_PRODUCTS } from './exact-products.ts'

export type Encoder = {
  /** Name of the only output that is read. */
  readonly statesName: string
  /** Returns the states of a prompt, [1, positions, size]. */
  readonly run: (ids: readonly number[]) => Promise<Tensor>
  readonly dispose: () => Promise<void>
}

/**
 * Loads an encoder.
 * @param threads of one run
 * @throws {RouterError} `unsupported` for one that takes more than a prompt
 */
export async function loadEncoder(path: string, threads: number): Promise<Encoder> {
  const session = await InferenceSession.create(path, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Without the arena, memory of a long prompt goes back afterwards.
    enableCpuMemArena: false,
    logSeverityLevel: 3,
    extra: EXACT_PRODUCTS,
  })
  const [statesName = ''] = session.outputNames
  const foreign = session.inputNames.find((name) => name !== 'input_ids' && name !== 'attention_mask')
  if (foreign !== undefined) {
    // Another engine will load the model: it is not to lie in memory twice.
    await session.release()
    throw new RouterError('unsupported', `${path} has an input that is not known here: ${foreign}.`)
  }
  return {
    statesName,
    async run(ids) {
      const dims = [1, ids.length]
      const feeds: Record<string, Tensor> = {
        input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), dims),
      }
      if (session.inputNames.includes('attention_mask'))
        feeds.attention_mask = new Tensor('int64', new BigInt64Array(ids.length).fill(1n), dims)
      const states = (await session.run(feeds, [statesName]))[statesName]
      if (!states) throw new RangeError('The encoder gave no states.')
      return states
    },
    dispose: () => session.release(),
  }
}

/** Returns what an inspection is given of an encoder's run. */
export function statesOf({ statesName }: Pick<Encoder, 'statesName'>, { data }: Tensor) {
  if (!(data instanceof Float32Array)) throw new RangeError('The encoder’s states are not of float32.')
  return { firstPosition: 0, tensors: { [statesName]: data } }
}
