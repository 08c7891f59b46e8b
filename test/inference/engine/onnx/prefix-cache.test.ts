import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type CacheShape,
  cacheBytesPerToken,
  KeyValueCache,
  PIECE_POSITIONS,
} from '../../../../inference/engine/onnx/key-value-cache.ts'
import { createPrefixCache } from '../../../../inference/engine/onnx/prefix-cache.ts'

const SHAPE: CacheShape = { tensors: 1, heads: 1, headSize: 1, elementType: 'float32' }
const BLOCK_BYTES = PIECE_POSITIONS * cacheBytesPerToken(SHAPE)

/** A row whose value at each position tells the prompt's tokens up to there, as attention would. */
function rowOf(ids: readonly number[], length = ids.length): KeyValueCache {
  const cache = new KeyValueCache(SHAPE, 1, Math.max(1, ids.length))
  cache.addRow()
  let sum = 0
  const data = Float32Array.from(ids.slice(0, length), (id) => {
    sum = (sum * 31 + id) % 65_521
    return sum
  })
  if (length > 0) cache.append({ data: [data], layout: 'heads_first', positions: length })
  return cache
}

const valuesOf = (cache: KeyValueCache) => [...(cache.views()[0] ?? [])].slice(0, cache.lengthOf(0))
const promptOf = (length: number, offset = 0) => Array.from({ length }, (_, index) => (index + offset) % 97)
const newCache = (blocks: number, common: readonly (readonly number[])[] = []) =>
  createPrefixCache({ maxBytes: blocks * BLOCK_BYTES, shapes: [SHAPE], common })

test('restores whole pieces of what the same scope has kept, and leaves a token to read', () => {
  const cache = newCache(10)
  const prompt = promptOf(3 * PIECE_POSITIONS)
  cache.keep(prompt, 'a', [rowOf(prompt)])
  const row = rowOf(prompt, 0)
  expect(cache.restore(prompt, 'a', [row])).toBe(2 * PIECE_POSITIONS)
  expect(valuesOf(row)).toEqual(valuesOf(rowOf(prompt)).slice(0, 2 * PIECE_POSITIONS))
  const longer = [...prompt, 5, 6]
  expect(cache.restore(longer, 'a', [rowOf(longer, 0)])).toBe(3 * PIECE_POSITIONS)
  expect(cache.stats()).toMatchObject({ hitTokens: 5 * PIECE_POSITIONS, bytes: 3 * BLOCK_BYTES })
})

test('never gives one scope what another has put in', () => {
  const cache = newCache(10)
  const prompt = promptOf(2 * PIECE_POSITIONS)
  cache.keep(prompt, 'a', [rowOf(prompt)])
  for (const scope of ['b', '', 'a ', 'all']) expect(cache.restore(prompt, scope, [rowOf(prompt, 0)])).toBe(0)
})

test('shares what every prompt begins with, and nothing behind it', () => {
  const prompt = promptOf(3 * PIECE_POSITIONS)
  const cache = newCache(10, [prompt.slice(0, PIECE_POSITIONS + 3)])
  cache.keep(prompt, 'a', [rowOf(prompt)])
  expect(cache.restore(prompt, 'b', [rowOf(prompt, 0)])).toBe(PIECE_POSITIONS)
})

test('holds no more than it may, and gives up what was used least', () => {
  const cache = newCache(2)
  const [first, second, third] = [promptOf(65, 1), promptOf(65, 2), promptOf(65, 3)]
  for (const prompt of [first, second]) cache.keep(prompt, 'a', [rowOf(prompt)])
  cache.restore(first, 'a', [rowOf(first, 0)])
  cache.keep(third, 'a', [rowOf(third)])
  expect(cache.restore(second, 'a', [rowOf(second, 0)])).toBe(0)
  expect(cache.restore(first, 'a', [rowOf(first, 0)])).toBe(PIECE_POSITIONS)
  expect(cache.stats().bytes).toBe(2 * BLOCK_BYTES)
})

test('keeps nothing where there is no memory for a block', () => {
  const cache = createPrefixCache({ maxBytes: BLOCK_BYTES - 1, shapes: [SHAPE], common: [] })
  const prompt = promptOf(200)
  cache.keep(prompt, 'a', [rowOf(prompt)])
  expect(cache.restore(prompt, 'a', [rowOf(prompt, 0)])).toBe(0)
})

test('what it restores is what would have been computed, for any prompts and scopes', () => {
  const prompt = fc
    .tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 300 }))
    .map(([length, kind, changed]) =>
      promptOf(length, kind).map((id, index) => (index === changed ? 98 : id)),
    )
  const request = fc.tuple(prompt, fc.constantFrom('a', 'b'))
  fc.assert(
    fc.property(fc.array(request, { maxLength: 12 }), fc.integer({ min: 0, max: 8 }), (requests, blocks) => {
      const cache = newCache(blocks)
      for (const [ids, scope] of requests) {
        const row = rowOf(ids, 0)
        const restored = cache.restore(ids, scope, [row])
        expect(restored).toBeLessThan(ids.length)
        expect(valuesOf(row)).toEqual(valuesOf(rowOf(ids)).slice(0, restored))
        cache.keep(ids, scope, [rowOf(ids)])
        expect(cache.stats().bytes).toBeLessThanOrEqual(blocks * BLOCK_BYTES)
      }
    }),
  )
})
