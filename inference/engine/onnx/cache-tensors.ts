/**
 * Keys and values between a session and a cache: what a session says of them, a cache as tensors, a run's tensors as the
 * arrays that a cache takes.
 */
import { type InferenceSession, Tensor } from 'onnxruntime-node'
import { RouterError } from '../../../shared/errors.ts'
import { float16Bits, float16Tensor } from './float16-tensor.ts'
import type { CacheArray, CacheShape, KeyValueCache } from './key-value-cache.ts'

/**
 * Returns the shape of the cache that a graph's inputs, [rows, heads, positions, headSize] each, make up.
 * @throws {RouterError} `unsupported` where there are none, of no fixed size, or not all of one
 */
export function cacheShapeOf(
  inputs: readonly (InferenceSession.ValueMetadata | undefined)[],
  path: string,
): CacheShape {
  const [first] = inputs
  const [, heads, , headSize] = first?.isTensor ? first.shape : []
  const elementType = first?.isTensor ? first.type : undefined
  if (
    typeof heads !== 'number' ||
    typeof headSize !== 'number' ||
    (elementType !== 'float32' && elementType !== 'float16')
  )
    throw new RouterError(
      'unsupported',
      `The cache of ${path} has no fixed heads, or is neither float32 nor float16.`,
    )
  const alike = inputs.every(
    (input) =>
      input?.isTensor &&
      input.type === elementType &&
      input.shape[1] === heads &&
      input.shape[3] === headSize,
  )
  if (!alike) throw new RouterError('unsupported', `The layers of ${path} have caches of different sizes.`)
  return { tensors: inputs.length, heads, headSize, elementType }
}

/** Returns a cache's tensors. Its arrays stay the same for many steps, and what wraps them does as well. */
export type WrapCache = (cache: KeyValueCache) => readonly Tensor[]

/** Returns a wrapper that remembers. */
export function createCacheWrapper(): WrapCache {
  const wrapped = new WeakMap<readonly CacheArray[], readonly Tensor[]>()
  return (cache) => {
    const views = cache.views()
    const known = wrapped.get(views)
    if (known) return known
    const { heads, headSize } = cache.shape
    const dims = [cache.size, heads, cache.capacity, headSize]
    const tensors = views.map((view) => cacheTensor(view, dims))
    wrapped.set(views, tensors)
    return tensors
  }
}

/** Returns what a run made as a cache takes it. */
export function cacheArrayOf(tensor: Tensor | undefined): CacheArray {
  if (!tensor) throw new RangeError('A run lacks keys and values.')
  return tensor.data instanceof Float32Array ? (tensor.data as CacheArray) : float16Bits(tensor)
}

/** Returns a tensor over an array of a cache's own type. */
export function cacheTensor(array: CacheArray, dims: readonly number[]): Tensor {
  return array instanceof Float32Array ? new Tensor('float32', array, dims) : float16Tensor(array, dims)
}
