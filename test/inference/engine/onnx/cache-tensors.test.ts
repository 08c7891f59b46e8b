import { expect, test } from 'vitest'
import { cacheShapeOf } from '../../../../inference/engine/onnx/cache-tensors.ts'

const input = (name: string, heads: number, size: number) => ({
  name,
  isTensor: true as const,
  type: 'float32' as const,
  shape: ['batch', heads, 'past', size],
})

test('finds the size of a cache whose layers are all alike', () => {
  expect(cacheShapeOf([input('key', 2, 16), input('value', 2, 16)], 'a.onnx')).toEqual({
    tensors: 2,
    heads: 2,
    headSize: 16,
    elementType: 'float32',
  })
})

test('refuses layers of different sizes, and none', () => {
  for (const other of [input('value', 3, 16), input('value', 2, 8)])
    expect(() => cacheShapeOf([input('key', 2, 16), other], 'a.onnx')).toThrow(/different sizes/)
  expect(() => cacheShapeOf([], 'a.onnx')).toThrow(/no fixed heads/)
})
