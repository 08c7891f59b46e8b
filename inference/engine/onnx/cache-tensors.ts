/**
 * Keys and values between a session and a cache: what a session says of them, a cache as tensors, a run's tensors as the
 * arrays that a cache takes.
 */
import { type InferenceSession, Tensor } from 'onnxruntime-node'
import { RouterError } from '../../../shared/errors.ts'
import type { CacheArray, CacheShape, KeyValueCache } from './key-value-cache.ts'

/**
 * Returns the shape of the cache that a graph's inputs, [rows, heads, positions, headSize] each, make up.
 * @throws {RouterError} `unsupported` where there are none, or of no fixed size
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
    const { heads, headSize, elementType } = cache.shape
    const dims = [cache.size, heads, cache.capacity, headSize]
    const tensors = views.map((view) => new Tensor(elementType, view as never, dims))
    wrapped.set(views, tensors)
    return tensors
  }
}

/** Returns what a run made as a cache takes it. Where JavaScript has a Float16Array, float16 comes as one. */
export function cacheArrayOf(tensor: Tensor | undefined): CacheArray {
  const data = tensor?.data
  if (data instanceof Float32Array || data instanceof Uint16Array) return data as CacheArray
  if (tensor?.type !== 'float16' || !ArrayBuffer.isView(data))
    throw new RangeError('A run gave keys and values that are neither float32 nor float16.')
  return new Uint16Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength / 2)
}
